"""What has gone through a channel in 24 hours, and the cap that its tasks keep to: for people to look at."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from airflow_provider_wahelp.delivery.limits.daily_cap import DailyCap
from airflow_provider_wahelp.delivery.limits.spacing import DAY
from airflow_provider_wahelp.storage.state.interface import State

_SHOWN = 3 * 86_400.0  # seconds for which a cap is remembered that no task keeps to any more


class Names(NamedTuple):
    """Under which names a state has what is known of a channel.

    :param log: its messages; ``first``: when the first went; ``cap``: what its tasks keep to.
    """

    log: bytes
    first: bytes
    cap: bytes


class DailyUse(NamedTuple):
    """What has gone through a channel.

    :param sent: messages of the last 24 hours, of all tasks that share the state.
    :param cap: how many may go; ``None`` if no task has kept to a cap lately.
    """

    sent: int
    cap: int | None


def names_of(channel: str) -> Names:
    """Return the names of a channel: digests, as others may read a state.

    :param channel: what the channel is known by: server, project and uuid.
    """
    return Names(*map(_digest, (channel, f"first {channel}", f"cap {channel}")))


def leave_cap(state: State, names: Names, cap: DailyCap) -> None:
    """Leave the cap that a task keeps to.

    :raises StateAwayError: if the state does not answer.
    """
    state.write(names.cap, json.dumps(cap).encode(), _SHOWN)


def daily_use(state: State, channel: str, now: float) -> DailyUse:
    """Return what has gone through a channel.

    :param now: in seconds since 1970.
    :raises StateAwayError: if the state does not answer.
    """
    names = names_of(channel)
    known = state.read([names.first, names.cap])
    cap = DailyCap(*json.loads(known[names.cap])) if names.cap in known else None
    first = int(known.get(names.first, 1000 * now))
    return DailyUse(state.count(names.log, DAY), cap and cap.after(int(1000 * now) - first))


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:16]
