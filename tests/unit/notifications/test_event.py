"""What is read from the contexts of Airflow's callbacks, and the default text of each."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_wahelp.notifications.event import Event, Kind, event_of
from airflow_provider_wahelp.notifications.event_text import default_text, shortened

NOW = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")


def context_of(task: Any = None, **fields: Any) -> dict[str, Any]:
    """Return the context of a task's callback."""
    known = {"dag_id": "shop", "run_id": "r1", "task_id": "load", "map_index": -1, "try_number": 1}
    return {"ti": SimpleNamespace(**{**known, **fields}), "task": task}


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        (context_of(state="failed"), Kind.FAILED),
        (context_of(state="upstream_failed"), Kind.FAILED),
        (context_of(state="up_for_retry"), Kind.RETRY),
        (context_of(state="success"), Kind.SUCCEEDED),
        (context_of(state="skipped"), Kind.SKIPPED),
        (context_of(state=SimpleNamespace(value="skipped")), Kind.SKIPPED),
        (context_of(state="running", start_date=NOW), Kind.RUNNING),
        ({**context_of(state="running", start_date=NOW), "exception": "boom"}, Kind.FAILED),
        (context_of(state=None, start_date=None), Kind.FAILED),
        (context_of(state=None, max_tries=1), Kind.RETRY),
        (context_of(state=None, max_tries=1, try_number=2), Kind.FAILED),
        (context_of(SimpleNamespace(subject="Pay?", options=["yes"]), start_date=NOW), Kind.ASKS),
        ({"deadline": {"id": 7}}, Kind.DEADLINE),
        ({"slas": [], "task_list": "load on Monday"}, Kind.SLA),
        ({"reason": "success"}, Kind.SUCCEEDED),
        ({"reason": "task_failure"}, Kind.FAILED),
        ({}, Kind.RUNNING),
    ],
)
def test_the_context_tells_what_has_happened(context: dict[str, Any], kind: Kind) -> None:
    assert event_of(context).kind is kind


@pytest.mark.parametrize("state", ["failed", "success"])
def test_only_the_callback_of_a_dag_ends_a_run(state: str) -> None:
    assert not event_of(context_of(state=state)).ends_run
    assert event_of({"reason": state}).ends_run
    assert not event_of({"deadline": {"id": 7}}).ends_run


def test_the_default_text_has_a_line_for_all_that_is_known() -> None:
    event = event_of(
        {**context_of(state="failed", max_tries=2, log_url="http://log"), "exception": KeyError(1)}
    )
    lines = ["Failed: shop, task load", "KeyError: 1", "Try 1 of 3, 22 Nov 22:05 MSK", "Run r1", "http://log"]
    assert default_text(event, NOW, MOSCOW).splitlines() == lines


@pytest.mark.parametrize(
    "told", [{}, {"exception": "{'DAG Id': 'shop', 'Task Id': 'load', 'Hostname': 'vm'}"}]
)
def test_a_lost_task_is_told_as_that(told: dict[str, Any]) -> None:
    """As Airflow 3 and Airflow 2 tell of it."""
    state = "up_for_retry" if told else None
    event = event_of({**context_of(state=state, max_tries=1), **told})
    assert default_text(event, NOW, MOSCOW).splitlines()[:2] == [
        "Failed, to be retried: shop, task load",
        "no exception: its process was killed or lost",
    ]


def test_the_default_text_leaves_out_what_is_not_known() -> None:
    assert default_text(event_of({}), NOW, MOSCOW) == "Running: a DAG\n22 Nov 22:05 MSK"
    assert (
        default_text(Event(Kind.FAILED, "shop", try_number=2), NOW, MOSCOW)
        .splitlines()[1]
        .startswith("Try 2, ")
    )


def test_a_deadline_is_told_with_its_own_time() -> None:
    at = {"id": 7, "deadline_time": "2026-11-22T10:00:00+00:00"}
    assert default_text(event_of({"deadline": at}), NOW, MOSCOW).splitlines()[1] == "22 Nov 13:00 MSK"
    assert event_of({"deadline": {**at, "deadline_time": "soon"}}).at is None


def test_the_same_callback_is_the_same_event_and_another_try_is_not() -> None:
    event = event_of(context_of(state="failed"))
    assert event.identity == event_of({**context_of(state="failed"), "exception": "boom"}).identity
    others = [
        {"try_number": 2},
        {"map_index": 3},
        {"run_id": "r2"},
        {"task_id": "check"},
        {"dag_id": "other"},
    ]
    identities = {event_of(context_of(**{"state": "failed", **other})).identity for other in others}
    assert len(identities - {event.identity}) == len(others)


def test_a_link_that_cannot_be_made_is_left_out() -> None:
    def broken(context: Any) -> str:
        raise LookupError

    task = SimpleNamespace(subject="Pay?", options=["yes"], generate_link_to_ui_from_context=broken)
    event = event_of(context_of(task, start_date=NOW))
    assert (event.reason, event.link) == ("Pay?", "")


def test_a_long_text_ends_with_an_ellipsis() -> None:
    assert shortened("x" * 200, 200) == "x" * 200
    assert shortened("one two", 5) == "one…"
