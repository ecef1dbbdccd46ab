"""The sandbox as something to send to: a process of its own on a free port of this machine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from demo.process import Process, stop_all, wait_until

_MODULE = "airflow_provider_wahelp.sandbox.cli"
START_SECONDS = 30
LATENCY = 0.05
"""Seconds that a call takes, where it is to take some."""
PEOPLE = 100
_QUICK = ("--activation-delay", "0", "--delivered-after", "never", "--read-after", "never")


class Server:
    """A sandbox that runs, and an account on it.

    :param url: its address.
    :param pid: its process.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._process = psutil.Process(pid)
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        answer = self.ask("POST", "/api/app/user/login", login="demo@example.com", password="demo")
        self.token = str(answer["data"]["access_token"])
        self._http.headers["Authorization"] = f"Bearer {self.token}"

    def close(self) -> None:
        """Let go of the connections to it."""
        self._http.close()

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask it something; return what it answers.

        :param method: the HTTP method.
        :param path: the path.
        :param body: the fields of the body.
        """
        answer = self._http.request(method, path, json=body or None)
        answer.raise_for_status()
        return answer.json()

    def channel(self, people: int = PEOPLE) -> Channel:
        """Return a new channel with people in it, and with no history.

        :param people: how many.
        """
        project = self._create("projects", name="Shop")["id"]
        uuid = self._create(f"projects/{project}/channels", name="Main", type="whatsapp")["uuid"]
        path = f"projects/{project}/channels/{uuid}"
        phones = (f"+7916{number:07}" for number in range(people))
        users = [self._create(f"{path}/users", name=phone, phone=phone)["id"] for phone in phones]
        return Channel(self.url, self.token, project, uuid, users)

    def texts(self) -> list[str]:
        """Return what has reached its phones, as often as it has."""
        phones: dict[str, Any] = self.ask("GET", "/sandbox/conversations")
        return [
            line["text"] for lines in phones.values() for line in lines if line["direction"] == "outgoing"
        ]

    def give_a_past(self, uuid: str) -> None:
        """Let somebody have written to a channel long ago: a history of new messages alone proves little.

        :param uuid: the channel.
        """
        for words in ("Good morning", "Are you open?"):
            self.ask("POST", "/sandbox/phones/79160000009/messages", text=words, channel_uuid=uuid)
            self.ask("POST", "/sandbox/clock/advance", seconds=300)

    def requests(self) -> list[dict[str, Any]]:
        """Return what it was asked."""
        found: list[dict[str, Any]] = self.ask("GET", "/sandbox/requests")
        return found

    def forget_requests(self) -> None:
        """Let it forget what it was asked."""
        self.ask("DELETE", "/sandbox/requests")

    def scan(self, uuid: str) -> None:
        """Make a channel active.

        :param uuid: the channel.
        """
        self.ask("POST", f"/sandbox/channels/{uuid}/scan")

    def log_out(self, uuid: str) -> None:
        """Make a channel inactive.

        :param uuid: the channel.
        """
        self.ask("POST", f"/sandbox/channels/{uuid}/log-out")

    def slow_down(self, seconds: float) -> None:
        """Let it answer each call later.

        :param seconds: how much later.
        """
        self.ask("POST", "/sandbox/faults", fault="slow", seconds=seconds)

    @property
    def cpu(self) -> float:
        """The seconds of CPU that it has used."""
        used = self._process.cpu_times()
        return used.user + used.system

    def _create(self, path: str, **fields: Any) -> Any:
        return self.ask("POST", f"/api/app/{path}", **fields)["data"]


@dataclass(frozen=True)
class Channel:
    """A channel and its people.

    :param url: the server.
    :param token: a token for it.
    :param project_id: the project.
    :param uuid: the channel.
    :param users: the ids of the people.
    :param extra: what else its connection says.
    """

    url: str
    token: str
    project_id: int
    uuid: str
    users: list[int]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where to send, without the user."""
        return f"api/app/projects/{self.project_id}/channels/{self.uuid}/send_message"

    @property
    def connections(self) -> dict[str, str]:
        """The Airflow connections to it, as the environment spells them."""
        ours = {"login": "demo@example.com", "password": "demo", "conn_type": "wahelp", "host": self.url}
        extra = {"project_id": self.project_id, "channel_uuid": self.uuid, **self.extra}
        return {
            "AIRFLOW_CONN_WAHELP_DEFAULT": json.dumps({**ours, "extra": extra}),
            "AIRFLOW_CONN_HTTP_DEFAULT": json.dumps({"conn_type": "http", "host": self.url}),
        }


@contextmanager
def running(*options: str) -> Iterator[Server]:
    """Run a sandbox; it is stopped in any case.

    :param options: what it is told beside what all are.
    """
    command = [sys.executable, "-m", _MODULE, "--port", "0", *_QUICK, *options]
    with announced("sandbox", command) as (url, pid):
        server = Server(url, pid)
        yield server
        server.close()


@contextmanager
def announced(name: str, command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run a server that says where it is, in a process of its own; it is stopped in any case.

    :param name: what it is called.
    :param command: what runs it.
    :return: its address, and its process.
    """
    with TemporaryDirectory(prefix="wahelp-bench-") as directory:
        process = Process(name, command, log=Path(directory) / "log", env=os.environ)
        try:
            url = wait_until(lambda: _address(process), timeout=START_SECONDS, what=f"the address of {name}")
            yield url, process.pid
        finally:
            stop_all([process])


def _address(process: Process) -> str | None:
    process.check()
    words = process.log.read_text().split()
    return next((word for word in words if word.startswith("http://")), None)
