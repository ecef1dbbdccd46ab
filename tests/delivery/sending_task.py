"""A rig to send on: a sandbox, faults, time that passes at once, and workers that die."""

from __future__ import annotations

import itertools
import json
import logging
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.server_clock import uptime
from airflow_provider_wahelp.delivery.ledger import Ledger, Record
from airflow_provider_wahelp.delivery.message.send import IdempotentSend
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.operators import SendMessageOperator
from airflow_provider_wahelp.sandbox import Sandbox
from tests.past import give_a_past

PHONES = tuple(f"+7916000000{number}" for number in range(4))
KILLS = ("before_begun", "after_begun", "before_post", "after_post", "before_done", "after_done")
KILLS_WITHOUT_LEDGER = ("before_post", "after_post")
TIMEOUT = 0.25
"""Seconds that a hasty host waits for an answer."""
SLOW: tuple[str, dict[str, Any]] = ("slow", {"seconds": 0.5})
"""A fault: an answer too late for a hasty host."""


class Killed(BaseException):
    """The worker is gone: nothing that catches exceptions catches this."""


class Store:
    """Airflow's task state store of one task instance: JSON in, JSON out."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.calls: list[str] = []

    def get(self, key: str) -> Any:
        self.calls.append("get")
        return json.loads(self.kept[key]) if key in self.kept else None

    def set(self, key: str, value: Any) -> None:
        self.calls.append("set")
        self.kept[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        self.calls.append("delete")
        self.kept.pop(key, None)


@dataclass(frozen=True)
class Doomed:
    """A ledger whose worker dies before or after a write of it.

    :param where: the channel whose writes are meant, where there are several.
    """

    ledger: Ledger
    kill: str
    where: str = ""

    def read(self, key: str) -> Record | None:
        return self.ledger.read(key)

    def write(self, key: str, record: Record) -> None:
        state = "done" if record.get("message") else "begun"
        self._die(f"before_{state}", key)
        self.ledger.write(key, record)
        self._die(f"after_{state}", key)

    def forget(self, key: str) -> None:
        self.ledger.forget(key)

    def _die(self, moment: str, key: str) -> None:
        if self.kill == moment and self.where in key:
            raise Killed(moment)


class Operator(SendMessageOperator):
    """The operator under test, in a worker that may die."""

    kill = ""
    where = ""

    def _idempotent_send(self, context: Any) -> IdempotentSend:
        send = super()._idempotent_send(context)
        return replace(send, ledger=send.ledger and Doomed(send.ledger, self.kill, self.where))


class Rig:
    """A sandbox with a channel and four people, as the tasks of one host see it.

    :param sandbox: a running sandbox; its server must be the one of ``wahelp_default``.
    :param directory: for the ledger of files.
    :param tokens: the directory that the tasks of the host share a token in.
    """

    def __init__(self, sandbox: Sandbox, directory: Path, tokens: Path | None = None) -> None:
        self.sandbox = sandbox
        self.ledger_path = f"file://{directory / 'ledger'}"
        self.struck: Counter[str] = Counter()
        self._tokens = tokens
        self._ahead = self._slept = 0.0
        channels, people = sandbox._state.channels, sandbox._state.people
        self.project_id = self.hook().create_project("Shop").id  # with it, the host has a token
        uuid = str(channels.create(self.project_id, {"name": "Support", "type": "whatsapp"})["uuid"])
        self.channel = {"project_id": self.project_id, "channel_uuid": uuid}
        sandbox.scan(uuid)
        self.users = [
            people.add(self.project_id, uuid, {"name": phone, "phone": phone})["id"] for phone in PHONES
        ]
        self.give_a_past(uuid)
        sandbox.clear_requests()

    def give_a_past(self, channel_uuid: str) -> None:
        """Let a channel be older than its first send."""
        give_a_past(self.sandbox, channel_uuid, 1200.0, self.sleep)

    def now(self) -> float:
        """Return the host's time: the real one and all that was slept."""
        return time.time() + self._ahead

    def uptime(self) -> float:
        """Return how long the host has been up, whatever its clock is set to."""
        return uptime() + self._slept

    def sleep(self, seconds: float) -> None:
        """Let time pass, at once."""
        self._ahead += seconds
        self._slept += seconds
        self.sandbox.advance(seconds)

    def hook(self, kill: str = "", conn_id: str = "wahelp_default", where: str = "") -> WahelpHook:
        """Return a hook as a new process has it, which may die with a send through some channel."""
        hook = WahelpHook(conn_id)
        client = hook.get_conn()
        client._retrying.sleep = self.sleep
        client._keeper._clock = client._keeper.server_clock._clock = self.now
        client._keeper.server_clock._uptime = self.uptime
        exchange = client._exchange

        def dying(call: Call[Any], token: str) -> Any:
            if "/send_message/" not in call.path or where not in call.path:
                return exchange(call, token)
            if kill == "before_post":
                raise Killed(kill)
            try:
                return exchange(call, token)
            finally:
                if kill == "after_post":
                    raise Killed(kill)

        client._exchange = dying  # type: ignore[method-assign]
        return hook

    @contextmanager
    def elsewhere(self, ahead: float) -> Iterator[None]:
        """Be another host, whose clock is so many seconds ahead."""
        self._ahead += ahead
        with mock.patch("socket.gethostname", return_value="elsewhere"):
            try:
                yield
            finally:
                self._ahead -= ahead

    def set_clock(self, ahead: float) -> None:
        """Set the host's clock ahead by so many seconds."""
        self._ahead += ahead

    def skew(self, seconds: float) -> None:
        """Let the server's clock be another, and the host forget what it knew of it."""
        self.sandbox.configure(clock_skew=seconds)
        if self._tokens:
            shutil.rmtree(self._tokens, ignore_errors=True)

    def calm(self) -> int:
        """Switch all faults off; return how often any struck."""
        struck: Counter[str] = Counter()
        for fault in self.sandbox.faults:
            struck[fault["fault"]] += fault["struck"]
        self.struck += struck
        self.sandbox.clear_faults()
        return struck.total()

    def delivered(self) -> Counter[str]:
        """Return how often each text has reached a phone."""
        lines = itertools.chain.from_iterable(self.sandbox.conversation(phone) for phone in PHONES)
        return Counter(line["text"] for line in lines if line["direction"] == "outgoing")

    @property
    def requests(self) -> list[str]:
        """Return the requests since they were forgotten last, shortened."""
        found = [f"{request['method']} {request['path']}" for request in self.sandbox.requests]
        return [request.split("/")[0] + request.split("/api/app/")[1].split("/")[-1] for request in found]

    def sends(self) -> int:
        """Return how many sends were posted."""
        return sum("/send_message/" in request["path"] for request in self.sandbox.requests)


