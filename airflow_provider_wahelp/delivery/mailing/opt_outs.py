"""Users that have asked for no more messages, read out of a channel's history."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.history import Extent, read_history
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_written
from airflow_provider_wahelp.client.reconcile import moment
from airflow_provider_wahelp.delivery.limits.silence import Listener
from airflow_provider_wahelp.delivery.mailing.opt_out_rules import OptOutRules
from airflow_provider_wahelp.storage.cache import KeyValueCache
from airflow_provider_wahelp.storage.state.interface import State

OVERLAP = 7200
"""Seconds that are read once more the next time: a message may show up late (docs/api.md, 3.3)."""

_RECENT = 600  # the same for a reading beside the sending, which another one with OVERLAP follows
_DAY = 86_400  # by more than this the history's clock and the server's do not differ
_LONG_AFTER = 2**61  # seconds since 1970: when something was written whose time cannot be read
_SUM = 16  # bytes
_TURNS, _PAUSE = 600, 2.0  # for so long, in steps of so many seconds, another task may read


class OptOutsUnknownError(WahelpError):
    """A mailing cannot know who has opted out, as the history was not read whole; ``words`` says how far."""

    meaning = "the channel's history was not read whole"
    advice = "If the service never shows all of it, put opt-outs into suppress, and set stop_words=False."
    temporary = True

    def _repeat(self) -> str:
        return "Nothing was sent; a retry reads it again."


class OptOuts:
    """People who have opted out of a channel: ``user_id in opt_outs``.

    A stop word opts out. A later start word ends that, or time; no other message does.

    What was read is remembered, by the ids of these people alone, so that the next time only what
    is new is read. It may be forgotten at any time; then all is read again.

    :param state: where it is remembered.
    :param scope: what the ids belong to: the server and the account.
    :param rules: with others, all is read again.
    :param beside: takes in what the same reading comes across.
    """

    def __init__(
        self, state: State, scope: str, rules: OptOutRules | None = None, beside: Listener | None = None
    ) -> None:
        self._cache = KeyValueCache(state)
        self._scope = scope
        self._rules = rules or OptOutRules()
        self._beside = beside or Listener()
        self._known = _Known()
        self._read_at = 0.0

    def __contains__(self, user_id: object) -> bool:
        """Return whether a user has opted out: ``301`` and ``"301"`` are the same."""
        return str(user_id) in self._known.out

    def __len__(self) -> int:
        """Return how many have opted out."""
        return len(self._known.out)

    def stops(self, since: float) -> list[int]:
        """Return when people have opted out since a moment, in seconds since 1970, where that is known."""
        ranks = self._known.out.values()
        return [rank // 2 for rank in ranks if since <= rank // 2 < _LONG_AFTER]

    def read(self, project_id: Id, channel_uuid: str, *, recent: bool = False) -> Flow[int]:
        """Read the channel's history, as far as it is new.

        :param recent: whether it was read a while ago, and only the latest is to be read once more.
        A stop whose time cannot be read stands for good; of one second's messages the stop is the last.

        :return: how many messages were read.
        :raises WahelpError: if the history cannot be read: nothing may be sent then.
        :raises OptOutsUnknownError: if a part of it may be missing.
        """
        name = self._name(project_id, channel_uuid)
        known = _Known.load(self._cache.read([name]).get(name))
        self._cache.close()  # the reading may take an hour
        self._read_at = (yield from moment()).seconds
        beside = Listener() if recent else self._beside
        beside.begin(project_id, channel_uuid, self._read_at)
        reading = _Reading(known, self._rules, math.floor(self._read_at), beside, recent=recent)
        extent = yield from read_history(project_id, channel_uuid, reading.since, reading.take)
        if missing := reading.missing(extent):
            raise OptOutsUnknownError(f"see who has opted out of channel {channel_uuid}", missing)
        self._known = reading.merged(extent)
        if self._known != known:
            self._cache.write(name, self._known.dump())
        self._cache.close()
        beside.end(extent)
        return extent.count

    def learn(self, message: Message) -> None:
        """Take a message that was written since the history was read. It is read again the next time."""
        reading = _Reading(self._known, self._rules, math.floor(self._read_at), self._beside)
        reading.take(message, Extent())
        self._known = replace(self._known, out=reading.out())

    @contextmanager
    def turn(self, project_id: Id, channel_uuid: str, sleep: Callable[[float], None]) -> Iterator[None]:
        """Wait while another task reads the channel's history: what it finds need not be read again.

        :param sleep: waits for so many seconds.
        """
        name = self._name(project_id, channel_uuid, "reading")
        token = secrets.token_bytes(_SUM)
        for _ in range(_TURNS if self._cache.shared else 0):
            if self._cache.claim(name, token, _TURNS * _PAUSE):
                break
            sleep(_PAUSE)
        try:
            yield
        finally:
            self._cache.forget(name, token)
            self._cache.close()

    def _name(self, project_id: Id, channel_uuid: str, *what: str) -> bytes:
        parts = [self._scope, str(project_id), channel_uuid, self._rules.fingerprint(), *what]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=_SUM, person=b"opt-outs").digest()


@dataclass(frozen=True)
class _Known:
    """What is known of a channel.

    :param until: up to when its history was read, in seconds since 1970.
    :param out: users that have opted out, each with the rank of their stop word.
    """

    until: int = 0
    out: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, kept: bytes | None) -> _Known:
        return cls(**json.loads(kept)) if kept else cls()

    def dump(self) -> bytes:
        return json.dumps({"until": self.until, "out": self.out}).encode()


class _Reading:
    """Reads a history, and of each person only the last wish: a million messages take no memory.

    A rank is twice the time, and one more for a stop: of one second's messages the stop is the last.
    """

    def __init__(
        self, known: _Known, rules: OptOutRules, now: int, beside: Listener, *, recent: bool = False
    ) -> None:
        self._known = known
        self._rules = rules
        self._now = now
        self._beside = beside
        self._overlap = _RECENT if recent else OVERLAP
        self._in_order = True
        self._oldest = math.inf
        self._last: dict[str, int] = {}

    def since(self, extent: Extent) -> float:
        """Return back to when the history is to be read; to its end where its order is not clear."""
        floor = self._rules.oldest(self._now) - _DAY
        if not self._in_order or extent.newest < max(self._known.until, floor):
            return -math.inf
        return min(max(self._known.until - self._overlap, floor), self._beside.since())

    def take(self, message: Message, _extent: Extent) -> bool:
        """Note what a message asks for; there is always more to read."""
        self._beside.take(message)
        time = _time(message)
        if time is not None:
            self._in_order = self._in_order and time <= self._oldest + OVERLAP
            self._oldest = min(self._oldest, time)
        if message.direction == "incoming" and message.user_id is not None and is_written(message.text):
            self._note(str(message.user_id), time, message.text)
        return False

    def missing(self, extent: Extent) -> str:
        """Return why a part of the history may be missing; ``""`` if none is."""
        if extent.passed:
            return ""
        read = _what_was_read(extent)
        if not extent.ended:
            return f"{read}, and then no more came, though nothing shows that it was all"
        if extent.oldest > self._known.until > 0:
            return f"{read}; others since {_day(self._known.until)}, when it was read last, may be missing"
        return ""

    def merged(self, extent: Extent) -> _Known:
        """Return what is known now, with what was known before."""
        # A time that is still to come must not keep the next reading from what comes before it.
        until = math.floor(min(max(extent.newest, 0), self._now))
        return _Known(until, self.out())

    def out(self) -> dict[str, int]:
        """Return who has opted out, with what was known before."""
        last = self._known.out | {
            user: max(rank, self._known.out.get(user, 0)) for user, rank in self._last.items()
        }
        oldest = 2 * self._rules.oldest(self._now)
        return {user: rank for user, rank in last.items() if rank % 2 and rank >= oldest}

    def _note(self, user: str, time: int | None, text: str | None) -> None:
        asked = self._rules.wish(text)
        if asked is None or (time is None and asked == "start"):
            return  # without a time it may be older than anything
        rank = 2 * (_LONG_AFTER if time is None else time) + (asked == "stop")
        self._last[user] = max(rank, self._last.get(user, 0))


def _time(message: Message) -> int | None:
    return math.floor(message.created_at.timestamp()) if message.created_at else None


def _what_was_read(extent: Extent) -> str:
    back = f", back to {_day(extent.oldest)}" if math.isfinite(extent.oldest) else ""
    return f"{extent.count:,} of its messages came{back}"


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
