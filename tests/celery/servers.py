"""PostgreSQL and Redis, each on a free port of this machine, with a directory of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from demo.airflow import free_port
from demo.process import Process, stop_all, wait_until

if TYPE_CHECKING:
    import redis

START_SECONDS = 60
POSTGRES_USER = "postgres"
"""Whose PostgreSQL is where this is root, as whom it refuses to run: the user that Debian's package makes."""

INSTALLED = "/usr/lib/postgresql"
SETTINGS = ("listen_addresses=127.0.0.1", "unix_socket_directories=")
UNSAFE_AND_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


@dataclass(frozen=True)
class Server:
    """A server that runs.

    :param address: what follows the scheme in its URL, password and all.
    :param process: the server.
    """

    address: str
    process: Process


def missing_programs() -> list[str]:
    """Return which of the programs are not on this machine."""
    return [name for name, found in (("PostgreSQL", _postgres()), ("Redis", _redis())) if not found]


@contextmanager
def postgres(logs: Path) -> Iterator[Server]:
    """Run a PostgreSQL with an empty database.

    :param logs: where its output goes.
    """
    programs, port, password = Path(_postgres() or ""), free_port(), secrets.token_hex(16)
    with _private_directory() as directory:
        data, secret = directory / "data", directory / "password"
        secret.write_text(password)
        _hand_over(directory, secret)
        initdb = [str(programs / "initdb"), "--no-sync", "--no-locale", "--encoding=UTF8", f"--pgdata={data}"]
        access = ["--username=airflow", "--auth=scram-sha-256", f"--pwfile={secret}"]
        _run_to_end("initdb", [*_unprivileged(), *initdb, *access], logs / "initdb.log")
        settings = [*SETTINGS, *UNSAFE_AND_FAST, f"port={port}"]
        command = [str(programs / "postgres"), "-D", str(data), *(f"--{each}" for each in settings)]
        address = f"airflow:{password}@127.0.0.1:{port}/postgres"
        with _running("postgres", [*_unprivileged(), *command], logs / "postgres.log") as process:
            wait_until(lambda: _answers(process, address), timeout=START_SECONDS, what="PostgreSQL")
            yield Server(address, process)


@contextmanager
def broker(logs: Path) -> Iterator[Server]:
    """Run an empty Redis, which keeps nothing.

    :param logs: where its output goes.
    """
    import redis

    port, password = free_port(), secrets.token_hex(16)
    settings = {"bind": "127.0.0.1", "port": port, "requirepass": password, "save": '""', "appendonly": "no"}
    with _private_directory() as directory:
        configuration = directory / "redis.conf"
        configuration.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        command = [_redis() or "", str(configuration), "--dir", str(directory)]
        with _running("redis", command, logs / "redis.log") as process:
            client = redis.Redis(port=port, password=password)
            wait_until(lambda: _pongs(process, client), timeout=START_SECONDS, what="Redis")
            client.close()
            yield Server(f":{password}@127.0.0.1:{port}/0", process)


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
    with _running(name, command, log) as process:
        wait_until(process.succeeded, timeout=START_SECONDS, what=name)


@contextmanager
def _running(name: str, command: list[str], log: Path) -> Iterator[Process]:
    process = Process(name, command, log=log, env={**os.environ, "LC_ALL": "C"})
    try:
        yield process
    finally:
        stop_all([process])


def _answers(process: Process, address: str) -> bool:
    process.check()
    try:
        psycopg.connect(f"postgresql://{address}", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _pongs(process: Process, client: redis.Redis) -> bool:
    import redis

    process.check()
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
