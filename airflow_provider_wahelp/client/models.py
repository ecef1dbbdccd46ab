"""What the API speaks of: projects, channels, users, messages (docs/api.md, 4).

Read tolerantly: a field that is missing or of an unexpected kind becomes ``None``, a field that is not
known is kept in ``extra``. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any, Literal, Self

from airflow_provider_wahelp.client.arguments import as_id

Json = Mapping[str, Any]
Direction = Literal["incoming", "outgoing", "service"]

MOSCOW = timezone(timedelta(hours=3), "Europe/Moscow")
"""The zone of the API's times, which carry none. Moscow has no daylight saving."""


def read_id(value: object) -> int | str | None:
    """Read an id; ``None`` where it is none."""
    if not isinstance(value, int | str) or isinstance(value, bool) or value == "":
        return None
    return as_id(value)


def read_text(value: object) -> str | None:
    """Read a text or a whole number as a text; ``None`` where it is neither."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def read_flag(value: object) -> bool:
    """Read a yes or no."""
    return value.strip().lower() in {"1", "true", "yes"} if isinstance(value, str) else bool(value)


def _as_it_came(value: object) -> Any:
    return value


def column(read: Callable[[Any], Any], key: str = "", *, private: bool = False) -> Any:
    """Return a field of a model.

    :param read: turns the API's value, or ``None``, into the field's.
    :param key: what the API calls the field, where that is another name.
    :param private: whether the field stays out of the ``repr``.
    """
    return field(default=read(None), repr=not private, metadata={"read": read, "key": key})


@dataclass(frozen=True, kw_only=True)
class Model:
    """An object of the API.

    :param extra: the fields that the API sent and this version does not know, as they came.
    """

    extra: Json = field(default_factory=dict, repr=False)

    @classmethod
    def from_api(cls, data: Json) -> Self:
        """Read an object of the API."""
        known = cls._known()
        extra = {key: value for key, value in data.items() if key not in known}
        return cls(**cls._read(data), extra=extra)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        return {name: read(data.get(key)) for name, read, key in cls._columns()}

    @classmethod
    @cache
    def _columns(cls) -> tuple[tuple[str, Callable[[Any], Any], str], ...]:
        columns = [entry for entry in fields(cls) if entry.metadata]
        return tuple(
            (entry.name, entry.metadata["read"], entry.metadata["key"] or entry.name) for entry in columns
        )

    @classmethod
    @cache
    def _known(cls) -> Set[str]:
        return {known for name, _, key in cls._columns() for known in (name, key)}

    def to_dict(self) -> dict[str, Any]:
        """Return the object as plain JSON values, its times as ISO 8601 in UTC."""
        known = {entry.name: _plain(getattr(self, entry.name)) for entry in fields(self)}
        return {**known.pop("extra"), **known}


@dataclass(frozen=True, kw_only=True)
class Account(Model):
    """The account that the credentials belong to; its fields are not documented."""

    id: int | str | None = column(read_id)
    name: str | None = column(read_text, private=True)
    login: str | None = column(read_text, "email", private=True)

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        read = super()._read(data)
        return {**read, "login": read_text(data.get("login")) or read["login"]}


@dataclass(frozen=True, kw_only=True)
class Project(Model):
    """A project of an account."""

    id: int | str | None = column(read_id)
    name: str | None = column(read_text)


@dataclass(frozen=True, kw_only=True)
class Channel(Model):
    """A channel of a project: one WhatsApp number, one Telegram account.

    Paths need the ``uuid``, webhooks carry the numeric ``id``; some entries of lists have no uuid.
    """

    id: int | str | None = column(read_id)
    uuid: str | None = column(read_text)
    name: str | None = column(read_text)
    type: str | None = column(read_text)
    active: bool = column(read_flag)
    settings: Any = column(_as_it_came, private=True)


@dataclass(frozen=True, kw_only=True)
class User(Model):
    """One person in one channel."""

    id: int | str | None = column(read_id)
    name: str | None = column(read_text, private=True)
    phone: str | None = column(read_text, private=True)
    channel_id: int | str | None = column(read_id)
    contact_id: int | str | None = column(read_id)
    blocked: bool | None = column(lambda value: None if value is None else read_flag(value))
    last_message: Any = column(_as_it_came, private=True)


def _users(value: object) -> tuple[User, ...]:
    return tuple(map(User.from_api, filter(_is_object, value))) if isinstance(value, list) else ()


@dataclass(frozen=True, kw_only=True)
class Contact(Model):
    """One person across the channels of a project."""

    id: int | str | None = column(read_id)
    name: str | None = column(read_text, private=True)
    users: tuple[User, ...] = column(_users, private=True)


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


@dataclass(frozen=True, kw_only=True)
class Message(Model):
    """A message of a channel's history, or one that was just sent.

    ``direction`` is ``incoming`` from the client, ``outgoing`` to the client, or ``service`` for what
    is no message between people (docs/api.md, 4.5). ``message_type`` is ``text``, or ``audio`` for a voice
    note that ``file_url`` links to: it is fetched by a GET without ``Authorization``.
    """

    id: int | str | None = column(read_id)
    user_id: int | str | None = column(read_id)
    channel_id: int | str | None = column(read_id)
    text: str | None = column(read_text, "message", private=True)
    message_type: str | None = column(read_text)
    file_url: str | None = column(read_text, private=True)
    destination: str | None = column(read_text)
    direction: Direction = column(direction_of, "destination")
    status: str | None = column(read_text)
    created_at: datetime | None = column(parse_time)
    user: Any = column(_as_it_came, private=True)

    @property
    def phone(self) -> str | None:
        """The person's phone, where the API tells it."""
        return read_text(self.user.get("phone")) if isinstance(self.user, Mapping) else None

    @classmethod
    def _read(cls, data: Json) -> dict[str, Any]:
        read, user = super()._read(data), data.get("user")
        if data.get("text") is not None:  # what it is called in the answer to a send (docs/api.md, 4.3)
            read["text"] = read_text(data["text"])
        if read["user_id"] is None and isinstance(user, Mapping):
            read["user_id"] = read_id(user.get("id"))
        return read


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


@dataclass(frozen=True, kw_only=True)
class Webhook(Model):
    """An address that the platform reports to."""

    uuid: str | None = column(read_text)
    url: str | None = column(read_text, private=True)
    entities: tuple[str, ...] = column(_texts)


@dataclass(frozen=True, kw_only=True)
class QrCode:
    """The QR code that authorizes a channel; which of the two the API gives is not known.

    :param content: the string that the code encodes.
    :param media_type: the picture's type, e.g. ``image/png``.
    """

    content: str | None = field(default=None, repr=False)
    image: bytes | None = field(default=None, repr=False)
    media_type: str | None = None


def identity(item: object) -> tuple[object, object]:
    """Return what an object is the same by, whatever else of it has changed."""
    values = item if isinstance(item, Mapping) else getattr(item, "__dict__", {})
    key = (values.get("id"), values.get("uuid"))
    is_key = key != (None, None) and all(isinstance(part, str | int | None) for part in key)
    return key if is_key else (repr(values or item), None)


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Model):
        return value.to_dict()
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value
