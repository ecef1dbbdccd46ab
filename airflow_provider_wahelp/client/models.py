"""What the API speaks of: projects, channels, users, messages (docs/api.md, 4).

Read tolerantly: a field that is missing or of an unexpected kind becomes ``None``, a field that is not
known is kept in ``extra``. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any, Literal, Self

from airflow_provider_wahelp.client.arguments import as_id

Json = Mapping[str, Any]
Direction = Literal["incoming", "outgoing", "service"]

MOSCOW = timezone(timedelta(hours=3), "Europe/Moscow")
"""The zone of the API's times, which carry none. Moscow has no daylight saving."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """An object of the API.

    :param extra: the fields that the API sent and this version does not know, as they came.
    """

    extra: Json = field(default_factory=dict, repr=False)

    @classmethod
    def from_api(cls, data: Json) -> Self:
        """Read an object of the API.

        :param data: the decoded JSON object.
        """
        known = cls._known()
        extra = {key: value for key, value in data.items() if key not in known}
        return cls(**cls._read(data), extra=extra)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    @cache
    def _known(cls) -> Set[str]:
        return {entry.name for entry in fields(cls)} - {"extra"}

    def to_dict(self) -> dict[str, Any]:
        """Return the object as plain JSON values, its times as ISO 8601 in UTC."""
        known = {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}
        return {**known.pop("extra"), **known}


@dataclass(frozen=True, kw_only=True)
class Account(Model):
    """The account that the credentials belong to; its fields are not documented."""

    id: int | str | None = None
    name: str | None = field(default=None, repr=False)
    login: str | None = field(default=None, repr=False)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        return {
            "id": _id(data.get("id")),
            "name": _text(data.get("name")),
            "login": _text(data.get("login") or data.get("email")),
        }


@dataclass(frozen=True, kw_only=True)
class Project(Model):
    """A project of an account."""

    id: int | str | None = None
    name: str | None = None

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        return {"id": _id(data.get("id")), "name": _text(data.get("name"))}


@dataclass(frozen=True, kw_only=True)
class Channel(Model):
    """A channel of a project: one WhatsApp number, one Telegram account.

    Paths need the ``uuid``, webhooks carry the numeric ``id``; some entries of lists have no uuid.
    """

    id: int | str | None = None
    uuid: str | None = None
    name: str | None = None
    type: str | None = None
    active: bool = False
    settings: Any = field(default=None, repr=False)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        return {
            "id": _id(data.get("id")),
            "uuid": _text(data.get("uuid")),
            "name": _text(data.get("name")),
            "type": _text(data.get("type")),
            "active": _flag(data.get("active")),
            "settings": data.get("settings"),
        }


@dataclass(frozen=True, kw_only=True)
class User(Model):
    """One person in one channel."""

    id: int | str | None = None
    name: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    channel_id: int | str | None = None
    contact_id: int | str | None = None
    blocked: bool | None = None
    last_message: Any = field(default=None, repr=False)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        return {
            "id": _id(data.get("id")),
            "name": _text(data.get("name")),
            "phone": _text(data.get("phone")),
            "channel_id": _id(data.get("channel_id")),
            "contact_id": _id(data.get("contact_id")),
            "blocked": None if data.get("blocked") is None else _flag(data["blocked"]),
            "last_message": data.get("last_message"),
        }


@dataclass(frozen=True, kw_only=True)
class Contact(Model):
    """One person across the channels of a project."""

    id: int | str | None = None
    name: str | None = field(default=None, repr=False)
    users: tuple[User, ...] = field(default=(), repr=False)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        users = data.get("users")
        return {
            "id": _id(data.get("id")),
            "name": _text(data.get("name")),
            "users": tuple(User.from_api(user) for user in users if isinstance(user, Mapping))
            if isinstance(users, list)
            else (),
        }


@dataclass(frozen=True, kw_only=True)
class Message(Model):
    """A message of a channel's history, or one that was just sent.

    ``direction`` is ``incoming`` from the client, ``outgoing`` to the client, or ``service`` for what
    is no message between people (docs/api.md, 4.5). ``message_type`` is ``text``, or ``audio`` for a voice
    note that ``file_url`` links to: it is fetched by a GET without ``Authorization``.
    """

    id: int | str | None = None
    user_id: int | str | None = None
    channel_id: int | str | None = None
    text: str | None = field(default=None, repr=False)
    message_type: str | None = None
    file_url: str | None = field(default=None, repr=False)
    destination: str | None = None
    direction: Direction = "service"
    status: str | None = None
    created_at: datetime | None = None
    user: Any = field(default=None, repr=False)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        user = data.get("user")
        nested = user.get("id") if isinstance(user, Mapping) else None
        return {
            "id": _id(data.get("id")),
            "user_id": _id(data.get("user_id")) or _id(nested),
            "channel_id": _id(data.get("channel_id")),
            "text": _text(data.get("text") if data.get("text") is not None else data.get("message")),
            "message_type": _text(data.get("message_type")),
            "file_url": _text(data.get("file_url")),
            "destination": _text(data.get("destination")),
            "direction": direction_of(data.get("destination")),
            "status": _text(data.get("status")),
            "created_at": parse_time(data.get("created_at")),
            "user": user,
        }

    @classmethod
    @cache
    def _known(cls) -> Set[str]:
        return super()._known() | {"message"}


@dataclass(frozen=True, kw_only=True)
class Webhook(Model):
    """An address that the platform reports to."""

    uuid: str | None = None
    url: str | None = field(default=None, repr=False)
    entities: tuple[str, ...] = ()

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        entities = data.get("entities")
        return {
            "uuid": _text(data.get("uuid")),
            "url": _text(data.get("url")),
            "entities": tuple(map(str, entities)) if isinstance(entities, list) else (),
        }


@dataclass(frozen=True, kw_only=True)
class QrCode:
    """The QR code that authorizes a channel; which of the two the API gives is not known.

    :param content: the string that the code encodes.
    :param image: the picture itself.
    :param media_type: the picture's type, e.g. ``image/png``.
    """

    content: str | None = field(default=None, repr=False)
    image: bytes | None = field(default=None, repr=False)
    media_type: str | None = None


def identity(item: object) -> tuple[object, object]:
    """Return what an object is the same by, whatever else of it has changed.

    :param item: an object of the API.
    """
    key = (getattr(item, "id", None), getattr(item, "uuid", None))
    return (repr(vars(item)), None) if key == (None, None) else key


def direction_of(destination: object) -> Direction:
    """Return which way a message went (docs/api.md, 4.5).

    :param destination: the API's ``destination``: ``from``, ``from_operator``, ``comment``, ...
    """
    if destination == "from":
        return "incoming"
    return "outgoing" if str(destination).startswith("from_") else "service"


def parse_time(value: object) -> datetime | None:
    """Read a time of the API as UTC; without a zone it is Moscow time (docs/api.md, 4.4).

    :param value: ``YYYY-MM-DD HH:MM:SS``, another ISO 8601 form, or seconds since 1970.
    :return: ``None`` where it is not a time.
    """
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        time = datetime.fromisoformat(str(value))
        return (time if time.tzinfo else time.replace(tzinfo=MOSCOW)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _id(value: object) -> int | str | None:
    if not isinstance(value, int | str) or isinstance(value, bool) or value == "":
        return None
    return as_id(value)


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _flag(value: object) -> bool:
    return value.strip().lower() in {"1", "true", "yes"} if isinstance(value, str) else bool(value)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Model):
        return value.to_dict()
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value
