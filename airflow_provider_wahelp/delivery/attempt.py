"""Which attempt of a task this is, in every Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Attempt:
    """One attempt of one task instance.

    :param key: what its send is filed under, unless the author says otherwise.
    :param generation: grows each time the task is cleared, and not with a retry.
    :param repeated: whether the task was attempted before.
    :param cleared: whether the task was cleared before.
    :param renewed: whether it is the first attempt since the task was cleared.
    :param earliest: before this, in seconds since 1970, no attempt of the task can have begun.
    :param run_started: when the run was started, or started again as it was cleared. Airflow does not start
        a run again that is still running.
    :param retry_delay: seconds since the attempt before it has ended, at the least.
    """

    key: str
    generation: int = 0
    repeated: bool = False
    cleared: bool = False
    renewed: bool = False
    earliest: float = 0.0
    run_started: float = 0.0
    retry_delay: float = 0.0


def attempt_of(context: Mapping[str, Any], retries: int) -> Attempt:
    """Return which attempt of a task this is.

    :param context: the task's context; without a task instance, as in a test, this is a first attempt.
    """
    ti = context.get("ti")
    if ti is None:
        return Attempt("")
    max_tries = int(getattr(ti, "max_tries", 0) or 0)
    try_number = int(getattr(ti, "try_number", 1) or 1)
    cleared = max_tries > retries
    renewed = cleared and try_number - 1 == max_tries - retries  # a clear adds the retries to the tries
    started, earliest = _times(context.get("dag_run"))
    return Attempt(
        key="/".join(str(getattr(ti, name, "")) for name in ("dag_id", "run_id", "task_id", "map_index")),
        generation=max_tries,
        repeated=try_number > 1,
        cleared=cleared,
        renewed=renewed,
        earliest=earliest,
        run_started=started,
        retry_delay=0.0 if renewed else _retry_delay(ti),
    )


def _retry_delay(ti: Any) -> float:
    delay = getattr(getattr(ti, "task", None), "retry_delay", None)
    return delay.total_seconds() if isinstance(delay, timedelta) else 0.0


def _times(run: Any) -> tuple[float, float]:
    """Return when a run was started last, and a time before its first start."""
    started = getattr(run, "start_date", None)
    planned = (getattr(run, name, None) for name in ("run_after", "data_interval_end", "logical_date"))
    first = next((time for time in planned if isinstance(time, datetime)), started)
    known = [time.timestamp() for time in (started, first) if isinstance(time, datetime)]
    return (started.timestamp() if isinstance(started, datetime) else 0.0), min(known, default=0.0)
