"""How far a tracked message has got, as plain values that Airflow may keep and show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_wahelp.client.errors import WahelpError

PlainMessage = Mapping[str, Any]
"""A message as plain JSON values."""

ChannelResult = Mapping[str, Any]
"""What happened in a channel: ``channel_uuid``, ``what``, and the ``message``, if one was sent."""

_IMPERSONAL = (
    "id",
    "user_id",
    "channel_id",
    "message_type",
    "destination",
    "direction",
    "status",
    "created_at",
)


@dataclass(frozen=True)
class WaitState:
    """A message that was sent and is waited for. Times are in seconds since 1970 by the server's clock.

    :param message: as :func:`with_channel` returns it.
    :param wanted: the status that is waited for now.
    :param first_channel: the channel that was tried first.
    :param results: what happened in the channels before this one.
    :param restarted_at: when the task was cleared and began to wait anew; 0 if it was not.
    """

    message: PlainMessage
    wanted: str
    sent_at: float
    first_channel: str
    remaining: Sequence[str] = field(default_factory=list)
    results: Sequence[ChannelResult] = field(default_factory=list)
    restarted_at: float = 0.0

    @property
    def channel_uuid(self) -> str:
        """The channel that it was sent through."""
        return str(self.message["channel_uuid"])


def impersonal(message: PlainMessage) -> dict[str, Any]:
    """Return a message without its text and its person, and without unknown fields."""
    return {name: message.get(name) for name in _IMPERSONAL}


def with_channel(message: PlainMessage, channel_uuid: str) -> PlainMessage:
    """Return a message as :func:`impersonal`, with the channel that it was sent through."""
    return {**impersonal(message), "channel_uuid": channel_uuid}


def channel_result(channel_uuid: str, what: str, message: PlainMessage | None = None) -> ChannelResult:
    """Return what happened in a channel."""
    sent = message and with_channel(message, channel_uuid)
    return {"channel_uuid": channel_uuid, "what": what, "message": sent}


def error_words(error: WahelpError) -> str:
    """Return what an error says, without what was attempted and without the advice."""
    return f"{error.meaning} ({error.words})" if error.words else error.meaning
