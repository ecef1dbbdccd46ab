"""The tasks that have failed in a run, as far as the callback of its DAG can find out. Airflow 3 only."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_wahelp.notifications.threads import DaemonExecutor


@dataclass(frozen=True)
class FailedTask:
    """A task that has failed.

    :param map_index: the index of a mapped task; -1 if the task is not mapped.
    :param notifies: whether a notifier of its own should have told of it.
    """

    task_id: str
    map_index: int = -1
    notifies: bool = False

    def __str__(self) -> str:
        """Name it as an alert does."""
        return f"{self.task_id} [{self.map_index}]" if self.map_index >= 0 else self.task_id


@dataclass(frozen=True)
class Failures:
    """The tasks that have failed in a run.

    :param since: when the run was started, or was started again.
    """

    tasks: tuple[FailedTask, ...] = ()
    since: float = 0.0


def failures_of(context: Mapping[str, Any], seconds: float) -> Failures:
    """Return the tasks that have failed in a run.

    :param context: of the callback of a DAG.
    :param seconds: how long Airflow may take to answer. For the first question since its start the DAG
        processor builds an API, which costs 8 s of CPU (3.3.2). Without an answer only the last task to fail
        is known.
    """
    ti: Any = context.get("ti")
    tasks: Mapping[str, Any] = getattr(context.get("dag"), "task_dict", None) or {}
    if context.get("reason") != "task_failure" or not hasattr(ti, "get_task_states"):
        return Failures()
    failed = [_place(key, tasks) for key, state in _states(ti, seconds).items() if state == "failed"]
    started = getattr(context.get("dag_run"), "start_date", None)
    return Failures(
        tuple(
            FailedTask(task_id, index, _notifies(tasks.get(task_id)))
            for task_id, index in sorted(failed) or [(ti.task_id, ti.map_index)]
        ),
        started.timestamp() if isinstance(started, datetime) else 0.0,
    )


def _states(ti: Any, seconds: float) -> Mapping[str, str]:
    """Return the state of each task of a run; nothing if Airflow cannot say, or not in time."""
    # A DAG processor that does not know the question never answers it, and no later one either.
    if not hasattr(sys.modules.get("airflow.dag_processing.processor"), "GetTaskStates") or _on_loop():
        return {}
    ask = DaemonExecutor().submit(ti.get_task_states, dag_id=ti.dag_id, run_ids=[ti.run_id])
    try:
        return ask.result(seconds).get(ti.run_id) or {}
    except Exception:  # noqa: BLE001 - an alert that names one task is better than none
        return {}


def _on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _place(key: str, tasks: Mapping[str, Any]) -> tuple[str, int]:
    """Return the task and the index that Airflow means by ``load_3``."""
    task_id, _, index = key.rpartition("_")
    return (task_id, int(index)) if key not in tasks and task_id in tasks and index.isdecimal() else (key, -1)


def _notifies(task: Any) -> bool:
    callbacks = getattr(task, "on_failure_callback", None)
    listed = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    return any(getattr(each, "tells_of_failures", False) for each in listed)
