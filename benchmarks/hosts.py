"""Hosts as processes, whose tasks share one state, by a clock that is driven."""

from __future__ import annotations

import heapq
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from airflow_provider_wahelp.delivery.alert.store import Alert, Alerts
from airflow_provider_wahelp.delivery.limits.per_person import People
from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.delivery.send_options import per_person
from airflow_provider_wahelp.storage.state.redis_server import RedisState

HOSTS, TASKS = 50, 20
START = 1_780_000_000.0
TICK = 0.05
"""Seconds in which all that is due happens at once."""

PEOPLE = 20

_processes = multiprocessing.get_context("fork")


class Host:
    """A process with tasks.

    :param work: what it does; it is given its end of the pipe and its number.
    :param number: which host it is.
    """

    def __init__(self, work: Callable[[Connection, int], None], number: int) -> None:
        self.pipe, theirs = _processes.Pipe()
        self.number = number
        self._process = _processes.Process(target=work, args=(theirs, number), daemon=True)
        self._process.start()
        theirs.close()  # so that its death is the end of what it says
        self.due = START

    def kill(self) -> None:
        """End it at once, with SIGKILL."""
        if self._process.pid:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()


class Simulation:
    """Tasks that ask when they were told to; what is due within a tick, all hosts ask at the same time.

    :param options: of the Redis.
    :param limits: of the pace of all tasks.
    :param kills: how many hosts are killed while they ask; another one takes the place of each.
    :param crash: restarts the Redis while all ask.
    """

    def __init__(
        self, options: dict[str, Any], limits: dict[str, Any], *, kills: int, crash: Callable[[], None]
    ) -> None:
        self._options = options
        self._limits = limits
        self._kills = kills
        self._crash = crash
        self._random = random.Random(1)
        self.took: list[float] = []
        self._sent: list[float] = []

    def run(self, seconds: float) -> list[float]:
        """Return when messages were sent."""
        hosts = [Host(self._work, number) for number in range(HOSTS)]
        ticks = int(seconds / TICK)
        kills = {self._random.randrange(ticks // 2) for _ in range(self._kills)}
        for tick in range(ticks):
            now = START + tick * TICK
            due = [host for host in hosts if host.due <= now]
            for host in due:
                host.pipe.send(now)
            if tick == ticks // 3:
                self._crash()
            if kills and min(kills) <= tick and due:
                kills.remove(min(kills))
                doomed = due.pop(self._random.randrange(len(due)))
                time.sleep(self._random.uniform(0, 0.005))
                doomed.kill()
                self._hear(doomed)
                hosts[hosts.index(doomed)] = Host(self._work, doomed.number)
            for host in due:
                self._hear(host)
        for host in hosts:
            host.kill()
        return self._sent

    def _hear(self, host: Host) -> None:
        """Hear of each message that a host has sent, until it is through with a tick or dead."""
        try:
            while isinstance(said := host.pipe.recv(), float):
                self._sent.append(said)
        except (EOFError, OSError):
            return
        host.due, took = said
        self.took += took

    def _work(self, pipe: Connection, number: int) -> None:
        now, chance = START, random.Random(number)
        state = RedisState(self._options, lambda: now)
        paces = [Pace(state, "channel", **self._limits) for _ in range(TASKS)]
        due = [(START + chance.random(), task) for task in range(TASKS)]
        heapq.heapify(due)
        while True:
            now, took = pipe.recv(), []
            while due[0][0] <= now:
                task = due[0][1]
                began = time.perf_counter()
                wait = paces[task].take()
                took.append(time.perf_counter() - began)
                if not wait:
                    pipe.send(now)
                heapq.heapreplace(due, (now + wait + chance.uniform(0.001, 0.2), task))
            pipe.send((due[0][0], took))


def storm(options: dict[str, Any]) -> tuple[Counter[str], int, int]:
    """Let a task fail, and write to each of some people, as often as there are tasks, on all hosts at once.

    :return: what became of the alerts, how many messages were admitted, and to how many people.
    """

    def work(pipe: Connection, number: int) -> None:
        state = RedisState(options)
        alerts, people = Alerts(state, 60.0), People(state, b"key", "server/1", per_person("3 per week"))
        pipe.recv()
        for task in range(TASKS):
            name = f"{number} {task}"
            alert = Alert(name.encode().ljust(64), b"g" * 16, b"r" * 16, "load failed")
            pipe.send(str(alerts.claim(alert, 600, 60).action))
            messages = [people.message(name, "", "channel", None, f"+7{one}") for one in range(PEOPLE)]
            pipe.send(sum(people.admit(messages)))

    hosts = [Host(work, number) for number in range(HOSTS)]
    for host in hosts:
        host.pipe.send(None)
    alerts, admitted = Counter[str](), 0
    for host in hosts:
        for _ in range(TASKS):
            alerts[host.pipe.recv()] += 1
            admitted += host.pipe.recv()
        host.kill()
    return alerts, admitted, PEOPLE
