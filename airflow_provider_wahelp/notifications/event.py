"""What has happened, read off the context of whatever callback it is, with whatever is missing there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote


class Kind(StrEnum):
    """What has happened, in a word."""

    FAILED = "failed"
    RETRY = "retry"
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    RUNNING = "running"
    ASKS = "asks"
    DEADLINE = "deadline missed"
    SLA = "SLA missed"


_BY_STATE = {
    "failed": Kind.FAILED,
    "upstream_failed": Kind.FAILED,
    "up_for_retry": Kind.RETRY,
    "success": Kind.SUCCEEDED,
    "skipped": Kind.SKIPPED,
}


@dataclass(frozen=True)
class Event:
    """Something that has happened to a task or a run.

    :param kind: what.
    :param dag_id: the DAG.
    :param run_id: the run.
    :param task_id: the task; empty where it is the run that it happened to.
    :param map_index: which of the mapped tasks; -1 if it is not mapped.
    :param try_number: the attempt; 0 where it is not known.
    :param tries: the attempts in all; 0 where it is not known.
    :param what: which occurrence, of those that have all of the above in common.
    :param reason: why, in one line.
    :param link: where to see more.
    :param at: when, where that is not now.
    """

    kind: Kind
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0
    tries: int = 0
    what: str = ""
    reason: str = ""
    link: str = ""
    at: datetime | None = None

    @property
    def of_run(self) -> bool:
        """Whether it is the end of a run."""
        return not self.task_id and self.kind in (Kind.FAILED, Kind.SUCCEEDED)

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells it from all others; the same callback, called twice, is the same event."""
        parts = (
            self.kind,
            self.dag_id,
            self.run_id,
            self.task_id,
            self.map_index,
            self.try_number,
            self.what,
        )
        return tuple(map(str, parts))


def event_of(context: Mapping[str, Any]) -> Event:
    """Read an event off a context.

    :param context: of a callback of a task or a DAG, of a deadline, or of a task that runs.
    """
    if context.get("deadline"):
        return _deadline(context)
    if "slas" in context:
        return _missed_slas(context)
    return _run(context) if "reason" in context else _task(context)


def _task(context: Mapping[str, Any]) -> Event:
    ti = context.get("ti") or context.get("task_instance")
    kind = _kind(ti, context)
    max_tries = _get(ti, "max_tries")
    return Event(
        kind=kind,
        dag_id=_ids(context)[0],
        run_id=_ids(context)[1],
        task_id=str(_get(ti, "task_id") or _get(context.get("task"), "task_id") or ""),
        map_index=_number(_get(ti, "map_index"), -1),
        try_number=_number(_get(ti, "try_number"), 0),
        tries=_number(max_tries, -1) + 1,
        reason=_question(context) if kind is Kind.ASKS else first_line(context.get("exception")),
        link=_safely(lambda: _link_of_task(context, ti, kind)),
    )


def _run(context: Mapping[str, Any]) -> Event:
    dag_id, run_id = _ids(context)
    reason = str(context.get("reason") or "")
    succeeded = reason == "success"
    return Event(
        kind=Kind.SUCCEEDED if succeeded else Kind.FAILED,
        dag_id=dag_id,
        run_id=run_id,
        what=str(_get(context.get("dag_run"), "clear_number") or 0),
        reason="" if succeeded else reason.replace("_", " "),
        link=_safely(lambda: _link_of_run(dag_id, run_id)),
    )


def _deadline(context: Mapping[str, Any]) -> Event:
    dag_id, run_id = _ids(context)
    deadline = context["deadline"]
    return Event(
        kind=Kind.DEADLINE,
        dag_id=dag_id,
        run_id=run_id,
        what=str(_get(deadline, "id") or ""),
        link=_safely(lambda: _link_of_run(dag_id, run_id)),
        at=_time(_get(deadline, "deadline_time")),
    )


def _missed_slas(context: Mapping[str, Any]) -> Event:
    tasks = str(context.get("task_list") or "").strip()
    return Event(kind=Kind.SLA, dag_id=_ids(context)[0], what=tasks, reason=", ".join(tasks.split("\n")))


def _kind(ti: Any, context: Mapping[str, Any]) -> Kind:
    state = _get(ti, "state")
    if known := _BY_STATE.get(str(getattr(state, "value", state))):
        return known
    if context.get("exception"):
        return Kind.FAILED
    task = context.get("task")
    if _get(task, "subject") and _get(task, "options"):  # a task that asks people (HITLOperator)
        return Kind.ASKS
    # A task that was killed is reported by the DAG processor, which knows neither its state nor its start.
    return Kind.RUNNING if ti is None or _get(ti, "start_date") else Kind.FAILED


def first_line(error: Any) -> str:
    """Return an exception in one line, without the secrets that Airflow knows.

    :param error: the exception; what Airflow calls so may be a text.
    """
    if error is None or error == "":
        return ""
    from airflow.providers.common.compat.sdk import redact

    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    name = "" if isinstance(error, str) else type(error).__name__
    return str(redact(": ".join(part for part in (name, words) if part)))


def _question(context: Mapping[str, Any]) -> str:
    return str(_get(context.get("task"), "subject") or "")


def _ids(context: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ids of DAG and run."""
    ti, run, dag = context.get("ti"), context.get("dag_run"), context.get("dag")
    dag_id = _get(ti, "dag_id") or _get(run, "dag_id") or _get(dag, "dag_id") or ""
    run_id = (
        context.get("run_id") or _get(ti, "run_id") or _get(run, "run_id") or _get(run, "dag_run_id") or ""
    )
    return str(dag_id), str(run_id)


def _link_of_task(context: Mapping[str, Any], ti: Any, kind: Kind) -> str:
    make = getattr(context.get("task"), "generate_link_to_ui_from_context", None)
    return str(make(context=context)) if kind is Kind.ASKS and make else str(_get(ti, "log_url") or "")


def _link_of_run(dag_id: str, run_id: str) -> str:
    from airflow.providers.common.compat.sdk import conf
    from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

    section, place = ("api", "runs/") if AIRFLOW_V_3_0_PLUS else ("webserver", "grid?dag_run_id=")
    base = conf.get(section, "base_url", fallback="")
    return f"{base.rstrip('/')}/dags/{dag_id}/{place}{quote(run_id)}" if base and dag_id and run_id else ""


def _safely(link: Callable[[], str]) -> str:
    try:
        return link()
    except Exception:  # noqa: BLE001 - an alert without a link is better than none
        return ""


def _get(thing: Any, name: str) -> Any:
    """Return a field of whatever Airflow has put into the context: an object, a dict, or nothing."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _time(value: Any) -> datetime | None:
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else None
