"""Neither twice nor lost, whatever the service's habits are: sends through faults, kills and retries.

``WAHELP_FAULTY_SENDS=10000`` makes the long run 50 times as long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.hooks import WahelpHook
from demo.process import wait_until
from tests.delivery.habits import AXES
from tests.delivery.sending_task import KILLS, KILLS_WITHOUT_LEDGER, PHONES, Killed, Rig, Task, outcome, quiet
from tests.delivery.sending_task import faulty_sends as wanted_sends

Fault = tuple[str, dict[str, Any]]

HASTE = 0.25
"""Seconds that a host waits for the answer to a slow send; that it arrives is waited for as long as ever."""
LOST: tuple[Fault, ...] = (
    ("cut_before", {}),
    ("cut_before", {"reset": True}),
    ("cut_after", {}),
    ("cut_after", {"reset": True}),
    *(("error_after", {"status": status}) for status in (408, 500, 502, 504)),
    *(("error_before", {"status": status}) for status in (408, 502, 503, 504)),
    ("error_after", {"status": 503, "retry_after": 5}),
    ("maintenance", {}),
    ("maintenance_after", {}),
    ("html", {}),
    ("truncated", {}),
)
SLOW: Fault = ("delayed", {"seconds": 45.0, "count": 1})
TEXTS = (
    "Ваш заказ {number} готов",
    "Anna &  «Olga» <{number}>: your cafe\u0301 table is ready ❤\ufe0f\n\n\nsee https://shop.example.com/o/{number}?a=1",
    "Код {number}\u00a0руб., к оплате 1\u202f500\u00a0₽",  # noqa: RUF001 - Russian
    "Order {number}. " + "A long story of it. " * 300,
    "{number}",
)
AGAIN = ("Доброе утро!", "👍")
"""Texts that people get again and again."""


class Service:
    """Sends to a service whose habits are drawn anew now and then.

    :param drawn: whether habits are drawn; otherwise they are those that production has shown.
    """

    def __init__(self, rig: Rig, seed: int, *, drawn: bool) -> None:
        self.rig = rig
        self.random = Random(seed)
        self.drawn = drawn
        self.habits: Mapping[str, Any] = {}
        self.slept = 0.0
        self.through: set[int] = set()
        self.sends = self.faulty = 0
        self.outcomes: Counter[str] = Counter()
        self.again: Counter[tuple[int, str, bool]] = Counter()
        self.wrong: list[tuple[str, Mapping[str, Any]]] = []

    def draw(self) -> None:
        """Draw a setting of each axis, half of them production's."""
        settings = [axis[0] if self.random.random() < 0.5 else self.random.choice(axis) for axis in AXES]
        self.habits = {name: value for setting in settings for name, value in setting.items()}
        self.rig.skew(self.random.choice((-120, 0, 0, 120)))  # and the host has learnt nothing yet
        self.rig.sandbox.set_habits("production")
        if self.drawn:
            self.rig.sandbox.set_habits(**self.habits)

    def send(self) -> None:
        """Send one message through faults and kills, then try twice without."""
        ledger = self.random.choice(("store", "store", "file", "none"))
        user = self.random.randrange(len(PHONES))
        again = self.random.random() < 0.2
        text = self.random.choice(AGAIN if again else TEXTS).format(number=1000 + self.sends)
        if again:
            self.rig.sleep(700)
        task = Task(self.rig, ledger, {"user_id": self.rig.users[user]}, text=text)
        result = self._attempted(task, ledger)
        self.outcomes[_name(result)] += 1
        if again:
            self.again[user, text, isinstance(result, dict)] += 1
        else:
            arrived = self._arrived(user, text, 20)
            if arrived != 1 and (arrived > 1 or isinstance(result, dict)):
                self.wrong.append((f"{arrived} times: {_name(result)}, {ledger}, {text[:20]}", self.habits))
        self.sends += 1
        self.rig.sleep(self.random.choice((0, 2, 30, 700)))

    def check_repeated(self) -> None:
        """Count what people got again and again: no less than was told, and no more than may have gone."""
        for user, text in {(user, text) for user, text, _ in self.again}:
            told, unclear = self.again[user, text, True], self.again[user, text, False]
            assert told <= self._arrived(user, text) <= told + unclear

    def _arrived(self, user: int, text: str, limit: int | None = None) -> int:
        return sum(line["text"] == text for line in self.rig.sandbox.conversation(PHONES[user], limit))

    def _attempted(self, task: Task, ledger: str) -> object:
        kills = KILLS_WITHOUT_LEDGER if ledger == "none" else KILLS
        for _ in range(self.random.randint(0, 2)):
            name, given = SLOW if self.random.random() < 0.03 else self.random.choice(LOST)
            given = {"count": self.random.randint(1, 3), **given}
            self.rig.sandbox.clear_requests()
            self.rig.sandbox.inject(name, operation="send_message", **given)
            if self.random.random() < 0.1:
                self.rig.sandbox.inject("error_before", operation="messages", status=502, count=9)
            kill = self.random.choice(kills) if self.random.random() < 0.3 else ""
            hook = self._hook(kill, slow=name == SLOW[0])
            result = outcome(lambda: task.attempt(kill, hook))  # noqa: B023 - it is called at once
            self._let_through()
            self.faulty += bool(self.rig.calm() or isinstance(result, Killed))
            if isinstance(result, dict):
                return result
            self.rig.sleep(self.random.choice((0, 1, 60)))
        for _ in range(2):
            result = outcome(lambda: task.attempt(hook=self.rig.hook()))
            if not isinstance(result, WahelpError):
                break
        return result

    def _hook(self, kill: str, *, slow: bool) -> WahelpHook:
        hook = self.rig.hook(kill)
        if slow:
            client = hook.get_conn()
            client.settings = replace(client.settings, send_timeout=HASTE)
            client._retrying.sleep = self._sleep
        return hook

    def _sleep(self, seconds: float) -> None:
        """Let time pass at once; what is carried out meanwhile takes real time."""
        while seconds > 0:
            step = min(seconds, 5.0)
            self.rig.sleep(step)
            seconds -= step
            self.slept += step
            if self.slept >= SLOW[1]["seconds"]:
                self._let_through()

    def _let_through(self) -> None:
        """Wait for what is under way to be carried out, after its time at the latest."""
        for fault in self.rig.sandbox.faults:
            if fault["fault"] == SLOW[0] and fault["struck"] and fault["id"] not in self.through:
                self.through.add(fault["id"])
                self.rig.sleep(max(0.0, SLOW[1]["seconds"] - self.slept))
                wait_until(self._is_through, timeout=60, what="a slow send", every=0.01)
        self.slept = 0.0

    def _is_through(self) -> bool:
        return any(each["fault"] == SLOW[0] for each in self.rig.sandbox.requests)


def _name(result: object) -> str:
    return "sent" if isinstance(result, dict) else type(result).__name__


@pytest.mark.parametrize("drawn", [True, False], ids=["any habits", "production"])
def test_neither_twice_nor_lost(
    rig: Rig, drawn: bool, record_property: Callable[[str, object], None]
) -> None:
    wanted = wanted_sends(default=120)
    service = Service(rig, wanted + drawn, drawn=drawn)
    with quiet():
        while service.faulty < wanted:
            if service.sends % 10 == 0:
                service.draw()
            service.send()
    counted = {"sends": service.sends, "faulty": service.faulty, **service.outcomes}
    record_property("counted", counted)
    print(counted)  # noqa: T201 - `pytest -s` shows it
    assert not service.wrong, "\n".join(map(repr, service.wrong))
    service.check_repeated()
    assert set(service.outcomes) <= {"sent", UnknownOutcomeError.__name__, "AirflowFailException"}
    assert service.outcomes["sent"] >= (0.3 if drawn else 0.99) * service.sends
