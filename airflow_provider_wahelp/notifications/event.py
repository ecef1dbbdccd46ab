"""What has happened, read from the context of any callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from airflow_provider_wahelp.delivery.alert.streaks import Streak
from airflow_provider_wahelp.language import marked
from airflow_provider_wahelp.notifications.failed_tasks import FailedTask, Failures
from airflow_provider_wahelp.notifications.short_links import short_link

_LOST = marked("no exception: its process was killed or lost")


class Kind(StrEnum):
    """What has happened, in a word or two."""

    FAILED = "failed"
    RETRY = "retry"
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    RUNNING = "running"
    ASKS = "asks"
    DEADLINE = "deadline missed"
    SLA = "SLA missed"
    RECOVERED = "recovered"
    BROKEN = "broken"


_BY_STATE = {
    "failed": Kind.FAILED,
    "upstream_failed": Kind.FAILED,
    "up_for_retry": Kind.RETRY,
    "success": Kind.SUCCEEDED,
    "skipped": Kind.SKIPPED,
}


@dataclass(frozen=True)
class Event:
    """Something that has happened to a task or to a run. What the context does not say is left empty.

    :param task_id: the task; empty where it has happened to the run.
    :param map_index: the index of a mapped task; -1 if the task is not mapped.
    :param try_number: the attempt, counted from 1.
    :param tries: the attempts in all.
    :param occurrence: tells apart events that have all of the above in common.
    :param reason: why it has happened, in one line, as Airflow, an exception or a :func:`marked` text has it.
    :param mute: the tasks that have failed, and have no notifier of their own.
    :param at: when it has happened; ``None`` for now.
    :param streak: what failures it belongs to; ``None`` where nobody counts them.
    """

    kind: Kind
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0
    tries: int = 0
    occurrence: str = ""
    reason: str = ""
    link: str = ""
    at: datetime | None = None
    streak: Streak | None = None
    mute: tuple[FailedTask, ...] = ()

    @property
    def ends_run(self) -> bool:
        """Whether it is the end of a run."""
        return not self.task_id and self.kind in (Kind.FAILED, Kind.SUCCEEDED)

    @property
    def identity(self) -> tuple[str, ...]:
        """The fields that identify it: the same callback, called twice, is the same event."""
        task = (self.dag_id, self.run_id, self.task_id, str(self.map_index), str(self.try_number))
        return (str(self.kind), *task, self.occurrence)

    @property
    def label(self) -> str:
        """The event as it is kept for a summary of its run, in no language."""
        return f"{self.kind.name} {self.task_id or self.dag_id}"

    def because_of(self, failures: Failures) -> Event:
        """Return the event with the tasks that have failed and have no notifier of their own."""
        return replace(self, mute=tuple(task for task in failures.tasks if not task.notifies))


def event_of(context: Mapping[str, Any]) -> Event:
    """Return the event that a callback is about.

    :param context: of a callback of a task or a DAG, of a deadline, or of a task that runs.
    """
    if context.get("deadline"):
        return _missed_deadline(context)
    if "slas" in context:
        return _missed_slas(context)
    if "broken" in context:
        return _broken(**context["broken"])
    return _run(context) if "reason" in context else _task(context)


def _task(context: Mapping[str, Any]) -> Event:
    ti = context.get("ti") or context.get("task_instance")
    dag_id, run_id = _ids(context)
    kind = _kind(ti, context)
    asked = str(_get(context.get("task"), "subject") or "")
    return Event(
        kind=kind,
        dag_id=dag_id,
        run_id=run_id,
        task_id=str(_get(ti, "task_id") or _get(context.get("task"), "task_id") or ""),
        map_index=_number(_get(ti, "map_index"), -1),
        try_number=_number(_get(ti, "try_number"), 0),
        tries=_number(_get(ti, "max_tries"), -1) + 1,
        reason=asked if kind is Kind.ASKS else _reason(ti, kind, context.get("exception")),
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
        occurrence=str(_get(context.get("dag_run"), "clear_number") or 0),
        reason="" if succeeded else reason.replace("_", " "),
        link=_safely(lambda: _link_of_run(dag_id, run_id)),
    )


def _missed_deadline(context: Mapping[str, Any]) -> Event:
    dag_id, run_id = _ids(context)
    deadline = context["deadline"]
    return Event(
        kind=Kind.DEADLINE,
        dag_id=dag_id,
        run_id=run_id,
        occurrence=str(_get(deadline, "id") or ""),
        link=_safely(lambda: _link_of_run(dag_id, run_id)),
        at=time_of(_get(deadline, "deadline_time")),
    )


def _missed_slas(context: Mapping[str, Any]) -> Event:
    tasks = str(context.get("task_list") or "").strip()
    reason = ", ".join(tasks.split("\n"))
    return Event(kind=Kind.SLA, dag_id=_ids(context)[0], occurrence=tasks, reason=reason)


def _broken(filename: str, stacktrace: str, since: float) -> Event:
    lines = [line for line in stacktrace.splitlines() if line.strip()]
    return Event(Kind.BROKEN, dag_id=filename, occurrence=str(since), reason=_first_line("".join(lines[-1:])))


def _kind(ti: Any, context: Mapping[str, Any]) -> Kind:
    state = _get(ti, "state")
    if known := _BY_STATE.get(str(getattr(state, "value", state))):
        return known
    if context.get("exception"):
        return Kind.FAILED
    task = context.get("task")
    if _get(task, "subject") and _get(task, "options"):  # a task that asks people (HITLOperator)
        return Kind.ASKS
    if ti is None or _get(ti, "start_date"):
        return Kind.RUNNING
    # The DAG processor reports a task that was killed: it knows neither the state nor the start of the task.
    return Kind.RETRY if _get(ti, "try_number") <= _number(_get(ti, "max_tries"), 0) else Kind.FAILED


def _reason(ti: Any, kind: Kind, error: Any) -> str:
    """Return why a task has failed. A lost one has no exception, or a dictionary (Airflow 2)."""
    is_unseen = not error and ti is not None and _get(ti, "state") is None
    is_lost = is_unseen or str(error).startswith("{'DAG Id': ")
    return _LOST if is_lost and kind in (Kind.FAILED, Kind.RETRY) else _first_line(error)


def _first_line(error: Any) -> str:
    """Return an exception in one line, without the secrets that Airflow knows. It may be a text."""
    if error is None or error == "":
        return ""
    from airflow.providers.common.compat.sdk import redact

    words = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    name = "" if isinstance(error, str) else type(error).__name__
    return str(redact(": ".join(part for part in (name, words) if part)))


def _ids(context: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ids of DAG and run."""
    ti, run = context.get("ti"), context.get("dag_run")
    dag_id = _get(ti, "dag_id") or _get(run, "dag_id") or _get(context.get("dag"), "dag_id")
    run_id = context.get("run_id") or _get(ti, "run_id") or _get(run, "run_id") or _get(run, "dag_run_id")
    return str(dag_id or ""), str(run_id or "")


