"""One call of a notifier: what is to be told, to whom, and what came of it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from airflow_provider_wahelp.client.errors import OutOfTimeError
from airflow_provider_wahelp.client.phones import normalise
from airflow_provider_wahelp.delivery.alert.recipients import AlertRecipient, Way
from airflow_provider_wahelp.delivery.alert.store import Alert, Alerts, Claim
from airflow_provider_wahelp.delivery.alert.throttle import Move, with_counts
from airflow_provider_wahelp.delivery.quiet_hours import QuietWindows
from airflow_provider_wahelp.notifications.default_text import label
from airflow_provider_wahelp.notifications.event import Event
from airflow_provider_wahelp.storage.directory import shared_directory
from airflow_provider_wahelp.storage.keys import digest_key, keyed_hash

if TYPE_CHECKING:
    from airflow_provider_wahelp.delivery.alert.sender import AlertSender


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notification:
    """An event, and everybody who is to be told of it.

    :param event: the event.
    :param text: the words.
    :param people: the people.
    :param conn_id: the connection.
    :param way: how it goes.
    :param window: for how many seconds a message silences its group.
    :param group: what it is throttled with; by default the same kind of event of the same task.
    :param quiet: the hours in which nobody is told; ``None`` for none.
    :param zone: the zone that times are told in.
    :param template: the words before they were rendered: a clock in them does not make another alert.
    """

    event: Event
    text: str = field(repr=False)
    people: Sequence[AlertRecipient]
    conn_id: str
    way: Way
    window: float
    group: str
    quiet: QuietWindows | None
    zone: ZoneInfo
    template: str = field(repr=False)

    async def run(self, seconds: float) -> list[tuple[AlertRecipient, Exception]]:
        """Tell everybody, all at once.

        :param seconds: how long that may take.
        :return: who was not told, or perhaps not told, and why.
        """
        end = asyncio.get_running_loop().time() + seconds
        alerts = Alerts(shared_directory())
        key = digest_key()
        async with AsyncExitStack() as stack:
            stack.callback(alerts.close)
            messenger = _Messenger(self, alerts, seconds, stack)
            told = [self._tell(person, self._alert(person, key), messenger, end) for person in self.people]
            outcomes = await asyncio.gather(*told, return_exceptions=True)
        paired = zip(self.people, outcomes, strict=True)
        return [(person, outcome) for person, outcome in paired if isinstance(outcome, Exception)]

    async def _tell(self, person: AlertRecipient, alert: Alert, messenger: _Messenger, end: float) -> None:
        lease = end - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(end):
                quiet = self._is_quiet(person)
                turn = await asyncio.to_thread(messenger.alerts.take, alert, self.window, lease, quiet=quiet)
                if turn.move is Move.LEAVE:
                    log.info("Nothing to tell %s: it was told before, or is being told now.", person)
                elif turn.move is Move.HOLD:
                    why = "quiet hours" if quiet else "throttle"
                    log.info(
                        "Held back for %s (%s): it is counted, and told with a later message.", person, why
                    )
                else:
                    await messenger.teller.tell(alert, person, turn, self._words(turn))
        except TimeoutError:
            raise OutOfTimeError(f"tell {person}") from None

    def _words(self, turn: Claim) -> str:
        now = datetime.fromtimestamp(turn.at, UTC)
        return with_counts(self.text, turn.more, turn.of_run, self.zone, now)

    def _is_quiet(self, person: AlertRecipient) -> bool:
        if not self.quiet:
            return False
        zones = self.quiet.zones(normalise(person.phone) if person.phone else "")
        return bool(self.quiet.closed([zones], datetime.fromtimestamp(time.time(), UTC)))

    def _alert(self, person: AlertRecipient, key: bytes) -> Alert:
        channel = self.way.channels[0] or ""
        number = normalise(person.phone) if person.phone else ""
        # A user belongs to a channel, a phone is the same person everywhere.
        whom = [self.conn_id, number or [str(person.user_id), channel]]
        event = self.event
        group = self.group or [event.dag_id, event.task_id]
        return Alert(
            key=_digest(key, "alert", whom, channel, event.identity, self.template),
            group=_digest(key, "group", whom, channel, event.kind, event.of_run, group),
            run=_digest(key, "run", whom, event.dag_id, event.run_id),
            label=label(event),
            closes=event.of_run,
        )


class _Messenger:
    """Connects to Wahelp once there is something to send: what is held back costs no HTTP library."""

    def __init__(self, errand: Notification, alerts: Alerts, seconds: float, stack: AsyncExitStack) -> None:
        self.alerts = alerts
        self._errand = errand
        self._seconds = seconds
        self._stack = stack

    @cached_property
    def teller(self) -> AlertSender:
        """What sends."""
        from airflow_provider_wahelp.delivery.alert.sender import AlertSender
        from airflow_provider_wahelp.notifications.hook import InterruptibleHook

        hook = InterruptibleHook(self._errand.conn_id, self._seconds)
        self._stack.push_async_callback(hook.close)
        return AlertSender(hook, self.alerts, self._errand.way)


def _digest(key: bytes, *parts: object) -> bytes:
    return keyed_hash(key, b"alerts", json.dumps(parts).encode()).digest()
