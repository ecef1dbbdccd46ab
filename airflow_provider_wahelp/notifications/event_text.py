"""An event in a few lines fit for a phone, and in a summary, in the language of who reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from airflow_provider_wahelp.language import ENGLISH, Words, marked, marked_many
from airflow_provider_wahelp.notifications.event import Event, Kind, time_of
from airflow_provider_wahelp.notifications.failed_tasks import FailedTask

_LONGEST_REASON = 200
_NAMED = 5  # tasks
_HEADS = {
    Kind.FAILED: marked("Failed"),
    Kind.RETRY: marked("Failed, to be retried"),
    Kind.SUCCEEDED: marked("Succeeded"),
    Kind.SKIPPED: marked("Skipped"),
    Kind.RUNNING: marked("Running"),
    Kind.ASKS: marked("Waiting for an answer"),
    Kind.DEADLINE: marked("Deadline missed"),
    Kind.SLA: marked("SLA missed"),
    Kind.RECOVERED: marked("Recovered"),
    Kind.BROKEN: marked("Broken"),
}
_COUNTED = {
    Kind.FAILED: marked_many("{name} failed ({count})", "{name} failed ({count})"),
    Kind.RETRY: marked_many("{name} retry ({count})", "{name} retry ({count})"),
    Kind.SUCCEEDED: marked_many("{name} succeeded ({count})", "{name} succeeded ({count})"),
    Kind.SKIPPED: marked_many("{name} skipped ({count})", "{name} skipped ({count})"),
    Kind.RUNNING: marked_many("{name} running ({count})", "{name} running ({count})"),
    Kind.ASKS: marked_many("{name} asks ({count})", "{name} asks ({count})"),
    Kind.DEADLINE: marked_many("{name} deadline missed ({count})", "{name} deadline missed ({count})"),
    Kind.SLA: marked_many("{name} SLA missed ({count})", "{name} SLA missed ({count})"),
    Kind.RECOVERED: marked_many("{name} recovered ({count})", "{name} recovered ({count})"),
    Kind.BROKEN: marked_many("{name} broken ({count})", "{name} broken ({count})"),
}
_OF_AIRFLOW = (marked("task failure"), marked("timed out"), marked("all tasks deadlocked"))
"""Why a run has failed, as Airflow calls it."""


def default_text(event: Event, now: datetime, zone: tzinfo, words: Words = ENGLISH) -> str:
    """Return what an alert says if its author has written no text.

    :param now: the time, with a zone.
    """
    return "\n".join(line for line in _lines(event, (event.at or now).astimezone(zone), words) if line)


def shortened(text: str, longest: int) -> str:
    """Return a text that has at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def names(tasks: Sequence[FailedTask], words: Words = ENGLISH) -> str:
    """Return the names of some tasks, and how many others there are."""
    others = len(tasks) - _NAMED
    named = ", ".join(map(str, tasks[:_NAMED]))
    if others <= 0:
        return named
    return words.ngettext("{named} and {count} other", "{named} and {count} others", others, named=named)


def counted(label: str, count: int, words: Words) -> str:
    """Return how often an event has happened, for a summary.

    :param label: the event's.
    """
    kind, _, name = label.partition(" ")
    return words.ngettext(*_COUNTED[Kind[kind]], count, name=name)


def _lines(event: Event, when: datetime, words: Words) -> Iterator[str]:
    yield f"{_head(event, words)}: {_subject(event, words)}"
    yield shortened(_reason(event, when.tzinfo, words), _LONGEST_REASON)
    yield ", ".join(part for part in (_attempt(event, words), words.time(when, zone=True)) if part)
    yield words.gettext("Run {run}", run=event.run_id) if event.run_id else ""
    yield event.link


def _head(event: Event, words: Words) -> str:
    if not event.streak or event.streak.failures == 1 or event.kind is not Kind.FAILED:
        return words.gettext(_HEADS[event.kind])
    days = event.streak.days
    return words.gettext("Failed again (day {day})", day=days) if days > 1 else words.gettext("Failed again")


def _subject(event: Event, words: Words) -> str:
    index = f" [{event.map_index}]" if event.map_index >= 0 else ""
    dag = event.dag_id or words.gettext("a DAG")
    if not event.task_id:
        return f"{dag}{index}"
    return words.gettext("{dag}, task {task}", dag=dag, task=event.task_id) + index


def _reason(event: Event, zone: tzinfo | None, words: Words) -> str:
    if event.kind is Kind.SLA:
        return ", ".join(_late(task, zone, words) for task in event.reason.split(", "))
    if event.kind is Kind.RECOVERED and event.streak:
        since = words.time(datetime.fromtimestamp(event.streak.since, zone))
        once, often = marked_many(
            "It had failed once, since {since}.", "It had failed {count} times, since {since}."
        )
        return words.ngettext(once, often, event.streak.failures, since=since)
    reason = words.quoted(event.reason)
    return f"{reason}: {names(event.mute, words)}" if event.mute else reason


def _late(task: str, zone: tzinfo | None, words: Words) -> str:
    """Return which task is late, and since when: Airflow 2 tells both in one line."""
    name, _, at = task.rpartition(" on ")
    moment = time_of(at)
    return f"{name} ({words.time(moment.astimezone(zone))})" if name and moment else task


def _attempt(event: Event, words: Words) -> str:
    if not event.try_number:
        return ""
    if event.tries < event.try_number:
        return words.gettext("Try {number}", number=event.try_number)
    return words.gettext("Try {number} of {tries}", number=event.try_number, tries=event.tries)
