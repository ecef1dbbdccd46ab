"""The proof that a message of unknown outcome was sent, or was not: the channel's history tells."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import ReadTimeoutError, WahelpError
from airflow_provider_wahelp.client.file_likeness import with_file
from airflow_provider_wahelp.client.flow import Flow, Pause, service_facts
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.history_clock import Offset, Window, window
from airflow_provider_wahelp.client.likeness import Likeness, digest, is_lost, likeness, sketch
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_deleted
from airflow_provider_wahelp.client.reconcile import BegunSend, by_server, moment
from airflow_provider_wahelp.client.server_clock import Moment

log = logging.getLogger(__name__)

LOOKS = (0.5, 1.5, 3.0, 5.0)
"""Seconds before each look into the history: a message may show up late (docs/api.md, 3.3)."""

_SLOW = {408, 503, 504}
"""HTTP statuses by which a proxy gives up a request that the service may still be carrying out."""

NOT_FAR_ENOUGH = (
    "the history could not be read back to when it was begun, so that a missing message proves nothing"
)


@dataclass(frozen=True)
class Reading:
    """What a reading of the history can prove.

    :param extent: how far it went; ``offset``: what was known of the history's clock.
    :param now: when it began, by the server's clock.
    """

    extent: Extent
    offset: Offset | None
    now: float

    def window(self, began: float) -> Window:
        """Return from when on a message may be the one of a send that was begun at a time."""
        return window(began, self.now, self.offset, self.extent.newest, coarse=self.extent.coarse)

    def covers(self, began: float) -> bool:
        """Return whether the message of a send that was begun at a time cannot be missing."""
        return self.extent.covers(self.window(began).possible)


class Verdict(NamedTuple):
    """What the history tells of a send: its message, or why it does not tell, or that it was not sent.

    :param doubt: why it does not tell; the empty string if it does.
    """

    message: Message | None = None
    doubt: str = ""


def may_still_arrive(error: WahelpError) -> bool:
    """Return whether the service may still be carrying out a request that failed."""
    return isinstance(error, ReadTimeoutError) or error.status in _SLOW


def find_sent(
    begun: BegunSend, text: str | None = None, looks: Sequence[float] = LOOKS, *, under_way: bool = True
) -> Flow[Message | None]:
    """Look into the history for the message of a send, several times over some seconds.

    :param text: what was sent; ``None`` if that is not known any more.
    :param looks: the seconds before each look.
    :param under_way: whether the service may still be carrying it out: then it is waited for until it cannot.
    :return: the message; ``None`` if it was certainly not sent.
    :raises UnknownOutcomeError: if the history cannot be read, or proves nothing.
    """
    if text is not None and digest(text) != begun.digest:
        text = None
    verdict = Verdict()
    for seconds in looks:
        yield Pause(seconds)
        verdict = yield from _look(begun, text)
        if verdict.message:
            return verdict.message
    if under_way and (left := (yield from _seconds_left(begun))) > 0:
        log.info("The message may still arrive: looking into the history once more in %.0f s", left)
        yield Pause(left)
        verdict = yield from _look(begun, text)
    if verdict.doubt:
        raise begun.unknown(verdict.doubt)
    return verdict.message


def judge(
    begun: BegunSend, text: str | None, messages: Iterable[Message], reading: Reading, began: float
) -> Verdict:
    """Return what the history tells of a send.

    :param text: what was sent; ``None`` if that is not known any more.
    :param messages: what went out to the recipient, or to somebody who is not named, and is not known to be
        another message.
    :param began: when it was begun, by the server's clock.
    """
    since = reading.window(began)
    doubt = "" if reading.covers(began) else NOT_FAR_ENOUGH
    for message in messages:
        at = message.created_at.timestamp() if message.created_at else None
        if at is not None and at < since.possible:
            continue
        alike = _likeness(begun, text, message)
        if alike is Likeness.SAME and at is not None and at >= since.certain and message.id is not None:
            return Verdict(message)
        if alike is not Likeness.OTHER:
            doubt = _doubt(begun, alike, message)
    return Verdict(doubt=doubt)


def read_sent(
    project_id: Id, channel_uuid: str, began: float, take: Callable[[Message, Reading], bool]
) -> Flow[Reading]:
    """Read what went out through a channel, for :func:`judge`.

    :param began: when the first send that is looked for was begun, by the server's clock.
    :param take: is called with each outgoing message, and with what is read so far; returns whether to stop.
    """
    facts = yield from service_facts()
    now = (yield from moment()).seconds

    def since(extent: Extent) -> float:
        return Reading(extent, facts.offset, now).window(began).possible

    def take_outgoing(message: Message, extent: Extent) -> bool:
        return message.direction == "outgoing" and take(message, Reading(extent, facts.offset, now))

    extent = yield from read_history(project_id, channel_uuid, since, take_outgoing)
    return Reading(extent, facts.offset, now)


def outgoing_since(
    project_id: Id, channel_uuid: str, since: Moment, take: Callable[[Message], bool]
) -> Flow[None]:
    """Read the texts that went out through a channel, back to a moment.

    :param take: is called with each message; returns whether to stop.
    """
    began = math.floor((yield from by_server(since)))  # the history's times are whole seconds

    def take_text(message: Message, _extent: Extent) -> bool:
        recent = message.created_at is None or message.created_at.timestamp() >= began
        return recent and message.direction == "outgoing" and message.text is not None and take(message)

    yield from read_history(project_id, channel_uuid, lambda _extent: began, take_text)


def _look(begun: BegunSend, text: str | None) -> Flow[Verdict]:
    """Look once."""
    candidates: list[Message] = []
    began = yield from by_server(begun.since)

    def take(message: Message, reading: Reading) -> bool:
        if message.user_id not in {None, begun.user_id} or message.id in begun.others:
            return False
        candidates.append(message)
        return judge(begun, text, [message], reading, began).message is not None

    try:
        reading = yield from read_sent(begun.project_id, begun.channel_uuid, began, take)
    except WahelpError as error:
        raise begun.unknown(f"the history could not be read: {error.reason}") from error
    verdict = judge(begun, text, candidates, reading, began)
    if (found := verdict.message) and found.user_id is None:
        return Verdict(replace(found, user_id=begun.user_id))
    return verdict


def _seconds_left(begun: BegunSend) -> Flow[float]:
    """Return for how long a send may still arrive that was attempted last at a known time."""
    facts = yield from service_facts()
    last = begun.began if begun.attempted is None else begun.attempted
    attempted = yield from by_server(Moment(last, begun.by_host))
    return attempted + facts.arrives_within - (yield from moment()).seconds


def _likeness(begun: BegunSend, text: str | None, message: Message) -> Likeness:
    """Compare a message with what was sent: its text and, where a file was sent, what is said of the file."""
    alike = _of_text(begun, text, message)
    return with_file(begun.file, begun.digest, message, alike) if begun.file else alike


def _of_text(begun: BegunSend, text: str | None, message: Message) -> Likeness:
    """Compare the text with what was sent, of which a later attempt may know no more than the digests."""
    if message.user_id is None:  # it may have gone to anybody
        return _of_anybody(begun, message)
    if text is not None:
        return likeness(text, message.text)
    if message.text is None or is_lost(message.text):
        return Likeness.PERHAPS
    if digest(message.text) == begun.digest:
        return Likeness.SAME
    alike = not begun.sketch or sketch(message.text) == begun.sketch
    return Likeness.PERHAPS if alike else Likeness.OTHER


def _of_anybody(begun: BegunSend, message: Message) -> Likeness:
    """Compare a message whose recipient the history leaves out: its text alone decides."""
    if digest(message.text or "") == begun.digest:
        return Likeness.SAME
    return Likeness.PERHAPS if is_deleted(message.text) else Likeness.OTHER


def _doubt(begun: BegunSend, alike: Likeness, message: Message) -> str:
    if is_deleted(message.text):
        return "a message to the user was deleted since, which may be this one"
    if begun.file and alike is Likeness.PERHAPS:
        return f"message {message.id} to the user may be this file: the history does not say which file it is"
    if alike is Likeness.PERHAPS:
        return f"message {message.id} to the user may be this one, with another text"
    if message.created_at is None:
        return f"message {message.id} has this text, and the history does not tell when it was sent"
    return f"message {message.id} has this text, and may be older: the history's clock is another one"
