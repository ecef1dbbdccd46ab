"""A state in a Redis or Valkey that all hosts reach."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from airflow_provider_wahelp.storage.state.interface import (
    KEPT,
    Limits,
    Records,
    Seen,
    StateAwayError,
    Turn,
)

T = TypeVar("T")

ANSWERS_WITHIN = 2.0
"""Seconds to connect, and for one answer."""

LEASE = 3.0
"""Seconds after which the records of a scope are free again, if whoever was alone with them has died.

Whoever lives and takes longer than that does the work once more.
"""

_LISTEN = 0.5  # seconds to wait to be told that a scope is free: whoever has died tells nobody
_LATE = "it has answered too late"
_FORGET_THIS = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
_TELL = """
redis.call('DEL', KEYS[1])
redis.call('LPUSH', KEYS[1], '')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
"""
_CLAIM = """
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return redis.call('GET', KEYS[1]) == ARGV[1]
"""


class RedisState:
    """A state under keys that begin with ``wahelp:``, by the server's clock.

    :param options: of a ``redis.Redis``.
    :param clock: returns the time in place of the server's, in seconds since 1970.
    """

    shared = True

    def __init__(self, options: Mapping[str, Any], clock: Callable[[], float] | None = None) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._clock = clock
        given = {"socket_timeout": ANSWERS_WITHIN, "socket_connect_timeout": ANSWERS_WITHIN, **options}
        once_more = Retry(NoBackoff(), 1)  # a server may close what is idle
        self._client: Any = redis.Redis(retry=once_more, **given)
        self._take = self._client.register_script(_take_script())
        self._forget_this = self._client.register_script(_FORGET_THIS)
        self._claim = self._client.register_script(_CLAIM)
        self._tell = self._client.register_script(_TELL)

    def take(self, name: bytes, limits: Limits, shift: float, seen: Seen | None = None) -> Turn:
        """Count a message, if its limits have room for it."""
        now = int(self._clock() * 1000) if self._clock else ""
        own = (now, KEPT, limits.interval, limits.jitter, shift, limits.span, *(seen or Seen(0, 0)))
        rates = [number for rate in limits.rates for number in rate]
        with _answers():
            wait, at, last, held, *now_seen = map(int, self._take(_log(name), [*own, *rates]))
        return Turn(wait, at, last, held, Seen(*now_seen))

    def count(self, name: bytes, window: int) -> int:
        """Return how many messages a log has of the last so many milliseconds."""
        with _answers():
            now = int(self._now() * 1000)
            return int(self._client.zcount(_log(name)[0], f"({now - window}", "+inf"))

    def read(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the values of those names that exist."""
        with _answers():
            found = self._client.mget([_known(name) for name in names]) if names else []
        return {name: value for name, value in zip(names, found, strict=True) if value is not None}

    def write(self, name: bytes, content: bytes, seconds: float | None = None) -> None:
        """Write a value, in place of an earlier one."""
        with _answers():
            ends = None if seconds is None else _milliseconds(seconds)
            self._client.set(_known(name), content, px=ends)

    def claim(self, name: bytes, content: bytes, seconds: float) -> bool:
        """Write a value for so long, unless there is another one; return whether it is there now."""
        with _answers():
            return bool(self._claim([_known(name)], [content, _milliseconds(seconds)]))

    def forget(self, name: bytes, content: bytes | None = None) -> None:
        """Remove a value; with a content, only this one."""
        with _answers():
            if content is None:
                self._client.delete(_known(name))
            else:
                self._forget_this([_known(name)], [content])

    def alone(self, scope: str, seconds: float, kept: float, work: Callable[[Records], T]) -> T:
        """Do some work with the records of a scope, all or nothing, while everybody else waits."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) >= 0:
            with _answers(), self._locked(scope, left) as pipe:
                records = RedisRecords(self._client, pipe, scope, self._now(), kept)
                result = work(records)
                if records.written():
                    return result
        raise StateAwayError(_LATE)

    @contextmanager
    def _locked(self, scope: str, seconds: float) -> Iterator[Any]:
        """Be alone with a scope. A lock that another has by now, as the lease has ended, writes nothing."""
        from redis.exceptions import LockError

        key, free = (f"wahelp:{{{scope}}}:{name}" for name in ("lock", "free"))
        lock, end = self._client.lock(key, timeout=LEASE), time.monotonic() + seconds
        while not lock.acquire(blocking=False):
            if (left := end - time.monotonic()) <= 0:
                raise StateAwayError("others were at it all the time")
            self._client.blpop(free, timeout=max(0.01, min(left, _LISTEN)))
        try:
            with self._client.pipeline() as pipe:
                pipe.watch(key)
                if not lock.owned():
                    raise StateAwayError(_LATE)
                yield pipe
        finally:
            with suppress(LockError):  # another has it
                lock.release()
                self._tell([free], [_milliseconds(LEASE)])

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._client.connection_pool.disconnect(inuse_connections=False)

    def _now(self) -> float:
        if self._clock:
            return self._clock()
        seconds, microseconds = self._client.time()
        return float(seconds + microseconds / 1_000_000)


class RedisRecords:
    """Records of a scope, read at once, and written at the end of the work.

    :param client: reads many things at once.
    :param pipe: a pipeline that watches the lock.
    """

    def __init__(self, client: Any, pipe: Any, scope: str, now: float, kept: float) -> None:
        self._client = client
        self._pipe = pipe
        self._prefix = f"wahelp:{{{scope}}}:".encode()
        self._at = now
        self._kept = kept
        self._writes: list[Callable[[], object]] = []

    def now(self) -> float:
        """Return the time by the clock of the state, in seconds since 1970."""
        return self._at

    def get(self, names: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the records with these names that exist."""
        found = self._pipe.mget([self._record(name) for name in names]) if names else []
        return {name: value for name, value in zip(names, found, strict=True) if value is not None}

    def put(self, name: bytes, content: bytes) -> None:
        """Write a record."""
        self._writes.append(lambda: self._pipe.set(self._record(name), content, px=_milliseconds(self._kept)))

    def members(self, group: bytes, since: float = 0.0) -> list[tuple[bytes, float]]:
        """Return the names of a list since a moment, each with its own, in their order."""
        since = max(since, self._at - self._kept)
        found = self._pipe.zrangebyscore(self._list(group), since, "+inf", withscores=True)
        return [(bytes(name), float(at)) for name, at in found]

    def members_of(self, groups: Sequence[bytes], since: float) -> dict[bytes, list[tuple[bytes, float]]]:
        """Return the names of some lists since a moment; no empty list."""
        since = max(since, self._at - self._kept)
        with self._client.pipeline(transaction=False) as pipe:
            for group in groups:
                pipe.zrangebyscore(self._list(group), since, "+inf", withscores=True)
            found = pipe.execute()
        lists = zip(groups, found, strict=True)
        return {group: [(bytes(name), float(at)) for name, at in each] for group, each in lists if each}

    def add(self, group: bytes, name: bytes, at: float) -> None:
        """Put a name on a list, at a moment; one that is on it moves there."""
        key, old = self._list(group), self._at - self._kept
        self._writes.append(lambda: self._pipe.zadd(key, {name: at}))
        self._writes.append(lambda: self._pipe.zremrangebyscore(key, "-inf", f"({old}"))
        self._writes.append(lambda: self._pipe.pexpire(key, _milliseconds(self._kept)))

    def drop(self, group: bytes, name: bytes) -> None:
        """Take a name off a list."""
        self._writes.append(lambda: self._pipe.zrem(self._list(group), name))

    def written(self) -> bool:
        """Write what was kept back, in one step; return whether the lock was still held."""
        import redis

        self._pipe.multi()
        for write in self._writes:
            write()
        try:
            self._pipe.execute()
        except redis.WatchError:
            return False
        return True

    def _record(self, name: bytes) -> bytes:
        return self._prefix + b"record:" + name

    def _list(self, group: bytes) -> bytes:
        return self._prefix + b"list:" + group


@contextmanager
def _answers() -> Iterator[None]:
    import redis

    try:
        yield
    except redis.RedisError as error:
        raise StateAwayError(type(error).__name__) from None


@cache
def _take_script() -> str:
    return files(__package__ or "").joinpath("take.lua").read_text()


def _log(name: bytes) -> list[bytes]:
    """Return the keys of a log, which a cluster keeps together."""
    return [b"wahelp:{" + name.hex().encode() + b"}:" + part for part in (b"sent", b"head")]


def _known(name: bytes) -> bytes:
    return b"wahelp:known:" + name


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
