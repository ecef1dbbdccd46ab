"""One call of a notifier: its event, its text and its recipients; sent to all of them, in so many seconds."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.client.errors import OutOfTimeError
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, Channels
from airflow_provider_wahelp.delivery.alert.records import Subject
from airflow_provider_wahelp.delivery.alert.store import Action, Alert, Alerts, Claim, Held
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.language import Words, marked_many
from airflow_provider_wahelp.notifications.attachment import Attachment, once, read_attachment
from airflow_provider_wahelp.notifications.event import Event, Kind
from airflow_provider_wahelp.notifications.event_text import counted, names, shortened
from airflow_provider_wahelp.notifications.failed_tasks import FailedTask, Failures
from airflow_provider_wahelp.notifications.state import state_and_key
from airflow_provider_wahelp.notifications.threads import run_with_timeout
from airflow_provider_wahelp.storage.keys import keyed_hash

if TYPE_CHECKING:
    from airflow_provider_wahelp.delivery.alert.sender import AlertMessage, AlertSender
    from airflow_provider_wahelp.notifications.hook import InterruptibleHook

LONGEST = 4000
"""Characters: what messengers take in one message."""

_NAMED = 5  # labels that a summary names
_MORE = marked_many("and {count} more since {since}", "and {count} more since {since}")
_OTHERS = marked_many("{named} and {count} other", "{named} and {count} others")
_PATIENCE = 0.8  # of the time: to wait for the other alerts of the host; a send needs the rest
_TIDY_UP = 0.05  # of the time: to note what became of an alert, and to close the connections

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notification:
    """An event, and everything that is needed to send it to its recipients.

    :param text: makes its text, of event and zone in some words.
    :param language: the language of the text; ``None``: the connection's.
    :param conn_id: the id of the Airflow connection.
    :param region: the country of phones without a country code; ``None``: the connection's.
    :param window: for how many seconds a message silences its group; 0 for not at all.
    :param group: what it is throttled with; if empty, the same kind of event of the same task.
    :param quiet: the hours in which nothing is sent; ``None`` for none.
    :param failures: the tasks that have failed, if the run has.
    :param template: the text before it was rendered: a clock in it does not make another alert.
    :param only_news: whether it is left unsent if it has no more to say than others have said.
    :param file: the path of a file to send with it; nothing for none.
    """

    event: Event
    text: Callable[[Event, ZoneInfo, Words], str] = field(repr=False)
    recipients: Sequence[AlertRecipient]
    conn_id: str
    channels: Channels
    region: str | None
    window: float
    group: str
    quiet: QuietWindows | None
    zone: ZoneInfo
    template: str = field(repr=False)
    failures: Failures = field(default_factory=Failures)
    only_news: bool = False
    language: str | None = None
    file: Any = field(default=None, repr=False)

    def send_and_wait(self, deadline: float) -> None:
        """Send it to all recipients, from any thread; see :meth:`send`."""
        try:
            run_with_timeout(deadline - time.monotonic(), lambda: self.send(deadline))
        except TimeoutError:  # something blocks that cannot be broken off, such as a secrets backend
            raise OutOfTimeError(f"send to {', '.join(map(str, self.recipients))}") from None

    async def send(self, deadline: float) -> None:
        """Send it to all recipients at once.

        :param deadline: when this must be over, by ``time.monotonic()``.
        :raises Exception: if it was not sent to all, or perhaps not, with the others' errors as notes.
        """
        seconds = (deadline - time.monotonic()) * (1 - _TIDY_UP)
        end = asyncio.get_running_loop().time() + seconds
        state, key = await state_and_key(end - seconds * _PATIENCE / 2)
        async with AsyncExitStack() as stack:
            alerts = Alerts(state, locked=seconds * _PATIENCE)
            stack.enter_context(closing(alerts))

            @cache
            def hook() -> InterruptibleHook:
                from airflow_provider_wahelp.notifications.hook import InterruptibleHook

                made = InterruptibleHook(self.conn_id, seconds)
                stack.push_async_callback(made.close)
                return made

            @cache
            def sender() -> AlertSender:  # at the first message: what is held back costs no HTTP library
                from airflow_provider_wahelp.delivery.alert.sender import AlertSender

                return AlertSender(hook(), alerts, self.channels, (state, key))

            read = once(lambda: read_attachment(self.file, end - asyncio.get_running_loop().time()))
            recipients = await self._with_numbers(hook, end)
            sends = [self._send(who, alerts, key, sender, read, end) for who in recipients]
            outcomes = await asyncio.gather(*sends, return_exceptions=True)
        _raise_first(recipients, outcomes)

    async def _with_numbers(self, hook: Callable[[], InterruptibleHook], end: float) -> list[AlertRecipient]:
        """Return the recipients, each once. A phone without a plus may need the connection's region."""
        region = self.region
        if not region and any(who.needs_region for who in self.recipients):
            try:
                async with asyncio.timeout_at(end):
                    region = await hook().region()
            except TimeoutError:
                raise OutOfTimeError(f"send to {', '.join(map(str, self.recipients))}") from None
        return list(dict.fromkeys(who.with_number(region) for who in self.recipients))

    async def _send(
        self,
        who: AlertRecipient,
        alerts: Alerts,
        key: bytes,
        sender: Callable[[], AlertSender],
        read: Callable[[], Awaitable[Attachment]],
        end: float,
    ) -> None:
        alert = self._alert(who, key)
        lease = end - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(end):
                quiet = self._is_quiet(who)
                claim = await asyncio.to_thread(alerts.claim, alert, self.window, lease, quiet=quiet)
                if claim.action is Action.SKIP:
                    log.info("Nothing to send to %s: it was sent before, or is being sent now.", who)
                elif claim.action is Action.HOLD:
                    why = "quiet hours" if quiet else "throttle"
                    log.info("Held back for %s (%s): a later message will report it.", who, why)
                else:
                    silent = await asyncio.to_thread(self._silent, alerts, key)
                    news = bool(silent or claim.more or claim.of_run)
                    if self.only_news and not news and claim.action is Action.SEND:
                        return await asyncio.to_thread(alerts.leave_unsent, alert)
                    write = partial(self._message, await read(), silent, claim)
                    await sender().send(alert, who, claim, write)
        except TimeoutError:
            raise OutOfTimeError(f"send to {who}") from None

    def _message(
        self, file: Attachment, silent: Sequence[FailedTask], claim: Claim, language: str | None
    ) -> AlertMessage:
        """Return what is sent.

        :param silent: failed tasks to name at its end.
        :param language: the connection's.
        """
        from airflow_provider_wahelp.delivery.alert.sender import AlertMessage

        words = Words(self.language or language or "en")
        text = self.text(self.event, self.zone, words)
        lines = [*_silent_ones(silent, words), *_counts(claim, self.zone, words)]
        told = [*lines, file.lacking(words)] if file.why else lines
        return AlertMessage(
            with_lines(text, told), file.part, with_lines(text, [*lines, file.refused(words)])
        )

    def _silent(self, alerts: Alerts, key: bytes) -> list[FailedTask]:
        """Return the tasks whose own notifier was not called, as when Airflow 3 finds one killed."""
        own = [task for task in self.failures.tasks if task.notifies]
        return [task for task in own if not alerts.came_up(self._failure(key, task), self.failures.since)]

    def _failure(self, key: bytes, task: FailedTask) -> bytes:
        event = self.event
        return _digest(key, "event", Kind.FAILED, event.dag_id, event.run_id, task.task_id, task.map_index)

    def _is_quiet(self, who: AlertRecipient) -> bool:
        if not self.quiet:
            return False
        now = datetime.fromtimestamp(time.time(), UTC)
        return bool(self.quiet.closed([self.quiet.zones(who.phone)], now))

    def _alert(self, who: AlertRecipient, key: bytes) -> Alert:
        channel = self.channels.uuids[0] or ""
        # A user id belongs to a channel, a phone is the same person everywhere.
        whom = [self.conn_id, who.phone or [str(who.user_id), channel]]
        event = self.event
        group = self.group or [event.dag_id, event.task_id]
        return Alert(
            # In front: what the event is found by, whoever was told of it and how.
            key=_digest(key, "event", event.kind, event.dag_id, event.run_id, event.task_id, event.map_index)
            + _digest(key, "alert", whom, channel, event.identity, self.template),
            group=_digest(key, "group", whom, channel, event.kind, event.ends_run, group),
            run=_digest(key, "run", whom, event.dag_id, event.run_id),
            label=event.label,
            subject=Subject(event.dag_id, event.run_id, event.task_id, event.map_index),
            ends_run=event.ends_run,
        )


