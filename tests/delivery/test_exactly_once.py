"""Neither twice nor lost, whatever happens: sends through random faults, kills, retries and clears.

``WAHELP_FAULTY_SENDS=10000`` makes the long run 25 times as long.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from airflow_provider_wahelp.client.errors import (
    CredentialsError,
    RejectedError,
    UnknownOutcomeError,
    WahelpError,
)
from tests.delivery.sending_task import (
    KILLS,
    KILLS_WITHOUT_LEDGER,
    PHONES,
    SLOW,
    Killed,
    Rig,
    Task,
    faulty_sends,
    outcome,
    quiet,
)

Fault = tuple[str, dict[str, Any]]

FAULTS: tuple[Fault, ...] = (
    ("cut_before", {}),
    ("cut_before", {"reset": True}),
    ("cut_after", {}),
    ("cut_after", {"reset": True}),
    ("error_after", {"status": 500}),
    ("error_after", {"status": 502}),
    ("error_after", {"status": 504}),
    ("rate_limit", {}),
    ("rate_limit", {"retry_after": 2}),
    ("rate_limit", {"retry_after": 600}),
    ("unavailable", {}),
    ("unavailable", {"retry_after": 2}),
    ("success_false", {}),
    ("html", {}),
    ("truncated", {}),
    ("dead_token", {}),
)
OPERATIONS = ("send_message", "send_message", "send_message", "messages", "any")
SKEWS = (-120, 0, 120)
LAGS = (0, 0, 0, 1, 4, 9)


def kills_of(ledger: str) -> tuple[str, ...]:
    return KILLS_WITHOUT_LEDGER if ledger == "none" else KILLS


def with_channel_check(result: object) -> bool:
    """Return whether an attempt ended as one may: done, killed, refused, to be repeated, or unclear."""
    if isinstance(result, dict | Killed | UnknownOutcomeError | RejectedError | CredentialsError):
        return True  # credentials: the token that replaced a dead one died too
    # Whatever may be repeated is not handed to Airflow as a failure for good.
    return (
        isinstance(result, WahelpError) and result.temporary and not isinstance(result, AirflowFailException)
    )


class Sending:
    """One send after the other, each through faults of its own, from a seeded generator."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig = rig
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.faulty = 0
        self.texts: list[str] = []

    def send(self) -> None:
        """Send one message through faults, then calm down and try a last time."""
        self.rig.sandbox.configure(history_lag=self.random.choice(LAGS))
        ledger = self.random.choice(("store", "store", "file", "none"))
        user = self.random.randrange(len(PHONES))
        by_phone = {"phone": PHONES[user]} if self.random.random() < 0.1 else {}
        task = self.task(ledger, by_phone or {"user_id": self.rig.users[user]})
        self.texts.append(task.text)
        troubles = 0
        result: object = None
        for _ in range(self.random.randint(1, 3)):
            self._inject()
            kill = self.random.choice(kills_of(ledger)) if self.random.random() < 0.3 else ""
            result = outcome(lambda: task.attempt(kill))  # noqa: B023 - it is called at once
            assert with_channel_check(result), repr(result)
            self.outcomes[type(result).__name__] += 1
            self.kills[kill] += isinstance(result, Killed)
            troubles += self.rig.calm() + isinstance(result, Killed)
            if isinstance(result, AirflowFailException) or self.random.random() < 0.1:
                task.clear()
            elif isinstance(result, dict):
                break
            self.rig.sleep(self.random.choice((0, 1, 60)))
        self.finish(task)
        self.faulty += bool(troubles)

    def task(self, ledger: str, given: dict[str, Any]) -> Task:
        """Return what is to send."""
        return Task(self.rig, ledger, given)

    def finish(self, task: Task) -> None:
        """Attempt it for the last time, in peace."""
        assert task.attempt()["text"] == task.text

    def _inject(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            name, given = self.random.choice(FAULTS)
            if self.random.random() < 0.005:
                name, given = SLOW
            operation = self.random.choice(OPERATIONS)
            self.rig.sandbox.inject(name, operation=operation, count=self.random.randint(1, 4), **given)


@pytest.mark.usefixtures("hasty")
def test_thousands_of_faulty_sends(rig: Rig, record_property: Callable[[str, object], None]) -> None:
    wanted = faulty_sends(default=400)
    sending = Sending(rig, seed=wanted)
    begun = time.monotonic()
    with quiet():
        while sending.faulty < wanted:
            if len(sending.texts) % 50 == 0:
                rig.skew(sending.random.choice(SKEWS))
            sending.send()
    delivered = rig.delivered()
    counted = {
        "sends": len(sending.texts),
        "faulty": sending.faulty,
        "duplicates": sum(delivered[text] > 1 for text in sending.texts),
        "losses": sum(delivered[text] == 0 for text in sending.texts),
        "faults": dict(rig.struck),
        "kills": dict(+sending.kills),
        "outcomes": dict(sending.outcomes),
        "seconds": round(time.monotonic() - begun, 1),
    }
    record_property("counted", counted)
    print(counted)  # noqa: T201 - `pytest -s` shows it
    assert delivered == Counter(sending.texts)


class Sends(RuleBasedStateMachine):
    """Tasks that hypothesis attempts, kills and clears, in any order, while faults come and go.

    The model knows how often each text has to have arrived: once, and with ``on_rerun="resend"`` once more
    for each time that a task which had sent was cleared.
    """

    rig: Rig

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self.wanted: dict[str, int] = {}
        self.rig.calm()
        self.rig.sandbox.configure(history_lag=0)
        self.rig.skew(0)

    @rule(ledger=st.sampled_from(["store", "file", "none"]), rerun=st.sampled_from(["skip", "resend"]))
    def define(self, ledger: str, rerun: str) -> None:
        given = {"user_id": self.rig.users[len(self.tasks) % len(PHONES)], "on_rerun": rerun}
        task = Task(self.rig, ledger, given)
        self.tasks.append(task)
        self.wanted[task.text] = 1

    @rule(
        fault=st.sampled_from(FAULTS),
        operation=st.sampled_from(OPERATIONS),
        count=st.integers(min_value=1, max_value=5),
    )
    def go_wrong(self, fault: Fault, operation: str, count: int) -> None:
        self.rig.sandbox.inject(fault[0], operation=operation, count=count, **fault[1])

    @rule(lag=st.sampled_from(LAGS))
    def lag(self, lag: float) -> None:
        self.rig.sandbox.configure(history_lag=lag)

    @rule(data=st.data(), kill=st.sampled_from(["", *KILLS]))
    def attempt(self, data: st.DataObject, kill: str) -> None:
        if not self.tasks:
            return
        task = data.draw(st.sampled_from(self.tasks))
        result = outcome(lambda: task.attempt(kill if kill in kills_of(task.ledger) else ""))
        assert with_channel_check(result), repr(result)

    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        """Clear a task that has sent: its author wants to know that it has, so it is run in peace before."""
        if not self.tasks:
            return
        task = data.draw(st.sampled_from(self.tasks))
        self.rig.calm()
        task.attempt()
        self.rig.sleep(11)  # it takes a person a moment; until then the history has caught up
        task.clear()
        self.wanted[task.text] += task.given["on_rerun"] == "resend"

    @rule(seconds=st.sampled_from([1, 60, 3500]))
    def wait(self, seconds: float) -> None:
        self.rig.sleep(seconds)

    @invariant()
    def nobody_is_written_to_twice(self) -> None:
        delivered = self.rig.delivered()
        assert all(delivered[task.text] <= self.wanted[task.text] for task in self.tasks)

    def teardown(self) -> None:
        self.rig.calm()
        for task in self.tasks:
            assert task.attempt()["text"] == task.text
        delivered = self.rig.delivered()
        assert {task.text: delivered[task.text] for task in self.tasks} == self.wanted


@pytest.mark.parametrize("skew", SKEWS)
def test_in_any_order(rig: Rig, skew: float) -> None:
    class Skewed(Sends):
        def __init__(self) -> None:
            self.rig = rig
            super().__init__()
            rig.skew(skew)

    with quiet():
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            Skewed,
            settings=settings(
                max_examples=40,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
