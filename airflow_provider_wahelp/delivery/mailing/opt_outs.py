"""Users that have asked for no more messages, read out of a channel's history."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_written
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.delivery.mailing.stop_words import STOP_WORDS, folded_words, is_stop
from airflow_provider_wahelp.storage.cache import KeyValueCache

OVERLAP = 600
"""Seconds that are read once more the next time: the history may lag behind."""

_LONG_AFTER = 2**61  # seconds since 1970: when something was written whose time cannot be read
_RULES = 2  # to be counted up with any change to what is a stop word, as what was read by old rules is void


_SUM = 16  # bytes


class OptOuts:
    """People whose last incoming message in a channel is a stop word: ``user_id in opt_outs``.

    A call does not count as a message, nor does a message that was deleted.

    What was read is remembered on the host, by the ids of these people alone, so that the next time only what
    is new is read. It may be forgotten at any time; then all is read again.

    :param directory: where it is remembered; ``None``: in this object only.
    :param scope: what the ids belong to: the server and the account.
    :param words: the stop words; with others, all is read again.
    """

    def __init__(self, directory: Path | None, scope: str, words: Iterable[str] = STOP_WORDS) -> None:
        self._cache = KeyValueCache(directory)
        self._scope = scope
        self._words = tuple(words)
        self._known = _Known()

    def __contains__(self, user_id: object) -> bool:
        """Return whether a user has opted out: ``301`` and ``"301"`` are the same."""
        return str(user_id) in self._known.out

    def __len__(self) -> int:
        """Return how many have opted out."""
        return len(self._known.out)

    def read(self, project_id: Id, channel_uuid: str) -> Flow[int]:
        """Read the channel's history, as far as it is new.

        A stop whose time cannot be read stands for good; one of the same second as another message does too.

        :raises WahelpError: if the history cannot be read: nothing may be sent then.
        """
        name = self._name(project_id, channel_uuid)
        known = _Known.load(self._cache.read([name]).get(name))
        self._cache.close()  # the reading may take an hour
        reading = _Reading(known.until, self._words)
        yield from reading.run(project_id, channel_uuid)
        self._known = reading.merged(known)
        if self._known != known:
            self._cache.write(name, self._known.dump())
        self._cache.close()
        return reading.messages

    def _name(self, project_id: Id, channel_uuid: str) -> bytes:
        words = sorted(folded_words(self._words))
        parts = [_RULES, self._scope, str(project_id), channel_uuid, words]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=_SUM, person=b"opt-outs").digest()


@dataclass(frozen=True)
class _Known:
    """What is known of a channel.

    :param until: up to when its history was read, in seconds since 1970.
    :param out: users that have opted out, each with the rank of their last message.
    """

    until: int = 0
    out: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, kept: bytes | None) -> _Known:
        return cls(**json.loads(kept)) if kept else cls()

    def dump(self) -> bytes:
        return json.dumps({"until": self.until, "out": self.out}).encode()


class _Reading:
    """Reads a history, and of each person only what was last: a million messages take no memory.

    A rank is twice the time, and one more for a stop: of one second's messages the stop is the last.
    """

    def __init__(self, until: int, words: tuple[str, ...]) -> None:
        self.messages = 0
        self._words = words
        self._before = until
        self._newest = 0
        self._top = 0  # the newest of the first page
        self._began = 0
        self._last: dict[str, int] = {}

    def run(self, project_id: Id, channel_uuid: str) -> Flow[None]:
        """Read page by page, from the first to what was read before, or to the end."""
        pager: Pager[Message] = Pager(paged=True, long=True)
        while not pager.done:
            number = pager.number
            page = yield from pager.ask(lambda page: calls.get_messages(project_id, channel_uuid, page))
            for message in pager.take(page):
                self._take(message)
            if number == 1:
                self._top, self._began = self._newest, math.floor((yield from moment()).seconds)
            if self._was_read(page):
                return

    def merged(self, known: _Known) -> _Known:
        """Return what is known now, with what was known before."""
        last = {**known.out, **{user: max(rank, known.out.get(user, 0)) for user, rank in self._last.items()}}
        # A time that is still to come must not keep the next reading from what comes before it.
        return _Known(min(self._newest, self._began), {user: rank for user, rank in last.items() if rank % 2})

    def _take(self, message: Message) -> None:
        self.messages += 1
        time = _time(message)
        self._newest = max(self._newest, time or 0)
        if message.direction != "incoming" or message.user_id is None or not is_written(message.text):
            return
        stop = is_stop(message.text, self._words)
        if time is None and not stop:
            return  # it may be older than anything
        user, rank = str(message.user_id), 2 * (_LONG_AFTER if time is None else time) + stop
        self._last[user] = max(rank, self._last.get(user, 0))

    def _was_read(self, page: Page[Message]) -> bool:
        """Return whether a page and all after it were read before; the order is not documented.

        That takes a page that shows the order, below a first page with the newest message, now and then.
        """
        times = [time for time in map(_time, page.items) if time is not None]
        if not times or len(times) < len(page.items) or times != sorted(times, reverse=True):
            return False
        below = times[-1] < min(times[0], self._before - OVERLAP)
        return below and self._before <= self._top == self._newest


def _time(message: Message) -> int | None:
    return math.floor(message.created_at.timestamp()) if message.created_at else None
