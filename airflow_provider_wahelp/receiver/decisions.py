"""Questions that were asked by phone, in Airflow's database, and the decision of one: once, or not at all."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow.models.hitl import HITLDetail  # isort: skip - the first one that Airflow 3.0 lacks: see `consumers`
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from fastapi import HTTPException
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from airflow_provider_wahelp.notifications.approval_record import XCOM_KEY, ApprovalRecord, code_of
from airflow_provider_wahelp.receiver.airflow_users import find_user, may_decide

log = logging.getLogger(__name__)

Decision = Literal["decided", "late", "refused"]

TOLD_WITHIN = timedelta(days=1)
"""So long after the decision somebody is told that their reply is late."""

_WAITING = {"awaiting_input", "deferred", "running", "queued", "scheduled"}
_CONFLICT = 409


@dataclass(frozen=True)
class Question:
    """A question, of one try of a task.

    :param is_open: whether it waits for a decision.
    :param decision: who has decided what, by name of the user, if one has.
    """

    ti_id: Any
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    is_open: bool
    record: ApprovalRecord
    decision: tuple[str, str] | None = None

    @property
    def code(self) -> str:
        """What a reply names it by."""
        return code_of(self.ti_id)


def questions(conn_ids: Collection[str]) -> dict[str, list[Question]]:
    """Return the questions that wait, or were decided a short time ago, by connection."""
    found: dict[str, list[Question]] = {conn_id: [] for conn_id in conn_ids}
    with create_session(scoped=False) as session:
        for each in _questions(session):
            if each.record.conn_id in found:
                found[each.record.conn_id].append(each)
    return found


def _questions(session: Session) -> Iterator[Question]:
    ti = TaskInstance
    of_ti = and_(
        XComModel.dag_id == ti.dag_id,
        XComModel.run_id == ti.run_id,
        XComModel.task_id == ti.task_id,
        XComModel.map_index == ti.map_index,
    )
    recent = or_(
        HITLDetail.responded_at.is_(None), HITLDetail.responded_at >= datetime.now(UTC) - TOLD_WITHIN
    )
    columns = ti.id, ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.state
    found = select(*columns, HITLDetail, XComModel.value).join(HITLDetail, HITLDetail.ti_id == ti.id)
    for row in session.execute(found.join(XComModel, of_ti).where(XComModel.key == XCOM_KEY, recent)):
        ti_id, dag_id, run_id, task_id, map_index, state, detail, value = row
        record = ApprovalRecord.read(_plain(value), ti_id)
        if record:
            is_open = detail.responded_at is None and state in _WAITING
            place = ti_id, dag_id, run_id, task_id, map_index
            yield Question(*place, is_open, record, _decision(detail))


def _decision(detail: HITLDetail) -> tuple[str, str] | None:
    by, chosen = detail.responded_by, detail.chosen_options
    if not by or not chosen:
        return None
    return str(by.get("name") or by["id"]), str(chosen[0])  # an id of FAB's is a number


def _plain(value: Any) -> Any:
    """Return an XCom's value: it is stored as JSON, or as JSON in a text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def decide(question: Question, option: str, user_name: str) -> Decision:
    """Decide a question as a user of Airflow, as the API would, in one transaction.

    :param option: one of the question's.
    """
    try:
        with create_session(scoped=False) as session:
            return _decide(session, question, option, user_name)
    except HTTPException as error:  # its words name the user
        log.warning("A reply did not decide task %s: the API says %d", question.task_id, error.status_code)
        return "late" if error.status_code == _CONFLICT else "refused"


def _decide(session: Session, question: Question, option: str, user_name: str) -> Decision:
    # Before anything is read: SQLite's lock for writing, or the row's, in the order in which Airflow takes
    # them. Airflow 3.1 and 3.2 take none, so two approvers at once would both have decided.
    own = TaskInstance.id == question.ti_id
    lock = update(TaskInstance).where(own).values(map_index=TaskInstance.map_index)
    session.execute(lock.execution_options(synchronize_session=False))
    # Columns, no objects: Airflow 3.2 would find its task without the question in this session then.
    asked = select(HITLDetail.options, HITLDetail.responded_at, TaskInstance.state)
    found = session.execute(
        asked.join(TaskInstance, own).where(HITLDetail.ti_id == question.ti_id)
    ).one_or_none()
    if found is None or found.responded_at is not None or found.state not in _WAITING:
        return "late"
    user = find_user(user_name)
    if user is None or not may_decide(user, question.dag_id) or option not in found.options:
        log.warning("A reply did not decide task %s: its user may not", question.task_id)
        return "refused"
    update_hitl_detail(
        dag_id=question.dag_id,
        dag_run_id=question.run_id,
        task_id=question.task_id,
        update_hitl_detail_payload=UpdateHITLDetailPayload(chosen_options=[option], params_input={}),
        user=user,
        session=session,
        map_index=question.map_index,
    )
    return "decided"
