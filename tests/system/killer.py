"""Kills processes of an Airflow that runs tasks, without a word of warning."""

from __future__ import annotations

import contextlib
import threading
from random import Random
from types import TracebackType

import psutil

from demo.airflow import Airflow

PAUSE = (1.0, 4.0)
"""The shortest and the longest time between two kills, in seconds."""


class Killer:
    """Kills tasks at random moments while the ``with`` block lasts.

    It has a limit: a task that is killed in each of its tries gets nowhere, and its message is not sent.

    :param airflow: whose tasks.
    :param random: decides when, and which.
    :param limit: how many at most.
    """

    def __init__(self, airflow: Airflow, random: Random, limit: int) -> None:
        self.kills = 0
        self._airflow, self._random, self._limit = airflow, random, limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="killer", daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while self.kills < self._limit and not self._over.wait(self._random.uniform(*PAUSE)):
            if tasks := self._airflow.task_processes():
                with contextlib.suppress(psutil.NoSuchProcess):  # it was quicker
                    self._random.choice(tasks).kill()
                    self.kills += 1
