"""What an asset's event tells of a message. Airflow shows it: nothing personal unless asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

from airflow_provider_wahelp.client.events import KINDS, NOT_STORED, ChannelEvent, Kind
from airflow_provider_wahelp.client.phones import digits

Inclusion = Literal["phone", "text"]


@dataclass(frozen=True, kw_only=True)
class IncomingEvent:
    """What happened to a message, without what people said unless the asset's author asked for it.

    :param key: what a repeated event is recognised by.
    :param id: the message's id.
    :param kind: ``message``, ``call``, ``deleted``, ``status`` or ``echo``.
    :param channel_uuid: the channel.
    :param user_id: the person's id in the channel.
    :param phone_digest: the same for the same phone, as long as Airflow's Fernet key stays the same.
    :param message_type: ``text``, ``audio`` for a voice note; other names are not known (docs/api.md, 4.3).
    :param file_url: where its file is fetched by a GET without ``Authorization``.
    :param status: of a ``status`` event, the message's status.
    :param at: when it was written, in UTC; ``None`` where the API does not tell.
    :param phone: the person's phone, where the asset includes it.
    :param text: what the message says, where the asset includes it.
    """

    key: str
    id: int | str
    kind: Kind
    channel_uuid: str
    user_id: int | str | None = None
    phone_digest: str | None = None
    message_type: str | None = None
    file_url: str | None = field(default=None, repr=False)
    status: str | None = None
    at: datetime | None = None
    phone: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)

    @classmethod
    def from_extra(cls, extra: object) -> IncomingEvent | None:
        """Read what an event of an asset carries.

        :param extra: the event's ``extra``; that of a watcher's event has it in ``payload``.
        :return: ``None`` for an event that somebody else has made.
        """
        if isinstance(extra, Mapping) and extra.get("from_trigger"):
            extra = extra.get("payload")
        if not isinstance(extra, Mapping) or not _is_ours(extra):
            return None
        known: dict[str, Any] = {entry.name: extra.get(entry.name) for entry in fields(cls)}
        return cls(**{**known, "at": _time(extra.get("at"))})


def to_extra(
    event: ChannelEvent, channel_uuid: str, include: Collection[str] = (), key: bytes | None = None
) -> dict[str, Any]:
    """Return what an event of an asset carries: plain JSON that each database takes.

    :param include: what personal data it holds, of ``phone`` and ``text``.
    :param key: the key of the phones' digests, by ``digest_key()``, for many events.
    """
    message = event.message
    told: dict[str, Any] = {
        "key": event.key,
        "id": message.id,
        "kind": event.kind,
        "channel_uuid": channel_uuid,
        "user_id": message.user_id,
        "phone_digest": phone_digest(message.phone, key),
        "message_type": message.message_type,
        "file_url": message.file_url,
        "at": message.created_at.isoformat() if message.created_at else None,
        "status": message.status if event.kind == "status" else None,
        "phone": message.phone if "phone" in include else None,
        "text": message.text if "text" in include else None,
    }
    return {name: _stored(value) for name, value in told.items() if value is not None}


def phone_digest(phone: str | None, key: bytes | None = None) -> str | None:
    """Return what stands for a phone where it must not be read: the same for each spelling of its digits."""
    from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash  # a DAG file needs no SQLite

    number = digits(phone) if phone else ""
    return keyed_hash(key or digest_key(), b"asset events", number.encode()).hexdigest() if number else None


def _is_ours(extra: Mapping[str, Any]) -> bool:
    return extra.get("kind") in KINDS and bool(extra.get("key")) and extra.get("id") is not None


def _stored(value: Any) -> Any:
    return NOT_STORED.sub("", value) if isinstance(value, str) else value


def _time(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