_names = itertools.count(1)


@dataclass
class Task:
    """A task instance: it is attempted, killed, retried and cleared.

    :param rig: where.
    :param ledger: ``store``, ``file`` or ``none``.
    :param given: further arguments of the operator.
    """

    rig: Rig
    ledger: str = "store"
    given: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    run_id: str = "manual__1"
    retries: int = 3
    try_number: int = 0
    max_tries: int = -1
    store: Store = field(default_factory=Store)
    run_started: float = 0.0

    def __post_init__(self) -> None:
        self.name = f"send-{next(_names)}"
        self.text = self.text or f"Message of {self.name}"
        self.max_tries = self.retries if self.max_tries < 0 else self.max_tries
        self.run_due = self.run_started = self.rig.now()

    def attempt(self, kill: str = "", hook: WahelpHook | None = None) -> dict[str, Any]:
        """Run it once more: a new process, a new operator, a new hook."""
        self.try_number += 1
        operator = self.operator(kill)
        operator.__dict__["hook"] = hook = hook or self.rig.hook(kill)
        try:
            return operator.execute(self.context)
        finally:
            hook.close()

    def operator(self, kill: str = "", where: str = "") -> Operator:
        """Return the operator as a new process makes it, which may die."""
        given = {"user_id": self.rig.users[0], "daily_cap": None, **self.rig.channel, **self.given}
        if "phone" in given:
            del given["user_id"]
        if self.ledger == "file":
            given["ledger_path"] = self.rig.ledger_path
        operator = Operator(task_id=self.name, text=self.text, retries=self.retries, **given)
        operator.kill, operator.where = kill, where
        return operator

    def clear(self, *, running: bool = False) -> None:
        """Clear it, as somebody does in the UI; Airflow starts a run anew, unless it is running still."""
        self.max_tries = self.try_number + self.retries
        if not running:
            self.run_started = self.rig.now()

    @property
    def context(self) -> Any:
        """Return the part of Airflow's context that sending reads."""
        ti = SimpleNamespace(
            dag_id="shop",
            run_id=self.run_id,
            task_id=self.name,
            map_index=-1,
            try_number=self.try_number,
            max_tries=self.max_tries,
            xcom_push=lambda key, value: None,
        )
        run = SimpleNamespace(start_date=_date(self.run_started), run_after=_date(self.run_due))
        return {"ti": ti, "dag_run": run} | (
            {"task_state_store": self.store} if self.ledger == "store" else {}
        )


def as_kept(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a later attempt tells of a message: nothing of the person, nor any unknown field."""
    return {**{name: sent[name] for name in Message().to_dict()}, "user": None, "file_url": None}


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@contextmanager
def quiet() -> Iterator[None]:
    """Log nothing: ten thousand sends would be a hundred thousand lines."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def outcome(run: Callable[[], dict[str, Any]]) -> dict[str, Any] | BaseException:
    """Return what an attempt returns, or what it fails with."""
    try:
        return run()
    except (Exception, Killed) as error:  # noqa: BLE001 - a worker may fail with anything
        return error


def faulty_sends(default: int) -> int:
    """Return how many faulty sends are wanted."""
    return int(os.environ.get("WAHELP_FAULTY_SENDS") or default)


def moments(each: range) -> range:
    """Return the moments, or seeds, that a test goes through: all, or each so-and-so-many-th."""
    return each[:: int(os.environ.get("WAHELP_EVERY") or 1)]
