"""What an alert says where its author says nothing: a few lines, fit for a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from airflow_provider_wahelp.delivery.alert.throttle import cut
from airflow_provider_wahelp.notifications.event import Event, Kind

_LONGEST_REASON = 200
_HEADS = {
    Kind.FAILED: "Failed",
    Kind.RETRY: "Failed, to be retried",
    Kind.SUCCEEDED: "Succeeded",
    Kind.SKIPPED: "Skipped",
    Kind.RUNNING: "Running",
    Kind.ASKS: "Waiting for an answer",
    Kind.DEADLINE: "Deadline missed",
    Kind.SLA: "SLA missed",
}


def default_text(event: Event, now: datetime, zone: tzinfo) -> str:
    """Return a text that tells of an event.

    :param event: the event.
    :param now: the time, with a zone.
    :param zone: the zone to tell times in.
    """
    return "\n".join(line for line in _lines(event, (event.at or now).astimezone(zone)) if line)


def label(event: Event) -> str:
    """Return what an event is called in a summary of a run.

    :param event: the event.
    """
    return f"{event.task_id or event.dag_id} {event.kind}"


def _lines(event: Event, when: datetime) -> Iterator[str]:
    task = f", task {event.task_id}" if event.task_id else ""
    index = f" [{event.map_index}]" if event.map_index >= 0 else ""
    yield f"{_HEADS[event.kind]}: {event.dag_id or 'a DAG'}{task}{index}"
    yield cut(event.reason, _LONGEST_REASON)
    tries = f" of {event.tries}" if event.tries >= event.try_number else ""
    attempt = f"Try {event.try_number}{tries}, " if event.try_number else ""
    yield f"{attempt}{when:%d %b %H:%M %Z}"
    yield f"Run {event.run_id}" if event.run_id else ""
    yield event.link
