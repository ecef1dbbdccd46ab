"""How soon deferred tasks are at work again: ours, and beside them Airflow's own, by Airflow's records."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from demo.airflow import Airflow
from demo.process import wait_until

DAGS = Path(__file__).with_name("dags")
DAG = "wahelp_waiting"
INTERVAL = 2.0
"""Seconds from one look to the next, as in the DAG."""

FILES = {"AIRFLOW_CONN_FS_DEFAULT": '{"conn_type": "fs"}'}
"""What the DAG needs in its environment."""

_RESUME_SECONDS = 180
_FIRED = re.compile(r"^(\S+) INFO Trigger fired event", re.MULTILINE)


@dataclass(frozen=True)
class Resumption:
    """When what happened after what a task had waited for had come about, in seconds from then.

    :param fired: its trigger's event was out.
    :param resumed: a worker went on with it.
    """

    fired: float
    resumed: float


def resume(
    airflow: Airflow, run_id: str, files: Sequence[Path], channels: Sequence[str], scan: Callable[[str], None]
) -> tuple[list[Resumption], list[Resumption]]:
    """Let come about what tasks wait for, one thing after the other: a channel, a file, a channel ...

    :param airflow: where they wait.
    :param run_id: the run; its first waits are for these.
    :param files: what Airflow's own tasks wait for.
    :param channels: what ours wait for, as many.
    :param scan: makes a channel active.
    :return: what became of our tasks, and of Airflow's own.
    """
    ours, theirs = [], []
    for number, (channel, file) in enumerate(zip(channels, files, strict=True)):
        ours.append(resumption(airflow, run_id, "wait", number, partial(scan, channel)))
        theirs.append(resumption(airflow, run_id, "peer", number, file.touch))
    return ours, theirs


def resumption(
    airflow: Airflow, run_id: str, task_id: str, number: int, come_about: Callable[[], object]
) -> Resumption:
    """Let come about what a deferred task waits for, and return what became of the task.

    :param airflow: where it waits.
    :param run_id: the run.
    :param task_id: the task.
    :param number: its map index.
    :param come_about: lets it.
    """
    due = datetime.now(UTC)
    come_about()
    again = _resumed(airflow, run_id, task_id, number)
    log = airflow.api.task_log(DAG, run_id, task_id, map_index=number)
    fired = datetime.fromisoformat(_FIRED.findall(log)[0])
    return Resumption((fired - due).total_seconds(), (again - due).total_seconds())


def told(name: str, resumptions: Sequence[Resumption]) -> str:
    """Return the figures in words.

    :param name: whose they are.
    :param resumptions: the figures.
    """
    each = ", ".join(f"{one.fired:.1f} + {one.resumed - one.fired:.1f}" for one in resumptions)
    return f"{name}: {each} s (until the event + until a worker goes on)"


def _resumed(airflow: Airflow, run_id: str, task_id: str, number: int) -> datetime:
    def resumed() -> datetime | None:
        airflow.check()
        starts = airflow.api.starts(DAG, run_id, task_id, number)
        return starts[1] if len(starts) > 1 else None

    try:
        return wait_until(resumed, timeout=_RESUME_SECONDS, what=f"{task_id} {number} at work again")
    except TimeoutError as error:
        error.add_note(airflow.api.task_log(DAG, run_id, task_id, map_index=number))
        raise
