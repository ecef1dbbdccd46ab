"""The mailings that a user may see, as their tasks tell of them in XComs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import and_, select

from airflow_provider_wahelp.delivery.mailing.figures import counts, mapping
from airflow_provider_wahelp.delivery.mailing.overview import OVERVIEW
from airflow_provider_wahelp.delivery.mailing.replies import REPLIES
from airflow_provider_wahelp.pages.access import visible_dags, with_xcoms

MOST = 50
"""Mailings on a page, the latest."""

_SAME_TASK = and_(
    *(
        getattr(XComModel, each) == getattr(TaskInstance, each)
        for each in ("dag_id", "run_id", "task_id", "map_index")
    )
)


@dataclass(frozen=True)
class Mailing:
    """A mailing, as its task has told of it last.

    :param state: the task's.
    :param told: what the task told.
    :param replies: how many have answered and so on, where a task of the same run tells.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str
    told: Mapping[str, Any] = field(repr=False)
    replies: Mapping[str, int] = field(default_factory=dict)

    @property
    def under_way(self) -> bool:
        """Whether more is to come of it."""
        return self.state in {"running", "deferred", "up_for_retry", "queued", "scheduled", "restarting"}


def mailings(user: Any, only: Mapping[str, Any] | None = None) -> list[Mailing]:
    """Return the latest mailings that a user may see, the latest first.

    :param only: columns and values of those that are asked for, e.g. a task's.
    """
    if not (dag_ids := visible_dags(user)):
        return []
    query = select(XComModel, TaskInstance.state).join(TaskInstance, _SAME_TASK)
    query = query.where(XComModel.key == OVERVIEW, XComModel.dag_id.in_(dag_ids))
    for name, value in (only or {}).items():
        query = query.where(getattr(XComModel, name) == value)
    with create_session(scoped=False) as session:
        rows = session.execute(query.order_by(XComModel.timestamp.desc()).limit(MOST)).all()
        readable = with_xcoms(user, {row.dag_id for row, _ in rows})
        found = [(row, state) for row, state in rows if row.dag_id in readable]
        replies = _replies(session, {(row.dag_id, row.run_id) for row, _ in found})
        return [_mailing(row, state, replies) for row, state in found]


def _mailing(row: Any, state: str | None, replies: Mapping[Any, Mapping[str, int]]) -> Mailing:
    told = mapping(XComModel.deserialize_value(row))
    answered = replies.get((row.dag_id, row.run_id, told.get("report")), {})
    return Mailing(row.dag_id, row.run_id, row.task_id, row.map_index, str(state or ""), told, answered)


def _replies(session: Any, runs: set[tuple[str, str]]) -> dict[Any, Mapping[str, int]]:
    """Return what became of replies, by DAG, run and the report of the mailing."""
    if not runs:
        return {}
    dags, names = ({run[place] for run in runs} for place in (0, 1))
    query = select(XComModel).where(
        XComModel.key == REPLIES, XComModel.dag_id.in_(dags), XComModel.run_id.in_(names)
    )
    found: dict[Any, Mapping[str, int]] = {}
    for row in session.scalars(query):
        told = mapping(XComModel.deserialize_value(row))
        found[row.dag_id, row.run_id, told.get("report")] = counts(told.get("totals"))
    return found
