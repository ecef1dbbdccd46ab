"""PostgreSQL and Redis, each on a free port of this machine, with a directory of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from demo.airflow import free_port
from demo.process import STOP_SECONDS, Process, stop_all, wait_until

START_SECONDS = 60
POSTGRES_USER = "postgres"
"""Whose PostgreSQL is where this is root, as whom it refuses to run: the user that Debian's package makes."""

INSTALLED = "/usr/lib/postgresql"
SETTINGS = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
FAST = ("fsync=off", "full_page_writes=off")
"""Settings that only a crash of the machine makes one regret."""

FASTER = ("synchronous_commit=off",)
"""What its own crash does."""


class Server:
    """A server that runs until the ``with`` block ends.

    :param name: what it is called.
    :param command: what starts it.
    :param log: the file for its output.
    :param address: what follows the scheme in its URL, password and all.
    :param answers: whether it does, at such an address.
    :param crash: the signal that ends it at once, without a word to its clients.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        log: Path,
        address: str,
        answers: Callable[[str], bool],
        crash: int,
    ) -> None:
        self.address = address
        self._name = name
        self._command = command
        self._log = log
        self._answers = answers
        self._crash = crash

    def __enter__(self) -> Server:
        self.process = self._launch()
        try:
            self._wait()
        except BaseException:
            stop_all([self.process])
            raise
        return self

    def __exit__(self, *error: object) -> None:
        stop_all([self.process])

    def restart(self) -> None:
        """Let it crash, and start it again on what it has kept."""
        os.kill(self.process.pid, self._crash)
        self.process.finish(time.monotonic() + STOP_SECONDS)
        self.process = self._launch()
        self._wait()

    def _launch(self) -> Process:
        return _launched(self._name, self._command, self._log)

    def _wait(self) -> None:
        wait_until(self._ready, timeout=START_SECONDS, what=self._name, every=0.05)

    def _ready(self) -> bool:
        self.process.check()
        return self._answers(self.address)


def missing_programs() -> list[str]:
    """Return which of the programs are not on this machine."""
    return [name for name, found in (("PostgreSQL", _postgres()), ("Redis", _redis())) if not found]


@contextmanager
def postgres(logs: Path, *, keeps: bool = False) -> Iterator[Server]:
    """Run a PostgreSQL with an empty database.

    :param logs: where its output goes.
    :param keeps: whether it keeps all that it has over a restart.
    """
    programs, port, password = Path(_postgres() or ""), free_port(), secrets.token_hex(16)
    with _private_directory() as directory:
        data, secret = directory / "data", directory / "password"
        secret.write_text(password)
        _hand_over(directory, secret)
        initdb = [str(programs / "initdb"), "--no-sync", "--no-locale", "--encoding=UTF8", f"--pgdata={data}"]
        access = ["--username=airflow", "--auth=scram-sha-256", f"--pwfile={secret}"]
        _run_to_end("initdb", [*_unprivileged(), *initdb, *access], logs / "initdb.log")
        settings = [*SETTINGS, *FAST, *(() if keeps else FASTER), f"port={port}"]
        command = [str(programs / "postgres"), "-D", str(data), *(f"--{each}" for each in settings)]
        address, log = f"airflow:{password}@127.0.0.1:{port}/postgres", logs / "postgres.log"
        # Its children are in sessions of their own: this signal it hands on.
        with Server(
            "PostgreSQL", [*_unprivileged(), *command], log, address, _connects, signal.SIGQUIT
        ) as server:
            yield server


@contextmanager
def broker(logs: Path, *, keeps: bool = False) -> Iterator[Server]:
    """Run an empty Redis.

    :param logs: where its output goes.
    :param keeps: whether it keeps what it has over a restart.
    """
    port, password = free_port(), secrets.token_hex(16)
    kept = {"save": '""', "appendonly": "yes" if keeps else "no"}
    settings = {"bind": "127.0.0.1", "port": port, "requirepass": password, **kept}
    with _private_directory() as directory:
        configuration = directory / "redis.conf"
        configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        command = [_redis() or "", str(configuration), "--dir", str(directory)]
        address, log = f":{password}@127.0.0.1:{port}/0", logs / "redis.log"
        with Server("Redis", command, log, address, _pongs, signal.SIGKILL) as server:
            yield server


def _postgres() -> str | None:
    """Return the directory of PostgreSQL's programs; on Debian it is not on the path."""
    found = sorted(Path(INSTALLED).glob("*/bin/initdb"), key=lambda program: float(program.parts[-3]))
    program = found[-1] if found else shutil.which("initdb")
    return str(Path(program).resolve().parent) if program else None


def _redis() -> str | None:
    return shutil.which("redis-server")


@contextmanager
def _private_directory() -> Iterator[Path]:
    """Make a directory whose parents everybody may enter, unlike pytest's."""
    directory = Path(tempfile.mkdtemp(prefix="wahelp-server-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _hand_over(*files: Path) -> None:
    for file in files:
        file.chmod(0o700 if file.is_dir() else 0o600)
        if os.geteuid() == 0:
            shutil.chown(file, POSTGRES_USER, POSTGRES_USER)


def _unprivileged() -> list[str]:
    """Return what a command of PostgreSQL begins with, so that it does not run as root."""
    if os.geteuid() != 0:
        return []
    who = (f"--reuid={POSTGRES_USER}", f"--regid={POSTGRES_USER}", "--clear-groups")
    return ["env", "--chdir=/", "setpriv", *who]


def _run_to_end(name: str, command: list[str], log: Path) -> None:
    process = _launched(name, command, log)
    try:
        wait_until(process.succeeded, timeout=START_SECONDS, what=name)
    finally:
        stop_all([process])


def _launched(name: str, command: list[str], log: Path) -> Process:
    return Process(name, command, log=log, env={**os.environ, "LC_ALL": "C"})


def _connects(address: str) -> bool:
    try:
        psycopg.connect(f"postgresql://{address}", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _pongs(address: str) -> bool:
    import redis

    try:
        with redis.Redis.from_url(f"redis://{address}") as client:
            return bool(client.ping())
    except redis.ConnectionError:  # also while it reads what it has kept
        return False
