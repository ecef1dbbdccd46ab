"""A mailing task, on a rig where time passes at once and workers die."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.delivery.ledger import Ledger, Record
from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
from airflow_provider_wahelp.delivery.message.asking import Asking
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import SendMessagesOperator
from tests.delivery.sending_task import Doomed, Killed, Rig

from . import sending_task


class Killer:
    """Kills the worker at its n-th step; from then on nothing of it happens any more.

    :param steps: how many writes to the ledger and posts it lives for; ``None`` for ever.
    """

    def __init__(self, steps: int | None = None) -> None:
        self._left = steps
        self._lock = threading.Lock()

    @property
    def dead(self) -> bool:
        return self._left is not None and self._left <= 0

    def step(self) -> None:
        """Live for one more step, or die."""
        with self._lock:
            if self._left is not None:
                self._left -= 1
            if self.dead:
                raise Killed("at a step")


@dataclass(frozen=True)
class MortalLedger:
    """A ledger whose worker may die before and after each write."""

    ledger: Ledger
    reaper: Killer

    def read(self, key: str) -> Record | None:
        return self.ledger.read(key)

    def write(self, key: str, record: Record) -> None:
        self.reaper.step()
        self.ledger.write(key, record)
        self.reaper.step()

    def forget(self, key: str) -> None:
        self.reaper.step()
        self.ledger.forget(key)


class Operator(SendMessagesOperator):
    """The operator under test, on a rig.

    :ivar kill: when the worker dies that asks whether the mailing goes on.
    """

    rig: Rig
    reaper: Killer
    kill = ""

    def _asking(self, context: Any, held: Any) -> Asking:
        asking = super()._asking(context, held)
        ledger = asking.send.ledger and Doomed(asking.send.ledger, self.kill)
        return replace(asking, send=replace(asking.send, ledger=ledger))

    def _mailing(self, context: Any, *, resumed: bool) -> Mailing:
        mailing = super()._mailing(context, resumed=resumed)
        ledger = MortalLedger(mailing.ledger, self.reaper) if mailing.ledger else None
        return replace(mailing, ledger=ledger, clock=self.rig.now, sleep=self.rig.sleep)


def run(operator: SendMessagesOperator, context: Any = None, *, resumed: bool = False) -> Mapping[str, int]:
    """Run a mailing as Airflow does, which asks afterwards whether it was one."""
    context = {} if context is None else context
    totals = operator.resume(context) if resumed else operator.execute(context)
    operator.post_execute(context)  # Airflow 3.3 leaves out the result
    return totals


@dataclass
class MailingTask:
    """A mailing task: it is attempted, killed, retried, deferred and cleared.

    :param rig: where.
    :param rows: the recipients.
    :param ledger: ``store``, ``file`` or ``none``.
    :param given: further arguments of the operator.
    """

    rig: Rig
    rows: Any
    ledger: str = "store"
    given: dict[str, Any] = field(default_factory=dict)
    text: str = "{{ row.text }}"

    def __post_init__(self) -> None:
        self.task = sending_task.Task(self.rig, self.ledger)
        self.until: Any = None
        self.deferred = TaskDeferred(trigger=None, method_name="resume")

    def attempt(
        self, steps: int | None = None, *, resumed: bool = False, event: Any = None
    ) -> Mapping[str, int] | None:
        """Run it once more; return the totals, or ``None`` if it was deferred.

        :param event: what the trigger that it was deferred by has found.
        """
        self.task.try_number += not resumed
        reaper = Killer(steps)
        operator = self.operator(reaper)
        try:
            if not resumed:
                return run(operator, self.task.context)
            kept = json.loads(json.dumps({**(self.deferred.kwargs or {}), "event": event}))
            totals = operator.resume_execution(self.deferred.method_name, kept, self.task.context)
            operator.post_execute(self.task.context)
        except TaskDeferred as deferred:
            self.deferred, self.until = deferred, getattr(deferred.trigger, "moment", None)
            return None
        else:
            return cast("Mapping[str, int]", totals)
        finally:
            operator.hook.close()

    def resume(self) -> Mapping[str, int] | None:
        """Wake up when the task was deferred until."""
        self.rig.sleep(max(0.0, self.until.timestamp() - self.rig.now()))
        return self.attempt(resumed=True)

    def operator(self, reaper: Killer) -> Operator:
        """Return the operator as a new process has it."""
        given = {"pace": None, "daily_cap": None, "concurrency": 4, **self.rig.channel, **self.given}
        if self.ledger == "file":
            given["ledger_path"] = self.rig.ledger_path
        operator = Operator(
            task_id=self.task.name, recipients=self.rows, text=self.text, retries=self.task.retries, **given
        )
        operator.rig, operator.reaper = self.rig, reaper
        operator.__dict__["hook"] = self.hook(reaper)
        return operator

    def hook(self, reaper: Killer) -> WahelpHook:
        """Return a hook whose worker may die before and after each post."""
        hook = self.rig.hook()
        client = hook.get_conn()
        exchange = client._exchange

        def exchange_or_die(call: Call[Any], token: str) -> Any:
            if call.method == "GET":
                return exchange(call, token)
            reaper.step()
            try:
                return exchange(call, token)
            finally:
                reaper.step()

        client._exchange = exchange_or_die  # type: ignore[method-assign]
        return hook
