"""Runs a send that waits, in the worker or in the triggerer, in a time that passes at once."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_wahelp.delivery.message import poll_in_worker
from airflow_provider_wahelp.hooks import WahelpHook
from tests import timelapse
from tests.delivery.sending_task import PHONES, Killed, Operator, Rig, Task

MODES = ("worker", "triggerer")
INTERVAL = 20.0
FALLBACK_AFTER = 60.0
TIMEOUT = 300.0


@dataclass
class WaitingTask(Task):
    """A task instance that waits and falls back.

    :param mode: where it waits.
    :param second: the channel that it falls back to.
    :param linked: where its link leads last; empty before Airflow 3.1.
    """

    mode: str = "worker"
    second: str = ""
    waits: int = 0
    deferrals: list[TaskDeferred] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    by_trigger: list[str] = field(default_factory=list)
    pushed: dict[str, Any] = field(default_factory=dict)
    linked: str = ""

    def finish(self, kill: str = "", where: str = "") -> dict[str, Any]:
        """Attempt it once more, through all of its waits.

        :param kill: when the worker dies; ``waiting``: in its first wait.
        :param where: through which channel the send is then, where it matters.
        """
        self.try_number += 1
        self.waits = 0
        with self._process(kill, where) as (operator, context):
            try:
                return operator.execute(context)
            except TaskDeferred as deferred:
                waits = deferred
        while True:
            self.deferrals.append(waits)
            if kill == "waiting":
                raise Killed(kill)
            event = timelapse.run(self._event(waits))
            with self._process(kill, where) as (operator, context):
                # What Airflow keeps over a wait has been JSON; dag.test() keeps nothing but the event.
                kept = json.loads(json.dumps({"event": event}))
                self.events.append(kept)
                try:
                    return operator.resume_execution(waits.method_name, kept, context)
                except TaskDeferred as deferred:
                    waits = deferred

    @property
    def arrived(self) -> Counter[str]:
        """Return how often the text has been sent through each channel."""
        lines = [line for phone in PHONES for line in self.rig.sandbox.conversation(phone)]
        return Counter(line["channel_uuid"] for line in lines if line["text"] == self.text)

    @contextlib.contextmanager
    def _process(self, kill: str, where: str) -> Iterator[tuple[Operator, Any]]:
        operator = self.operator(kill, where)
        operator.deferrable = self.mode == "triggerer"
        hook: WahelpHook = self.rig.hook(kill, where=where)
        hook.get_conn()._retrying.sleep = lambda seconds: self._sleep(seconds, kill)  # type: ignore[assignment]
        operator.__dict__["hook"] = hook
        context = self.context
        context["ti"].xcom_push = self._push
        try:
            yield operator, context
        finally:
            hook.close()

    def _push(self, key: str, value: Any) -> None:
        if key == "wahelp_conversation_link":
            self.linked = value
        else:
            self.pushed[key] = value

    def _sleep(self, seconds: float, kill: str) -> None:
        if seconds >= INTERVAL:
            self.waits += 1
            if kill == "waiting":
                raise Killed(kill)
        self.rig.sleep(seconds)

    async def _event(self, waits: TaskDeferred) -> Any:
        """Run the trigger, made anew from what lies in the database, as often as a triggerer restarts."""
        path, arguments = waits.trigger.serialize()
        module, _, name = path.rpartition(".")
        while True:
            self.waits += 1
            assert self.waits < 40
            trigger = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
            seen = len(self.rig.sandbox.requests)
            running = asyncio.ensure_future(anext(aiter(trigger.run())))
            try:
                await asyncio.wait([running], timeout=0.5)  # the first look is at once
                asked = [f"{each['method']} {each['path']}" for each in self.rig.sandbox.requests[seen:]]
                self.by_trigger += asked
                if running.done():
                    return running.result().payload
            finally:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                    await running
            self.rig.sleep(INTERVAL)


@dataclass
class Case:
    """Makes waiting tasks of one mode, which have two channels."""

    rig: Rig
    mode: str
    first: str
    second: str

    def task(self, **given: Any) -> WaitingTask:
        """Return a task that falls back, unless it is told otherwise."""
        ledger = given.pop("ledger", "store")
        more = {name: given.pop(name) for name in ("text", "run_id", "retries", "store") if name in given}
        defaults = {
            "fallback": [self.second],
            "fallback_after": FALLBACK_AFTER,
            "wait_timeout": TIMEOUT,
            "poll_interval": INTERVAL,
            "phone": PHONES[0],
        }
        if "user_id" in given:
            del defaults["phone"]
        arguments = {name: value for name, value in {**defaults, **given}.items() if value is not None}
        if "fallback" not in arguments:
            arguments.pop("fallback_after", None)
        return WaitingTask(self.rig, ledger, arguments, mode=self.mode, second=self.second, **more)

    def lacks(self, *channels: str) -> None:
        """Let nobody have the messenger of these channels."""
        for channel in channels:
            self.rig.sandbox.inject(
                "success_false", path=f"*/{channel}/send_message/*", words="номер не зарегистрирован"
            )

    def never_delivers(self) -> None:
        """Let what is sent from now on stay ``sent``."""
        self.rig.sandbox.configure(delivered_after=None, read_after=None)

    def delivers(self, after: float = 10, read_after: float | None = None) -> None:
        """Let what is sent from now on arrive."""
        self.rig.sandbox.configure(delivered_after=after, read_after=read_after)

    def set_status(self, message_id: int, status: str) -> None:
        """Give a message some status."""
        self.rig.sandbox._state.messages._core.registry.messages[message_id].status = status  # type: ignore[assignment]


def hurry(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    """Let all clocks be the rig's."""
    from airflow_provider_wahelp.operators import messages as operators
    from airflow_provider_wahelp.triggers import messages

    for module in (operators, messages, poll_in_worker):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=rig.now))
