"""What a mailing has led to: who has answered it, who asked to stop, who did what its author counts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from airflow_provider_wahelp.client.arguments import as_id
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import HistoryIncompleteError, InputError
from airflow_provider_wahelp.client.events import event_of
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.phones import normaliser
from airflow_provider_wahelp.delivery.mailing.cells import user_id_of
from airflow_provider_wahelp.delivery.mailing.rows import Row, Unreadable
from airflow_provider_wahelp.incoming.stop_words import is_stop

REPLIES = "wahelp_replies"
"""The key of the XCom that tells the mailing's page how many have answered."""

LATE = 300.0
"""Seconds: a message may show up in the history so long after its time (docs/api.md, 3.3)."""


@dataclass(frozen=True)
class ReplyRow:
    """A line of the report of replies: a message of the mailing, and what it has led to.

    :param number: the line of the mailing's report, from 1.
    :param key: what the mailing calls the row by.
    :param sent_at: when it was sent; ``""`` if the history does not show it: replies are not known then.
    :param answered_at: when the person first wrote something else than a stop word.
    :param messages: how many messages the person wrote in time.
    :param stopped_at: when the person asked for no more messages.
    :param conversions: how many rows of the author's query name the person.
    """

    number: int
    key: str = field(repr=False)
    user_id: Id | None
    phone: str | None = field(repr=False)
    message_id: Id
    channel_uuid: str
    sent_at: str = ""
    answered_at: str = ""
    messages: int = 0
    stopped_at: str = ""
    conversions: int = 0


class _Reply(NamedTuple):
    at: float
    stop: bool


class Replies:
    """Reads a channel's history once, for all messages that a mailing has sent through it.

    :param rows: the messages.
    :param within: how many seconds after its message a reply counts.
    """

    def __init__(self, rows: Sequence[ReplyRow], within: float, stop_words: Iterable[str]) -> None:
        self._within = within
        self._stop_words = tuple(stop_words)
        self._people = {str(row.user_id) for row in rows}
        self._unseen = {str(row.message_id) for row in rows}
        self._sent: dict[str, tuple[float, Message]] = {}
        self._replies: dict[str, list[_Reply]] = defaultdict(list)
        self._first_sent = math.inf
        self._rows = rows

    @property
    def last_sent(self) -> float:
        """When the last message was sent, in seconds since 1970 by the history's clock."""
        return max((at for at, _ in self._sent.values()), default=-math.inf)

    def read(self, project_id: Id, channel_uuid: str, floor: float) -> Flow[None]:
        """Read the history back to the first message of the mailing.

        :param floor: where the reading ends at the latest, in seconds since 1970.
        :raises HistoryIncompleteError: if it does not go so far, or shows none of the messages.
        """

        def since(_extent: Extent) -> float:
            return floor if self._unseen else self._first_sent

        extent = yield from read_history(project_id, channel_uuid, since, self._take)
        what = f"see who has answered through channel {channel_uuid}"
        if not extent.is_whole:
            raise HistoryIncompleteError(what, f"{extent.count:,} messages came, and then no older ones")
        if not self._sent:
            raise HistoryIncompleteError(what, "the history shows no message of the mailing")

    def rows(self) -> Iterator[ReplyRow]:
        """Yield what is known of each message."""
        for row in self._rows:
            at, message = self._sent.get(str(row.message_id), (None, None))
            yield row if at is None or message is None else self._row(row, at, message)

    def _row(self, row: ReplyRow, sent_at: float, message: Message) -> ReplyRow:
        person = message.user_id if row.user_id is None else row.user_id
        end = sent_at + self._within
        replies = [each for each in self._replies[str(person)] if sent_at <= each.at <= end]
        return replace(
            row,
            user_id=person,
            phone=row.phone or message.phone,
            sent_at=_iso(sent_at),
            answered_at=_iso(min((each.at for each in replies if not each.stop), default=None)),
            messages=len(replies),
            stopped_at=_iso(min((each.at for each in replies if each.stop), default=None)),
        )

    def _take(self, message: Message, _extent: Extent) -> bool:
        at, key = message.created_at, str(message.id)
        if at and key in self._unseen:
            self._unseen.discard(key)
            self._sent[key] = at.timestamp(), message
            self._first_sent = min(self._first_sent, at.timestamp())
        elif at and self._people & {"None", str(message.user_id)}:
            self._note(message, at.timestamp())
        return False

    def _note(self, message: Message, at: float) -> None:
        event = event_of(message)
        if event and event.kind == "message":
            reply = _Reply(at, is_stop(message.text, self._stop_words))
            self._replies[str(message.user_id)].append(reply)