def _link_of_task(context: Mapping[str, Any], ti: Any, kind: Kind) -> str:
    make = getattr(context.get("task"), "generate_link_to_ui_from_context", None)
    if kind is Kind.ASKS and make:
        link = str(make(context=context))
    else:
        link = short_link(str(_get(ti, "log_url") or ""), _get(ti, "id"))
    path, *rest = link.split("?", 1)  # in a query a plus is a space
    return "?".join([path.replace("%3A", ":").replace("%2B", "+"), *rest])


def _link_of_run(dag_id: str, run_id: str) -> str:
    from airflow.providers.common.compat.sdk import conf
    from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

    # In a path the time of a run needs no escapes, and the link is shorter on a phone.
    section, place, safe = (
        ("api", "runs/", ":+") if AIRFLOW_V_3_0_PLUS else ("webserver", "grid?dag_run_id=", ":")
    )
    base = conf.get(section, "base_url", fallback="")
    return (
        f"{base.rstrip('/')}/dags/{dag_id}/{place}{quote(run_id, safe=safe)}"
        if base and dag_id and run_id
        else ""
    )


def _safely(link: Callable[[], str]) -> str:
    try:
        return link()
    except Exception:  # noqa: BLE001 - an alert without a link is better than none
        return ""


def _get(thing: Any, name: str) -> Any:
    """Return a field of what Airflow has put into the context: an object, a mapping, or ``None``."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def time_of(value: Any) -> datetime | None:
    """Return a time with a zone, if it is one."""
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else None
