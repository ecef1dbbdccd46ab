"""Finding out whether a call of unknown outcome was carried out, before it is attempted again."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.flow import Flow, Pause, ServerTime, once
from airflow_provider_wahelp.client.models import Message, identity
from airflow_provider_wahelp.client.notices import is_deleted
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.server_clock import Moment

T = TypeVar("T")

ATTEMPTS = 3
"""Attempts at a call whose earlier attempts proved not to have been carried out."""

LOOKS = (0.5, 1.5, 3.0, 5.0)
"""Seconds before each look into the history: a message may show up late (docs/api.md, 3.3)."""

CREATION_LOOKS = (0.5, 2.0)
"""Seconds before each look whether something was created."""


@dataclass(frozen=True)
class BegunSend:
    """A send that was begun: by these plain values a later attempt recognises its message.

    :param digest: of the text, by :func:`digest`.
    :param began: when it was begun, in seconds since 1970.
    :param by_host: whether ``began`` is by the host's clock, as the server had not answered anything yet.
    :param others: the ids of messages that are known to be other ones.
    """

    project_id: Id
    channel_uuid: str
    user_id: Id
    digest: str
    began: float
    by_host: bool = False
    others: Container[Id] = ()

    @property
    def since(self) -> Moment:
        """When it was begun, at the earliest."""
        return Moment(self.began, self.by_host)

    def unknown(self, why: str, status: int | None = None) -> UnknownOutcomeError:
        """Return the error which says that it is unknown whether the message was sent."""
        what = f"the message to user {self.user_id} through channel {self.channel_uuid} was sent"
        return UnknownOutcomeError(what, why, status=status)


def digest(text: str) -> str:
    """Return the digest that recognises a text, although Wahelp may change line ends and outer blanks."""
    normal = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return hashlib.sha256(normal.encode(errors="surrogatepass")).hexdigest()  # JSON can hold half a pair


def moment(at: float | None = None) -> Flow[Moment]:
    """Return a moment by the server's clock, or by this host's before the server has answered anything.

    :param at: the moment, by this host's clock; now by default.
    """
    now: Moment = yield ServerTime(at)
    return now


def by_server(began: Moment) -> Flow[float]:
    """Return the seconds of a moment by the server's clock, once the server has answered anything."""
    return (yield from moment(began.seconds)).seconds if began.by_host else began.seconds


def find_sent(begun: BegunSend, looks: Sequence[float] = LOOKS) -> Flow[Message | None]:
    """Look into the history for the message of a send, several times over some seconds.

    :param looks: the seconds before each look.
    :return: the message; ``None`` if it was certainly not sent.
    :raises UnknownOutcomeError: if the history cannot be read, or a message was deleted that may be it.
    """
    found = None
    for seconds in looks:
        yield Pause(seconds)
        try:
            found = yield from _find(begun)
        except WahelpError as error:
            raise begun.unknown(f"the history could not be read: {error.reason}") from error
        if found and _has_text(found, begun):
            return replace(found, user_id=begun.user_id) if found.user_id is None else found
    if found:
        raise begun.unknown("a message to the user was deleted since, which may be this one")
    return None


def outgoing_since(
    project_id: Id, channel_uuid: str, since: Moment, take: Callable[[Message], bool]
) -> Flow[None]:
    """Read the texts that went out through a channel, back to a moment.

    :param take: is called with each message; returns whether to stop.
    """
    pager: Pager[Message] = Pager(paged=True, long=True)
    while not pager.done:
        page = yield from pager.ask(lambda number: calls.get_messages(project_id, channel_uuid, number))
        began = math.floor((yield from by_server(since)))  # the history's times are whole seconds
        for message in pager.take(page):
            if _is_text(message) and _time(message) >= began and take(message):
                return
        if _goes_back(page) and _time(page.items[-1]) < began:
            return  # from here on everything is older


def carried_out_once(attempt: Callable[[], Flow[T]], find: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Attempt something; if the outcome is unknown, look for the result before the next attempt.

    :param attempt: sends or creates it.
    :param find: finds what an earlier attempt has sent or created, if it has.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            return (yield from attempt())
        except WahelpError as error:
            if not error.may_have_happened:
                raise
            found = yield from find()
            if found:
                return found
            if attempts == ATTEMPTS:
                error.may_have_happened = False  # known by now: nothing was found
                raise


def created_once(call: Call[T], find: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Create something; if the outcome is unknown, look whether it exists before the next attempt.

    :param call: creates it.
    :param find: finds it, if it was not there before.
    """

    def look() -> Flow[T | None]:
        for seconds in CREATION_LOOKS:
            yield Pause(seconds)
            found = yield from find()
            if found:
                return found
        return None

    return carried_out_once(lambda: once(call), look)


def find_new(
    what: str, listed: Callable[[], Flow[list[T] | None]], before: Iterable[T]
) -> Callable[[], Flow[T | None]]:
    """Return a function that finds an entry of a list that was not there before.

    :param what: what is unknown if there is no list, e.g. ``the project was created``.
    :param listed: reads the list; ``None`` if the server has no such list.
    """
    known = {identity(entry) for entry in before}

    def find() -> Flow[T | None]:
        now = yield from listed()
        if now is None:
            raise UnknownOutcomeError(what, "the server has no list to look it up in")
        return next((entry for entry in now if identity(entry) not in known), None)

    return find


def _find(begun: BegunSend) -> Flow[Message | None]:
    """Find the message, else a deleted one, which may be it: the text of a deleted message is lost."""
    found: list[Message] = []
    deleted: list[Message] = []

    def take(message: Message) -> bool:
        # If the history leaves out the user, the text alone decides.
        if message.user_id not in (None, begun.user_id) or message.id in begun.others:
            return False
        if _has_text(message, begun):
            found.append(message)
        elif is_deleted(message.text):
            deleted.append(message)
        return bool(found)

    yield from outgoing_since(begun.project_id, begun.channel_uuid, begun.since, take)
    return next(iter(found + deleted), None)


def _has_text(message: Message, begun: BegunSend) -> bool:
    return digest(message.text or "") == begun.digest


def _goes_back(page: Page[Message]) -> bool:
    """Return whether a page has the newest message first; the order is not documented."""
    times = [_time(message) for message in page.items if message.created_at]
    return len(times) == len(page.items) > 0 and times == sorted(times, reverse=True) and times[0] > times[-1]


def _is_text(message: Message) -> bool:
    return message.direction == "outgoing" and message.text is not None


def _time(message: Message) -> float:
    """Return when a message was created; a message without a time counts as new."""
    return message.created_at.timestamp() if message.created_at else math.inf
