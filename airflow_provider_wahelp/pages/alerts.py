"""The alerts that a reader may see, and the failures that nobody was told of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.delivery.alert.history import Fate, History, Remembered, history
from airflow_provider_wahelp.delivery.alert.records import Subject
from airflow_provider_wahelp.notifications.event import Kind
from airflow_provider_wahelp.pages.access import visible_dags, with_tasks
from airflow_provider_wahelp.storage.state.interface import StateAwayError
from airflow_provider_wahelp.storage.state.shared import shared_state

SECONDS = 3 * 86_400.0
"""So long an alert is shown: over a weekend."""

MOST = 200
"""Events on the page, the latest."""

_SILENT = "silent"
_GRACE = 120.0  # seconds in which a callback may still tell of a failure
_AWAY = "The shared state of [wahelp] state does not answer: what became of alerts is not known now."


@dataclass(frozen=True)
class Happened:
    """Something that has happened, and what became of its alerts.

    :param kind: what has happened, in a word or two.
    :param at: when it was, in seconds since 1970.
    :param fates: what became of how many alerts: one a recipient.
    """

    subject: Subject
    kind: str
    at: float
    fates: Counter[str]


def alerts(user: Any) -> dict[str, Any]:
    """Return what the page shows to a user: plain JSON values."""
    try:
        with closing(shared_state()) as state:
            known, shared = history(state, SECONDS), state.shared
    except (StateAwayError, WahelpError):
        return {"error": _AWAY, "shared": True, "totals": [], "alerts": []}
    visible = visible_dags(user)
    told = _told(each for each in known.alerts if each.subject.dag_id in visible)
    found = [*told, *_silent(visible, known)] if visible else []
    readable = with_tasks(user, {each.subject.dag_id for each in found})
    shown = sorted((each for each in found if each.subject.dag_id in readable), key=lambda each: -each.at)
    return {"error": "", "shared": shared, "totals": _totals(shown), "alerts": list(map(_view, shown[:MOST]))}


def _told(remembered: Iterable[Remembered]) -> Iterable[Happened]:
    """Bring together what is one event, whoever was to be told of it."""
    found: dict[tuple[Subject, str], Happened] = {}
    for each in remembered:
        before = found.get((each.subject, each.kind))
        fates = (before.fates if before else Counter[str]()) + Counter([str(each.fate)])
        kind = Kind[each.kind].value if each.kind in Kind.__members__ else each.kind.lower()
        found[each.subject, each.kind] = Happened(each.subject, kind, each.at, fates)
    return found.values()


def _silent(visible: Iterable[str], known: History) -> list[Happened]:
    """Return the tasks that have failed without an alert of their own, and without one of their run."""
    if known.since is None:  # alerts are not in use, so none is missed
        return []
    told = {each.subject for each in known.alerts if each.kind == Kind.FAILED.name}
    return [
        Happened(task, Kind.FAILED.value, at, Counter([_SILENT]))
        for task, at in _failed(visible, known.since, time.time() - _GRACE)
        if task not in told and Subject(task.dag_id, task.run_id) not in told
    ]


def _failed(visible: Iterable[str], since: float, until: float) -> list[tuple[Subject, float]]:
    names = ("dag_id", "run_id", "task_id", "map_index", "end_date")
    query = select(*(getattr(TaskInstance, name) for name in names)).where(
        TaskInstance.state == "failed",
        TaskInstance.dag_id.in_(visible),
        TaskInstance.end_date.between(_moment(since), _moment(until)),
    )
    with create_session(scoped=False) as session:
        rows = session.execute(query.order_by(TaskInstance.end_date.desc()).limit(MOST)).all()
    return [(Subject(*row[:-1]), row[-1].timestamp()) for row in rows]


def _totals(shown: Iterable[Happened]) -> list[tuple[str, int]]:
    """Return how many alerts were told, held back and so on; and failures that nobody was told of."""
    counted: Counter[str] = Counter({"told": 0, "held back": 0, _SILENT: 0})
    for each in shown:
        for fate, count in each.fates.items():
            counted["told" if fate == Fate.TOLD_LATER else fate] += count
    return list(counted.items())


def _view(event: Happened) -> dict[str, Any]:
    return {
        **asdict(event.subject),
        "kind": event.kind,
        "at": _moment(event.at).isoformat(timespec="seconds"),
        "silent": _SILENT in event.fates,
        "fates": list(event.fates.items()),
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
