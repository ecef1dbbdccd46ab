"""Runs a question in the worker or in the triggerer, and lets people write to it while it waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.message.send import IdempotentSend
from airflow_provider_wahelp.operators import AskOperator
from airflow_provider_wahelp.sandbox.state.messages import Content
from tests.delivery.sending_task import PHONES, Doomed, Rig
from tests.delivery.waiting_task import INTERVAL, TIMEOUT, WaitingTask, hurry

QUESTION = "Придёте завтра в 10:00?"
ANSWERS = {"yes": ["приду"], "no": ["не приду"]}


class Operator(AskOperator):
    """The operator under test, in a worker that may die."""

    kill = ""
    where = ""

    def _idempotent_send(self, context: Any, recipient: Any) -> IdempotentSend:
        send = super()._idempotent_send(context, recipient)
        return replace(send, ledger=send.ledger and Doomed(send.ledger, self.kill, self.where))


@dataclass
class AskingTask(WaitingTask):
    """A task instance that asks."""

    branched: list[Any] = field(default_factory=list)

    def operator(self, kill: str = "", where: str = "") -> Any:
        """Return the operator as a new process makes it, which may die."""
        given = {"question": QUESTION, "answers": ANSWERS, **self.rig.channel, **self.given}
        if not {"phone", "phones", "user_id"} & set(given):
            given["phone"] = PHONES[0]
        if self.ledger == "file":
            given["ledger_path"] = self.rig.ledger_path
        operator = Operator(task_id=self.name, retries=self.retries, **given)
        operator.kill, operator.where = kill, where
        operator.do_branch = lambda context, ids: self.branched.append(ids)  # type: ignore[method-assign]
        return operator


@dataclass
class Talk:
    """Makes tasks that ask, in one mode, and people who write.

    :param ledger: where the tasks keep what they have sent.
    """

    rig: Rig
    mode: str
    ledger: str = "store"

    def task(self, **given: Any) -> AskingTask:
        """Return a task that asks the first person, unless it is told otherwise."""
        more = {name: given.pop(name) for name in ("run_id", "retries") if name in given}
        defaults = {"wait_timeout": TIMEOUT, "poll_interval": INTERVAL}
        return AskingTask(self.rig, self.ledger, {**defaults, **given}, mode=self.mode, **more)

    def after(self, seconds: float, what: Callable[[], object]) -> None:
        """Let something happen after some time."""
        core = self.rig.sandbox._state._core
        core.at(core.clock.now() + seconds, what)

    def writes(self, text: str, after: float = 0, person: int = 0, **more: Any) -> None:
        """Let a person write something, now or after some time."""
        channel = self.rig.channel["channel_uuid"]

        def write() -> None:
            # Not as a call of its own, which would do first what is due as well.
            self.rig.sandbox._state.messages._between(PHONES[person][1:], channel, Content(text, **more))

        if after:
            self.after(after, write)
        else:
            write()

    def got(self, person: int = 0) -> list[str]:
        """Return what has been sent to a person, apart from notices of calls."""
        lines = self.rig.sandbox.conversation(PHONES[person])
        sent = [line["text"] for line in lines if line["direction"] == "outgoing"]
        return [text for text in sent if not text.startswith("_")]


def hurried(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    """Let all clocks be the rig's."""
    from types import SimpleNamespace

    from airflow_provider_wahelp.operators import ask
    from airflow_provider_wahelp.triggers import answers

    hurry(monkeypatch, rig)
    for module in (ask, answers):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=rig.now))
