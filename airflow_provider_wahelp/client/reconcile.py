"""Finding out whether a call of unknown outcome was carried out, before it is attempted again."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import TypeVar

from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.flow import Flow, Pause, ServerTime, once
from airflow_provider_wahelp.client.models import identity
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

    :param digest: of the text, by :func:`~airflow_provider_wahelp.client.likeness.digest`.
    :param began: when it was begun first, in seconds since 1970.
    :param by_host: whether the times are by the host's clock, as the server had not answered anything yet.
    :param others: the ids of messages that are known to be other ones.
    :param attempted: when it was attempted last; when it was begun by default.
    :param sketch: of the text, by :func:`~airflow_provider_wahelp.client.likeness.sketch`.
    :param file: of the name of a file that is sent with it, by
        :func:`~airflow_provider_wahelp.client.file_likeness.name_digest`.
    """

    project_id: Id
    channel_uuid: str
    user_id: Id
    digest: str
    began: float
    by_host: bool = False
    others: Container[Id] = ()
    attempted: float | None = None
    sketch: str = ""
    file: str = ""

    @property
    def since(self) -> Moment:
        """When it was begun, at the earliest."""
        return Moment(self.began, self.by_host)

    def unknown(self, why: str, status: int | None = None) -> UnknownOutcomeError:
        """Return the error which says that it is unknown whether the message was sent."""
        what = f"the message to user {self.user_id} through channel {self.channel_uuid} was sent"
        return UnknownOutcomeError(what, why, status=status)


def moment(at: float | None = None) -> Flow[Moment]:
    """Return a moment by the server's clock, or by this host's before the server has answered anything.

    :param at: the moment, by this host's clock; now by default.
    """
    now: Moment = yield ServerTime(at)
    return now


def by_server(began: Moment) -> Flow[float]:
    """Return the seconds of a moment by the server's clock, once the server has answered anything."""
    return (yield from moment(began.seconds)).seconds if began.by_host else began.seconds


def carried_out_once(
    attempt: Callable[[], Flow[T]], find: Callable[[WahelpError], Flow[T | None]]
) -> Flow[T]:
    """Attempt something; if the outcome is unknown, look for the result before the next attempt.

    Whoever sees the error of the last attempt must look once more before another one: it may show up late.

    :param attempt: sends or creates it.
    :param find: finds what an earlier attempt has sent or created, if it has; is told how that one failed.
    """
    attempts = 0
    while True:
        attempts += 1
        try:
            return (yield from attempt())
        except WahelpError as error:
            if not error.may_have_happened:
                raise
            found = yield from find(error)
            if found:
                return found
            if attempts == ATTEMPTS:
                raise


def created_once(call: Call[T], find: Callable[[], Flow[T | None]]) -> Flow[T]:
    """Create something; if the outcome is unknown, look whether it exists before the next attempt.

    :param call: creates it.
    :param find: finds it, if it was not there before.
    """

    def look(_error: WahelpError) -> Flow[T | None]:
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