class Conversions:
    """The people whom the author's query names, each as often as it does.

    :param rows: with a ``user_id`` or a ``phone``, in any form.
    :param region: the country of phones without a code.
    """

    def __init__(self, rows: Iterable[Row], region: str | None) -> None:
        self._normalise = normaliser(region)
        self._phones: Counter[str] = Counter()
        self._users: Counter[Id] = Counter()
        for row in rows:
            if (user_id := user_id_of(row)) is not None:
                self._users[user_id] += 1
            elif phone := self._number(row.get("phone")):
                self._phones[phone] += 1

    def of(self, row: ReplyRow) -> int:
        """Return how many are those of a message's recipient."""
        by_id = 0 if row.user_id is None else self._users[row.user_id]
        return by_id + self._phones[self._number(row.phone)]

    def _number(self, phone: object) -> str:
        try:
            return self._normalise(phone) if phone else ""
        except InputError:
            return ""


def written_to(rows: Iterable[Row | Unreadable], channel_uuid: str) -> Iterator[ReplyRow]:
    """Yield the messages that the report of a mailing tells of.

    :param channel_uuid: the channel of those whose line does not name one.
    :raises InputError: if it is no such report.
    """
    for number, row in enumerate(rows, 1):
        if isinstance(row, Unreadable) or not {"outcome", "message_id"} <= row.keys():
            raise InputError("mailing_report", "must be the report_path of a mailing")
        if row["message_id"] not in (None, ""):
            yield ReplyRow(
                number=number,
                key=str(row.get("key") or ""),
                user_id=user_id_of(row),
                phone=str(row["phone"]) if row.get("phone") else None,
                message_id=as_id(row["message_id"]),
                channel_uuid=str(row.get("channel_uuid") or channel_uuid),
            )


def totals(rows: Iterable[ReplyRow]) -> dict[str, int]:
    """Return how many people were written to, answered and so on; who got two messages is one person."""
    people: dict[tuple[str, Any], list[ReplyRow]] = defaultdict(list)
    for row in rows:
        people[row.channel_uuid, row.user_id if row.user_id is not None else row.message_id].append(row)
    known = [[row for row in each if row.sent_at] for each in people.values()]
    converted = [max(row.conversions for row in each) for each in people.values()]
    return {
        "people": len(people),
        "unknown": sum(not each for each in known),
        "answered": sum(any(row.answered_at for row in each) for each in known),
        "stopped": sum(any(row.stopped_at for row in each) for each in known),
        "converted": sum(count > 0 for count in converted),
        "conversions": sum(converted),
    }


def with_conversions(rows: Iterable[ReplyRow], conversions: Conversions | None) -> Iterator[ReplyRow]:
    """Yield messages with what the author's query counts."""
    for row in rows:
        yield replace(row, conversions=conversions.of(row)) if conversions else row


def by_channel(rows: Iterable[ReplyRow]) -> Mapping[str, list[ReplyRow]]:
    """Return messages by the channel that each went through."""
    found: dict[str, list[ReplyRow]] = defaultdict(list)
    for row in rows:
        found[row.channel_uuid].append(row)
    return found


def _iso(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
