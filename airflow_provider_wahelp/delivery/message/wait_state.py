"""Where a message on its way stands, as plain values that Airflow may keep and show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_wahelp.client.errors import WahelpError

Sent = Mapping[str, Any]
"""A message as plain JSON values."""

ChannelResult = Mapping[str, Any]
"""What happened in a channel: ``channel_uuid``, ``what``, and the ``message``, if one was sent."""

_SHOWN = ("id", "user_id", "channel_id", "message_type", "destination", "direction", "status", "created_at")


@dataclass(frozen=True)
class WaitState:
    """A message that was sent and is waited for.

    :param message: the message with its ``channel_uuid``, and nothing personal.
    :param wanted: the status that is waited for now.
    :param since: when it was sent, in seconds since 1970 by the server's clock.
    :param first: the channel that was tried first.
    :param rest: the channels that are left.
    :param past: what happened in those before.
    :param cleared: when the task was cleared and began to wait anew, by the server's clock; 0 if it was not.
    """

    message: Sent
    wanted: str
    since: float
    first: str
    rest: Sequence[str] = field(default_factory=list)
    past: Sequence[ChannelResult] = field(default_factory=list)
    cleared: float = 0.0

    @property
    def channel_uuid(self) -> str:
        """The channel that it was sent through."""
        return str(self.message["channel_uuid"])


def shown(message: Sent) -> dict[str, Any]:
    """Return a message without its text and its person, and without what this version does not know.

    :param message: the message.
    """
    return {name: message.get(name) for name in _SHOWN}


def sent_through(channel_uuid: str, message: Sent) -> Sent:
    """Return a message as :func:`shown`, with its channel.

    :param channel_uuid: the channel that it was sent through.
    :param message: the message.
    """
    return {**shown(message), "channel_uuid": channel_uuid}


def past(channel_uuid: str, what: str, message: Sent | None = None) -> ChannelResult:
    """Return what happened in a channel.

    :param channel_uuid: the channel.
    :param what: the words for it.
    :param message: the message, if one was sent.
    """
    known = message and sent_through(channel_uuid, message)
    return {"channel_uuid": channel_uuid, "what": what, "message": known}


def words_of(error: WahelpError) -> str:
    """Return what an error says, without the advice.

    :param error: the error.
    """
    return f"{error.meaning} ({error.words})" if error.words else error.meaning