def _raise_first(recipients: Sequence[AlertRecipient], outcomes: Sequence[BaseException | None]) -> None:
    """Raise the first error, if there is one, with the others as its notes."""
    paired = zip(recipients, outcomes, strict=True)
    failed = [(who, error) for who, error in paired if isinstance(error, Exception)]
    for who, error in failed[1:]:
        failed[0][1].add_note(f"{who}: {error}")
    if failed:
        raise failed[0][1]


def with_lines(text: str, lines: Sequence[str]) -> str:
    """Return a text with lines that must not be cut off."""
    return "\n".join([shortened(text, LONGEST - sum(len(line) + 1 for line in lines)), *lines])


def _silent_ones(silent: Sequence[FailedTask], words: Words) -> Iterator[str]:
    if silent:
        tasks = names(silent, words)
        yield words.gettext("failed without an alert of its own, probably killed: {tasks}", tasks=tasks)


def _counts(claim: Claim, zone: ZoneInfo, words: Words) -> Iterator[str]:
    if claim.of_run:
        since = _since(claim.of_run, claim.at, zone, words)
        events = _summary(Counter(held.label for held in claim.of_run), words)
        yield words.gettext("held back in this run since {since}: {events}", since=since, events=events)
    if claim.more:
        since = _since(claim.more, claim.at, zone, words)
        yield words.ngettext(*_MORE, len(claim.more), since=since)


def _summary(labels: Mapping[str, int], words: Words) -> str:
    often = sorted(labels.items(), key=lambda entry: (-entry[1], entry[0]))
    named = ", ".join(counted(label, count, words) for label, count in often[:_NAMED])
    rest = sum(count for _, count in often[_NAMED:])
    return words.ngettext(*_OTHERS, rest, named=named) if rest else named


def _since(held: Sequence[Held], at: float, zone: ZoneInfo, words: Words) -> str:
    first, now = (datetime.fromtimestamp(moment, zone) for moment in (min(one.at for one in held), at))
    return f"{first:%H:%M}" if now - first < timedelta(hours=20) else words.time(first)


def _digest(key: bytes, *parts: object) -> bytes:
    return keyed_hash(key, b"alerts", json.dumps(parts).encode()).digest()
