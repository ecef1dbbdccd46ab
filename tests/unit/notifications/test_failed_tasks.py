"""Which tasks of a run have failed, as the callback of a DAG is told it; real Airflow: tests/system."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.notifications.event_text import names
from airflow_provider_wahelp.notifications.failed_tasks import FailedTask, Failures, failures_of

STARTED = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
STATES = {"load_0": "success", "load_1": "failed", "load_2": "failed", "sum_1": "failed", "check": "success"}


class Notifier:
    """Tells of a failure."""

    tells_of_failures = True


@pytest.fixture(autouse=True)
def processor(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A DAG processor that knows the question."""
    module = ModuleType("processor")
    module.GetTaskStates = object  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "airflow.dag_processing.processor", module)
    return module


def failures(ask: Callable[..., Any] = lambda **_: {"r1": STATES}, reason: str = "task_failure") -> Failures:
    ti = SimpleNamespace(dag_id="shop", run_id="r1", task_id="load", map_index=2, get_task_states=ask)
    tasks = {"load": SimpleNamespace(on_failure_callback=[print, Notifier()]), "sum_1": SimpleNamespace()}
    context = {"ti": ti, "dag": SimpleNamespace(task_dict=tasks), "reason": reason}
    return failures_of({**context, "dag_run": SimpleNamespace(start_date=STARTED)}, 1.0)


LAST = (FailedTask("load", 2, notifies=True),)


def test_all_tasks_are_named_that_have_failed() -> None:
    load = [FailedTask("load", index, notifies=True) for index in (1, 2)]
    assert failures() == Failures((*load, FailedTask("sum_1")), STARTED.timestamp())


@pytest.mark.parametrize("reason", ["success", "timed_out", "all_tasks_deadlocked"])
def test_nobody_is_asked_where_no_task_has_failed(reason: str) -> None:
    def ask(**_: Any) -> Any:
        raise AssertionError

    assert failures(ask, reason) == Failures()


def test_without_an_answer_the_last_task_is_named() -> None:
    over = threading.Event()

    def refuses(**_: Any) -> Any:
        raise LookupError

    try:
        for ask in (refuses, lambda **_: over.wait(60), lambda **_: {}):
            assert failures(ask).tasks == LAST
    finally:
        over.set()


def test_a_processor_that_does_not_know_the_question_is_not_asked(processor: ModuleType) -> None:
    del processor.GetTaskStates
    assert failures().tasks == LAST


def test_a_loop_that_runs_is_not_kept_waiting() -> None:
    async def triggerer() -> Failures:
        return failures()

    assert asyncio.run(triggerer()).tasks == LAST


def test_before_airflow_3_nothing_needs_to_be_found_out() -> None:
    context = {"ti": SimpleNamespace(task_id="load", map_index=-1), "reason": "task_failure"}
    assert failures_of(context, 1.0) == Failures()


def test_many_names_are_some_and_a_number() -> None:
    assert names([FailedTask("load", 3), FailedTask("sum")]) == "load [3], sum"
    assert names([FailedTask(f"t{number}") for number in range(8)]) == "t0, t1, t2, t3, t4 and 3 others"
