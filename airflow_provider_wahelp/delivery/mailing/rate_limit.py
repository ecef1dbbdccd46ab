"""How fast messages may go: a messenger bans a number that writes too fast, whichever task it was."""

from __future__ import annotations

import hashlib
import logging
import math
import random as randomness
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.locking import HostLock
from airflow_provider_wahelp.client.private_files import make_private
from airflow_provider_wahelp.delivery.mailing.options import SLOWEST
from airflow_provider_wahelp.delivery.mailing.spacing import MARGIN, spacing, window

if TYPE_CHECKING:
    from pyrate_limiter import Rate, RateItem

log = logging.getLogger(__name__)

_HOUR, _DAY = 3_600_000, 86_400_000 + MARGIN
_RECENT, _TURNS = 60.0, 8  # seconds, and messages, for which another task's is news
_CONTENDED = 0.01  # seconds until another task has counted its message


class _Sent(Protocol):
    """What is used of a bucket of pyrate-limiter: a log of what was sent, in milliseconds since 1970."""

    def put(self, item: RateItem) -> bool: ...
    def peek(self, index: int) -> RateItem | None: ...
    def leak(self, current_timestamp: int) -> int: ...
    def waiting(self, item: RateItem) -> int: ...
    def close(self) -> None: ...


class Pace:
    """How fast messages may go through one channel, counted across all tasks of a host.

    Tasks may name different limits for one channel: each keeps to its own, and all that was sent counts.

    :param directory: where the tasks of the host count together; ``None``: each counts for itself.
    :param channel: what the channel is known by.
    :param per_minute: messages in any minute at most; a fraction is one message in so many minutes.
    :param daily_cap: messages in any 24 hours at most.
    :param random: what spaces the messages.
    :raises InputError: if a limit is not a number, or too small to send anything.
    """

    def __init__(
        self,
        directory: Path | None,
        channel: str,
        *,
        per_minute: float | None = None,
        daily_cap: int | None = None,
        clock: Callable[[], float] = time.time,
        random: randomness.Random | None = None,
    ) -> None:
        self.per_minute = _limit(per_minute, "per_minute", SLOWEST)
        self.daily_cap = int(cap) if (cap := _limit(daily_cap, "daily_cap", 1)) else None
        digest = hashlib.sha256(channel.encode()).hexdigest()[:32]
        self._file = directory / f"pace-{digest}.sqlite" if directory else None
        self._lock = HostLock(Path(f"{self._file}.lock"))
        self._spacing = spacing(per_minute) if per_minute else None
        self._clock = clock
        self._random = random or randomness.Random()  # noqa: S311 - nobody gains by guessing it
        self._chance = self._draw()
        self.capped = False
        """Whether it is the cap that holds the next message."""
        self._seen: int | None = None  # what was sent last, when this task looked last
        self._others = 0  # and when another one has sent last, in milliseconds
        self._sent: _Sent | None = None
        self._inode = 0
        self._leaked = 0
        self._warned: set[str] = set()
        self._threads = threading.Lock()

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self.per_minute or self.daily_cap)

    @property
    def interval(self) -> float:
        """Seconds from one message to the next, on average; 0 without a pace."""
        return self._spacing.interval / 1000 if self._spacing else 0.0

    @property
    def shared(self) -> bool:
        """Whether another task writes through this channel too: they take turns as it comes."""
        return self._clock() - self._others / 1000 < max(_RECENT, _TURNS * self.interval)

    def take(self) -> float:
        """Count one message, if it may go now. Never waits, and never fails.

        :return: 0.0 if the message is counted; else the seconds until asking again is worth it.
        """
        if not self.limited:
            return 0.0
        with self._threads:
            for recover in (self._start_anew, self._use_memory):
                try:
                    return self._ask()
                except BlockingIOError:
                    return _CONTENDED
                except Exception as error:  # noqa: BLE001 - whatever a disk can do must not fail a mailing
                    recover(error)
            return self._ask()

    def room(self) -> int | None:
        """Return how many messages the day has room for; ``None`` without a cap, or if nobody can tell."""
        if not self.daily_cap:
            return None
        with self._threads, suppress(Exception), self._alone():
            return max(0, self.daily_cap - _count(self._opened(), int(self._clock() * 1000) - _DAY))
        return None

    def close(self) -> None:
        """Let go of the file; what was counted stays counted."""
        with self._threads:
            self._let_go()

    def _let_go(self) -> None:
        if self._sent:
            self._sent.close()
        self._sent = None

    def _ask(self) -> float:
        with self._alone():
            sent = self._opened()
            now = int(self._clock() * 1000)
            last = self._last(sent, now)
            self._note(last)
            self._forget_old(sent, now)
            wait = self._wait(sent, last, now) or self._put(sent, last, now)
        return wait / 1000

    def _wait(self, sent: _Sent, last: RateItem | None, now: int) -> int:
        """Return the milliseconds until the spacing and the day have room."""
        due = self._spacing.due(last, now, self._chance) if self._spacing else now
        self.capped = False
        # pyrate-limiter takes no daily rate above the minute's; a faster task may make it count all the same.
        if self.per_minute and self.daily_cap and (first := sent.peek(self.daily_cap - 1)):
            self.capped = first.timestamp + _DAY >= max(due, now)
            due = max(due, first.timestamp + _DAY + 1)
        return max(0, due - now)

    def _put(self, sent: _Sent, last: RateItem | None, now: int) -> int:
        """Count a message, if the window has room; else return the milliseconds until it has."""
        from pyrate_limiter import RateItem

        off = self._spacing.place(last, now) - now if self._spacing else 0.0
        item = RateItem(f"{off:.3f}", now)  # rounded, it would add up
        if not sent.put(item):
            self.capped = not self.per_minute
            return max(1, sent.waiting(item))
        self._seen = now
        self._chance = self._draw()
        return 0

    def _note(self, last: RateItem | None) -> None:
        """Note whether somebody else has sent since this task looked last."""
        at = last.timestamp if last else 0
        if self._seen not in (None, at):
            self._others = at
        self._seen = at

    def _last(self, sent: _Sent, now: int) -> RateItem | None:
        """Return what was sent last; what lies ahead, as the clock was set back, counts as sent just now."""
        last = sent.peek(0)
        if last and last.timestamp > now:
            _set_back(sent, now)
            last = sent.peek(0)
        return last

    def _forget_old(self, sent: _Sent, now: int) -> None:
        """Drop what is older than a day, and no sooner: another task may have a daily cap."""
        if not self._leaked <= now < self._leaked + _HOUR:
            sent.leak(now - _DAY + self._rate().interval)  # it drops what is older than its own interval
            self._leaked = now

    def _rate(self) -> Rate:
        from pyrate_limiter import Rate

        if self.per_minute:
            return Rate(*window(self.per_minute))
        return Rate(self.daily_cap or 1, _DAY)

    def _draw(self) -> float:
        return self._random.uniform(-1, 1)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other tasks out; raise where they are in."""
        if self._file:
            make_private(self._file.parent)
            self._lock.acquire()
        try:
            yield
        except BaseException:
            self._let_go()  # a transaction that stayed open would keep the others out
            raise
        finally:
            self._lock.release()

    def _opened(self) -> _Sent:
        if self._sent and self._file and self._inode != _inode(self._file):
            self._let_go()  # it vanished, or another task has started anew
        if self._sent is None:
            self._sent = self._open()
        return self._sent

    def _open(self) -> _Sent:
        from pyrate_limiter import InMemoryBucket, SQLiteBucket

        if self._file is None:
            return cast("_Sent", InMemoryBucket([self._rate()]))
        self._file.touch(mode=0o600)  # SQLite's other files take after it
        self._inode = _inode(self._file)
        bucket = SQLiteBucket.init_from_file([self._rate()], "sent", str(self._file))
        # No wait for the disk with each message.
        bucket.conn.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
        return cast("_Sent", bucket)

    def _start_anew(self, error: Exception) -> None:
        """Remove a file that is broken, unless another task has done so."""
        self._let_go()
        if self._file is None or not _broken(error):
            return self._use_memory(error)
        self._warn("The count of what was sent is broken and starts anew", error)
        with suppress(OSError):
            self._lock.acquire(wait=True)
            if self._inode == _inode(self._file):
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        self._lock.release()
        return None

    def _use_memory(self, error: Exception) -> None:
        self._let_go()
        self._file = None
        self._warn("What was sent cannot be counted across tasks: this task keeps to its pace alone", error)

    def _warn(self, words: str, error: Exception) -> None:
        if words not in self._warned:
            self._warned.add(words)
            log.warning("%s (%s).", words, type(error).__name__)


def _limit(value: float | None, argument: str, least: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
        raise InputError(argument, f"must be a number, {least} at least, or None for no limit")
    return value


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return 0


def _broken(error: Exception) -> bool:
    """Return whether it is the file, and not the disk: a full disk is no reason to forget what was sent."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _set_back(sent: _Sent, now: int) -> None:
    from pyrate_limiter import InMemoryBucket, SQLiteBucket

    if isinstance(sent, SQLiteBucket):
        sent.conn.execute("UPDATE sent SET item_timestamp = ? WHERE item_timestamp > ?", (now, now))
        sent.conn.commit()
    elif isinstance(sent, InMemoryBucket):
        for item in sent.items:
            item.timestamp = min(item.timestamp, now)


def _count(sent: _Sent, since: int) -> int:
    """Return how many messages were sent after a moment."""
    from pyrate_limiter import InMemoryBucket, SQLiteBucket

    if isinstance(sent, SQLiteBucket):
        row = sent.conn.execute("SELECT count(*) FROM sent WHERE item_timestamp > ?", (since,)).fetchone()
        return int(row[0])
    return sum(item.timestamp > since for item in sent.items) if isinstance(sent, InMemoryBucket) else 0
