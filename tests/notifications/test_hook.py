"""A notifier takes no longer than its timeout, whatever the network does."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from airflow_provider_wahelp.notifications import WahelpNotifier

from .conftest import (
    OTHER,
    PHONE,
    SECONDS,
    SLACK,
    Rig,
    of_task,
    took,
)

Handler = Callable[[socket.socket], None]


@contextmanager
def server(handle: Handler) -> Iterator[str]:
    """Run a server that does to each connection what it is told to."""
    over = threading.Event()

    def serve(client: socket.socket) -> None:
        with client:
            try:
                handle(client)
                over.wait()
            except OSError:
                pass

    def accept() -> None:
        while not over.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)


def silent(client: socket.socket) -> None:
    client.recv(65_536)


def trickling(client: socket.socket) -> None:
    client.recv(65_536)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        client.sendall(b" ")
        time.sleep(0.05)


def failing(client: socket.socket) -> None:
    client.recv(65_536)
    client.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("handle", [silent, trickling, failing])
@pytest.mark.parametrize("to", [[PHONE], [301], [PHONE, OTHER, 301]], ids=["phone", "user", "many"])
def test_a_server_that_does_not_answer_as_it_should_costs_no_more_than_the_timeout(
    rig: Rig, task_log: Any, handle: Handler, to: list[Any]
) -> None:
    with server(handle) as url:
        rig.connect(url)
        notifier = WahelpNotifier(text="the blue door", to=to, timeout=SECONDS)
        assert took(lambda: notifier(of_task())) < SECONDS + SLACK
    log = task_log()
    assert "A notifier failed; nothing else is affected." in log
    assert not [secret for secret in (PHONE[2:], "blue door") if secret in log]


def test_a_server_that_is_down(rig: Rig, task_log: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    rig.connect(f"http://127.0.0.1:{port}")
    notifier = WahelpNotifier(phone=PHONE, timeout=SECONDS)
    assert took(lambda: notifier(of_task())) < SECONDS + SLACK
    assert "Wahelp could not be reached" in task_log()


def test_a_slow_server(rig: Rig, task_log: Any) -> None:
    WahelpNotifier(text="first", phone=PHONE)(of_task())
    rig.sandbox.inject("slow", operation="send_message", seconds=8)
    notifier = WahelpNotifier(text="second", phone=PHONE, timeout=SECONDS)
    assert took(lambda: notifier(of_task())) < SECONDS + SLACK
    rig.sandbox.clear_faults()
    WahelpNotifier(text="second", phone=PHONE)(of_task())  # it has arrived: the history tells
    assert rig.texts() == ["first", "second"]


def test_a_name_lookup_that_takes_for_ever(rig: Rig, monkeypatch: pytest.MonkeyPatch, task_log: Any) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(60))
    rig.connect("http://wahelp.test")
    notifier = WahelpNotifier(user_id=301, phone=None, timeout=SECONDS, throttle=60)
    try:
        assert took(lambda: notifier(of_task())) < SECONDS + SLACK
        # Whichever of two timeouts is noticed first.
        assert re.search("no connection to Wahelp in time|no time was left", task_log())
        assert took(lambda: notifier(of_task(map_index=1))) > 0.1  # the claim was given back
    finally:
        over.set()
