"""Runs a sensor as Airflow does, in each of its modes, and lets things happen between two looks."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException, BaseSensorOperator, TaskDeferred

from tests import timelapse

try:
    from airflow.sdk.exceptions import AirflowRescheduleException
except ImportError:  # before Airflow 3.2
    from airflow.exceptions import AirflowRescheduleException

MODES = ("poke", "reschedule", "deferrable")
LOOKS = 50
"""More looks than any test needs."""

IDLE = 3
"""Looks after which a trigger to which nothing more happens is taken to time out."""

INTERVAL = 60.0
"""Seconds between two looks of a trigger."""

Happening = Callable[[], object]


@dataclass
class TaskInstance:
    """What a sensor asks of its task instance."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    xcoms: dict[str, Any] = field(default_factory=dict)
    max_tries: int = 0
    dag_id: str = "dag"
    task_id: str = "wait"
    run_id: str = "run"
    map_index: int = -1

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def get_first_reschedule_date(self, context: Any) -> datetime:
        return self.started


@dataclass
class Ending:
    """How a task has ended.

    :param state: ``success``, ``failed`` or ``skipped``.
    :param value: what it has returned.
    :param error: the name of the error.
    :param looks: how often somebody waited for the next look.
    """

    state: str
    value: Any = None
    error: str = ""
    looks: int = 0


class Runner:
    """Runs sensors in one mode.

    :param mode: the mode.
    :param monkeypatch: makes time pass quickly.
    """

    def __init__(self, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mode = mode
        self.ti = TaskInstance()
        self.event: Any = None
        self.deferred: TaskDeferred | None = None
        self.waits: list[float] = []
        self._happenings: list[Happening] = []
        self._looks = 0
        self._now = 0.0
        self._patch = monkeypatch

    @property
    def options(self) -> dict[str, Any]:
        """The arguments that make a sensor wait in this mode."""
        if self.mode == "deferrable":
            return {"deferrable": True, "poke_interval": INTERVAL}
        return {"mode": self.mode, "poke_interval": 0.01, "deferrable": False}

    def run(self, sensor: BaseSensorOperator, *between: Happening) -> Ending:
        """Run a sensor to its end; each happening befalls it between two looks."""
        self._happenings = list(between)
        self._patch_time()
        context: Any = {"ti": self.ti}
        try:
            value = self._execute(sensor, context)
        except AirflowSkipException:
            return Ending("skipped", looks=self._looks)
        except Exception as error:  # noqa: BLE001 - whatever it is, it fails the task
            return Ending("failed", error=type(error).__name__, looks=self._looks)
        return Ending("success", value, looks=self._looks)

    def _execute(self, sensor: BaseSensorOperator, context: Any) -> Any:
        while True:
            try:
                return sensor.execute(context)
            except AirflowRescheduleException as reschedule:
                self.waits.append((reschedule.reschedule_date - datetime.now(UTC)).total_seconds())
                self._next()
                self.ti.started -= timedelta(hours=1)
            except TaskDeferred as deferred:
                self.deferred = deferred
                return timelapse.run(self._resumed(sensor, deferred, context))

    async def _resumed(self, sensor: BaseSensorOperator, deferred: TaskDeferred, context: Any) -> Any:
        """Run the trigger as the triggerer does: made anew from what lies in the database."""
        path, arguments = deferred.trigger.serialize()
        module, _, name = path.rpartition(".")
        trigger = getattr(importlib.import_module(module), name)(**arguments)
        running = asyncio.ensure_future(anext(aiter(trigger.run())))
        idle = 0
        try:
            await asyncio.wait([running], timeout=INTERVAL / 2)  # the first look is at once
            while not running.done():
                idle += not self._happenings
                if idle > IDLE:
                    return sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, context)
                self._next()
                await asyncio.wait([running], timeout=INTERVAL)
            self.event = running.result().payload
        finally:
            running.cancel()
        return sensor.resume_execution(deferred.method_name, {"event": self.event}, context)

    def _next(self) -> None:
        self._looks += 1
        assert self._looks < LOOKS
        if self._happenings:
            self._happenings.pop(0)()

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._now += 3600
        self._next()

    def _patch_time(self) -> None:
        module = importlib.import_module(BaseSensorOperator.__module__)
        clock = SimpleNamespace(sleep=self._sleep, monotonic=lambda: self._now)
        self._patch.setattr(module, "time", clock)
        if hasattr(module, "_orig_start_date"):  # Airflow 2 asks its database
            self._patch.setattr(module, "_orig_start_date", lambda **_: self.ti.started)
