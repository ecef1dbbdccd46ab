"""The sandbox as a process: a Wahelp to talk to."""

from __future__ import annotations

import os
import re
import sys
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from demo.process import Process, stop_all, wait_until

START_SECONDS = 30


class Sandbox:
    """A sandbox on a free port of this machine. It may still be starting: who asks for its address waits."""

    def __init__(self, log: Path, *options: str) -> None:
        self.log = log
        self._options = options
        self._process: Process | None = None

    def __enter__(self) -> Sandbox:
        command = str(Path(sys.executable).with_name("wahelp-sandbox"))
        self._process = Process(
            "wahelp-sandbox",
            [command, "--host", "127.0.0.1", "--port", "0", *self._options],
            log=self.log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            stop_all([self._process])
            self._process = None

    @cached_property
    def url(self) -> str:
        """Where it is."""
        return wait_until(self._announced_url, timeout=START_SECONDS, what="the sandbox's address")

    def get(self, path: str) -> Any:
        """Ask the sandbox what it knows, which the real service would not tell."""
        answer = httpx.get(self.url + path, trust_env=False, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **body: Any) -> None:
        """Do what its page does with a button."""
        httpx.post(self.url + path, json=body, trust_env=False, timeout=10).raise_for_status()

    def check(self) -> None:
        """Raise unless it runs."""
        if self._process:
            self._process.check()

    def _announced_url(self) -> str | None:
        self.check()
        found = re.search(r"^Wahelp sandbox: (http://\S+)", self.log.read_text(), re.MULTILINE)
        return found and found[1]
