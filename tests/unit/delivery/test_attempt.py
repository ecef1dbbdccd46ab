"""Which attempt of a task this is, read off the contexts of Airflow 2.11 and 3."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.attempt import Attempt, attempt_of
from airflow_provider_wahelp.delivery.ledger import FileLedger, TaskStateLedger, ledger_of

DUE = datetime(2026, 1, 15, 9, tzinfo=UTC)
STARTED = datetime(2026, 1, 15, 9, 0, 5, tzinfo=UTC)
RUNS = {
    "3": {"run_after": DUE, "logical_date": None, "start_date": STARTED},
    "2.11": {
        "data_interval_end": DUE,
        "logical_date": datetime(2026, 1, 14, 9, tzinfo=UTC),
        "start_date": STARTED,
    },
}


def context(try_number: int = 1, max_tries: int = 2, **run: Any) -> dict[str, Any]:
    ids = {"dag_id": "shop", "run_id": "manual__1", "task_id": "send", "map_index": 3}
    ti = SimpleNamespace(**ids, try_number=try_number, max_tries=max_tries)
    return {"ti": ti, "dag_run": SimpleNamespace(**run)}


@pytest.mark.parametrize("airflow", RUNS)
def test_a_first_attempt(airflow: str) -> None:
    attempt = attempt_of(context(**RUNS[airflow]), retries=2)
    assert attempt == Attempt(
        key="shop/manual__1/send/3",
        generation=2,
        repeated=False,
        cleared=False,
        renewed=False,
        earliest=DUE.timestamp(),
        run_started=STARTED.timestamp(),
    )


def test_a_retry_is_the_same_generation() -> None:
    first, retry = (attempt_of(context(number, **RUNS["3"]), retries=2) for number in (1, 2))
    assert (retry.repeated, retry.cleared) == (True, False)
    assert retry.generation == first.generation


@pytest.mark.parametrize(("retries", "tried"), [(0, 1), (2, 1), (2, 3)])
def test_a_clear_is_another_generation(retries: int, tried: int) -> None:
    first = attempt_of(context(1, retries), retries)
    cleared = attempt_of(context(tried + 1, tried + retries), retries)
    assert (cleared.repeated, cleared.cleared, cleared.renewed) == (True, True, True)
    assert cleared.generation != first.generation
    assert not first.renewed


def test_a_retry_after_a_clear_is_no_first_attempt_since() -> None:
    retry = attempt_of(context(3, 3), retries=2)
    assert (retry.cleared, retry.renewed) == (True, False)


def test_a_run_that_was_started_before_it_was_due() -> None:
    attempt = attempt_of(context(run_after=STARTED, start_date=DUE), retries=0)
    assert attempt.earliest == attempt.run_started == DUE.timestamp()


@pytest.mark.parametrize("run", [{}, {"start_date": None, "run_after": None}])
def test_a_run_without_times(run: dict[str, Any]) -> None:
    attempt = attempt_of(context(**run), retries=0)
    assert attempt.earliest == attempt.run_started == 0.0


def test_a_context_without_a_task_instance_is_a_first_attempt() -> None:
    assert attempt_of({}, retries=0) == Attempt("")


def test_numbers_that_are_missing() -> None:
    ti = SimpleNamespace(
        dag_id="shop", run_id="r", task_id="send", map_index=-1, try_number=None, max_tries=None
    )
    attempt = attempt_of({"ti": ti}, retries=0)
    assert attempt == Attempt("shop/r/send/-1")


def test_the_ledger_is_the_path_or_airflows_store_or_none() -> None:
    store = {"task_state_store": object()}
    assert isinstance(ledger_of(store, "file:///tmp/ledger"), FileLedger)
    assert isinstance(ledger_of(store, None), TaskStateLedger)
    assert ledger_of({}, "") is None
