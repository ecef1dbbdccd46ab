"""What is told of each task, run and file of DAGs, where the policy says so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client.masking import scrub
from airflow_provider_wahelp.delivery.alert.streaks import Streaks
from airflow_provider_wahelp.notifications.alert_settings import alert_settings
from airflow_provider_wahelp.notifications.event import Event, Kind, event_of
from airflow_provider_wahelp.notifications.wahelp import WahelpNotifier
from airflow_provider_wahelp.storage.cache import KeyValueCache
from airflow_provider_wahelp.storage.state.shared import remembering

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from airflow_provider_wahelp.notifications.notification import Notification

log = logging.getLogger(__name__)


class _Notifier(WahelpNotifier):
    """Sends an alert as the settings say. One object an alert: rendering changes it.

    :param change: what to make of the alert that a notifier of a DAG would send.
    """

    def __init__(self, change: Callable[[Notification], Notification]) -> None:
        settings = alert_settings()
        assert settings, "an alert of the policy without alert_to"  # noqa: S101 - the policy asks first
        self._change = change
        super().__init__(
            to=settings.to,
            throttle=float(settings.throttle) or None,
            quiet_hours=settings.quiet_hours or None,
            timezone=settings.timezone,
            wahelp_conn_id=settings.conn_id,
            timeout=float(settings.timeout),
            raise_on_error=True,
        )

    def _notification(self, context: Any, deadline: float) -> Notification:
        return self._change(super()._notification(context, deadline))


def task_failed(context: Any) -> None:
    """Tell of a task that has failed, and whether it has failed before."""

    def change(made: Notification) -> Notification:
        if made.event.kind is not Kind.FAILED:
            return made
        with _streaks() as streaks:
            streak = streaks.fail(_task(made.event), made.event.identity, _now(made.zone))
        return _of(made, replace(made.event, streak=streak))

    _tell(context, change)


def task_succeeded(context: Any) -> None:
    """Tell of a task that succeeds after it had failed."""
    with _logged(), _streaks() as streaks:
        event = event_of(context)
        streak = streaks.get(_task(event))
        if not streak:
            return

        def change(made: Notification) -> Notification:
            since = datetime.fromtimestamp(streak.since, made.zone)
            times = "once" if streak.failures == 1 else f"{streak.failures} times"
            reason = f"It had failed {times}, since {since:%d %b %H:%M}."
            return _of(made, replace(made.event, kind=Kind.RECOVERED, reason=reason))

        if _tell(context, change):
            streaks.end(_task(event))


def run_failed(context: Any) -> None:
    """Tell of a run that has failed what its tasks did not tell."""

    def change(made: Notification) -> Notification:
        told_by_tasks = made.event.reason == "task failure"
        return replace(made, window=0.0, only_news=told_by_tasks)

    _tell(context, change)


def file_broken(filename: str, stacktrace: str, *, new: bool) -> bool:
    """Tell of a file of DAGs that is broken, once until it is mended; return whether nothing is left to tell.

    :param filename: the file.
    :param stacktrace: why.
    :param new: whether it was not broken before; otherwise it is told only if that has failed until now.
    """
    with _logged(), _streaks() as streaks:
        subject = ["file", filename]
        if new:
            now = datetime.now(UTC)
            streaks.fail(subject, str(now), now)
        owed = streaks.get(subject)
        broken = {"filename": _name(filename), "stacktrace": stacktrace}
        told = not owed or _tell({"broken": {**broken, "since": owed.since}}, lambda made: made)
        if told:
            streaks.end(subject)
        return told
    return False


def _tell(context: Any, change: Callable[[Notification], Notification]) -> bool:
    """Send an alert; return whether that went well."""
    with _logged():
        _Notifier(change).notify(context)
        return True
    return False


@contextmanager
def _logged() -> Iterator[None]:
    """Log what goes wrong, and let it end nothing else."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a callback that raises fills the log with its locals
        words = scrub(" ".join([str(error), *getattr(error, "__notes__", [])]))
        log.warning("An alert of [wahelp] alert_to failed; nothing else is affected. %s", words)


def _of(made: Notification, event: Event) -> Notification:
    """Return an alert with another event, and the text of that."""
    return replace(made, event=event, text=event.default_text(datetime.now(UTC), made.zone))


@contextmanager
def _streaks() -> Iterator[Streaks]:
    state, key = remembering()
    streaks = Streaks(KeyValueCache(state), key)
    try:
        yield streaks
    finally:
        streaks.close()


def _task(event: Event) -> list[object]:
    return ["task", event.dag_id, event.task_id, event.map_index]


def _now(zone: ZoneInfo) -> datetime:
    return datetime.now(zone)


def _name(filename: str) -> str:
    """Return how a file is called in its folder of DAGs."""
    from airflow.providers.common.compat.sdk import conf

    folder = conf.get("core", "dags_folder", fallback="")
    path = Path(filename)
    return str(path.relative_to(folder)) if folder and path.is_relative_to(folder) else path.name
