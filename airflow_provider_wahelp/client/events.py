"""What happens in a channel, as its webhook tells it and as its history shows it (docs/api.md, 4.3 and 5)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_call, is_deleted

Kind = Literal["message", "call", "deleted", "status", "echo"]
"""``message``: a person wrote, or sent a file. ``call``: a person called or was called. ``deleted``: a
message was deleted for everyone. ``status``: the status of a message changed. ``echo``: a message went to a
person, through the API or from the staff."""

KINDS: tuple[Kind, ...] = get_args(Kind)

OTHER = "other"
"""Counts events of objects that are no messages."""

UNKNOWN = "unknown"
"""Counts what is no event, as far as this version knows."""

NOT_STORED = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL refuses in JSON, though JSON has a spelling for it."""

_MESSAGE = "channel.message."
_OBJECTS = ("project.", "channel.", "channel.user.")
_CHANGES = ("created", "updated", "deleted")
_OTHERS = {f"{name}{change}" for name in _OBJECTS for change in _CHANGES}
_MOST = 1000  # events in one body


@dataclass(frozen=True)
class ChannelEvent:
    """Something that happened to a message of a channel.

    :param message: the message as it is after the event.
    """

    kind: Kind
    message: Message

    @property
    def key(self) -> str:
        """What a repeated event is recognised by: webhooks may tell of one twice, and polls of the same.

        Each database stores it as it is.
        """
        status = f":{self.message.status}" if self.kind == "status" else ""
        return NOT_STORED.sub(_escaped, f"{self.kind}:{self.message.id}{status}")


def event_of(message: Message) -> ChannelEvent | None:
    """Return what a line of the history, or a new message of a webhook, means.

    :return: ``None`` for an event of the service, which is no message between people (docs/api.md, 4.5), and
        for a message without an id.
    """
    if message.direction == "service" or message.id is None:
        return None
    return ChannelEvent(_kind_of(message), message)


def events_in(body: object) -> tuple[list[ChannelEvent], Counter[str]]:
    """Read the body of a webhook, tolerantly: one event or a list, the object as ``payload`` or ``data``.

    :param body: the decoded JSON.
    :return: the events of messages in their order, and how many others were ignored: :data:`OTHER` and
        :data:`UNKNOWN`.
    """
    events, ignored = list[ChannelEvent](), Counter[str]()
    for item in _items(body):
        read = _read(item)
        if isinstance(read, ChannelEvent):
            events.append(read)
        else:
            ignored[read] += 1
    return events, ignored


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _items(body: object) -> Iterator[object]:
    if not isinstance(body, list):
        yield body
        return
    yield from body[:_MOST]
    yield from (None for _ in body[_MOST:])


def _read(item: object) -> ChannelEvent | str:
    if not isinstance(item, Mapping):
        return UNKNOWN
    action = str(item.get("action"))
    if not action.startswith(_MESSAGE):
        return OTHER if action in _OTHERS else UNKNOWN
    payload: Any = item.get("payload", item.get("data"))
    if not isinstance(payload, Mapping):
        return UNKNOWN
    return _happened(action.removeprefix(_MESSAGE), Message.from_api(payload))


def _happened(change: str, message: Message) -> ChannelEvent | str:
    if change not in _CHANGES or message.id is None:
        return UNKNOWN
    if change == "deleted":
        return ChannelEvent("deleted", message)
    if change == "created":
        return event_of(message) or OTHER
    if message.direction == "service":
        return OTHER
    return ChannelEvent("deleted" if is_deleted(message.text) else "status", message)


def _kind_of(message: Message) -> Kind:
    if is_deleted(message.text):
        return "deleted"
    if is_call(message.text):
        return "call"
    return "message" if message.direction == "incoming" else "echo"
