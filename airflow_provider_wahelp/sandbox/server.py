"""The sandbox as a running server."""

from __future__ import annotations

import socket
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from airflow_provider_wahelp.sandbox.app import create_app
from airflow_provider_wahelp.sandbox.connection import CuttableConnection
from airflow_provider_wahelp.sandbox.faults.fault import define
from airflow_provider_wahelp.sandbox.phones import digits
from airflow_provider_wahelp.sandbox.state import State
from airflow_provider_wahelp.sandbox.storage import Storage

if TYPE_CHECKING:
    from types import TracebackType

    from airflow_provider_wahelp.sandbox.options import SandboxOptions


class Sandbox:
    """A Wahelp of one's own, listening in a thread of this process.

    .. code-block:: python

        with Sandbox(SandboxOptions(activation_delay=0)) as sandbox:
            requests.post(f"{sandbox.url}/api/app/user/login", json={"login": ..., "password": ...})

    :param options: how the platform behaves.
    :param host: the address to listen on. Whoever reaches it controls the sandbox.
    :param port: the port to listen on; 0 picks a free one.
    :param state_file: a file that keeps the state over restarts.
    """

    def __init__(
        self,
        options: SandboxOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state_file: str | Path | None = None,
    ) -> None:
        self._address = (host, port)
        self._state = State(options)
        self._storage = Storage(Path(state_file)) if state_file else None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    def start(self) -> None:
        """Load the state and listen; return once requests are answered."""
        if self._storage:
            self._storage.load(self._state)
            self._storage.save(self._state)  # a file that cannot be written must not show up hours later
        listener = _listen(*self._address)
        self.url = _url(listener)
        self._server = server = _Server(create_app(state=self._state, storage=self._storage))
        self._thread = threading.Thread(
            target=server.run, args=([listener],), name="wahelp-sandbox", daemon=True
        )
        self._thread.start()
        server.ready.wait()
        if not server.started:
            self.stop()
            raise RuntimeError("the sandbox did not start; its log says why")

    def request_stop(self) -> None:
        """Ask the server to stop, without waiting: good for a signal handler."""
        if self._server:
            self._server.should_exit = True

    def wait(self) -> None:
        """Wait until the server has stopped."""
        if self._thread:
            self._thread.join()

    def stop(self) -> None:
        """Stop the server and wait until it has stopped."""
        self.request_stop()
        self.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def options(self) -> SandboxOptions:
        """Return how the platform behaves now."""
        return self._state.options

    def configure(self, **changes: Any) -> SandboxOptions:
        """Change how the platform behaves from now on; what is planned already stays planned.

        :param changes: fields of :class:`SandboxOptions`.
        """
        return self._state.configure(**changes)

    def create_channel(
        self, name: str = "Test", channel_type: str = "whatsapp", project_id: int | None = None
    ) -> dict[str, Any]:
        """Create a channel that is active at once, and return it as the API shows it.

        :param name: its name.
        :param channel_type: its messenger.
        :param project_id: its project; by default a new one of the same name.
        """
        channels = self._state.channels
        project = project_id or channels.create_project({"name": name})["id"]
        made = channels.create(project, {"name": name, "type": channel_type})
        channels.scan(made["uuid"])
        return channels.get(project, made["uuid"])

    def scan(self, channel_uuid: str) -> None:
        """Log a channel in, as somebody who scans its QR code would.

        :param channel_uuid: the channel.
        """
        self._state.channels.scan(channel_uuid)

    def log_out(self, channel_uuid: str) -> None:
        """Log a channel out; it stays so until it is scanned.

        :param channel_uuid: the channel.
        """
        self._state.channels.log_out(channel_uuid)

    def expire_tokens(self) -> None:
        """Let all tokens die at once."""
        self._state.account.expire_tokens()

    def set_messenger(self, phone: str, present: bool) -> None:
        """Give a phone the messenger, or take it away.

        :param phone: the phone, in any spelling.
        :param present: whether it has the messenger.
        """
        self._state.set_messenger(digits(phone), present=present)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock ahead: activations, deliveries, tokens and the ``Date`` header follow.

        :param seconds: how far.
        """
        self._state.advance(seconds)

    def receive(self, phone: str, text: str, channel_uuid: str | None = None) -> dict[str, Any]:
        """Let a phone write to a channel, and return the message as history shows it.

        :param phone: the phone, in any spelling.
        :param text: what it writes.
        :param channel_uuid: the channel; by default the one that the phone talked to last, and for a stranger
            the first active one.
        """
        return self._state.messages.receive(digits(phone), text, channel_uuid)

    def conversation(self, phone: str) -> list[dict[str, Any]]:
        """Return what a phone received and wrote, in order.

        :param phone: the phone, in any spelling.
        """
        return self._state.messages.conversation(digits(phone))

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Return the recorded requests: method, path, query, status, content type and fault, oldest first."""
        return [asdict(request) for request in self._state.journal.requests()]

    def clear_requests(self) -> None:
        """Forget the recorded requests and connections."""
        self._state.journal.clear()

    @property
    def logins(self) -> int:
        """Return how many logins succeeded."""
        return self._state.journal.logins

    @property
    def connections(self) -> int:
        """Return how many TCP connections the recorded requests came over."""
        return self._state.journal.connections

    def inject(
        self,
        fault: str,
        *,
        operation: str = "any",
        method: str | None = None,
        path: str | None = None,
        probability: float | None = None,
        count: int | None = None,
        seed: int | None = None,
        **parameters: Any,
    ) -> None:
        """Switch a fault on. Without a probability and a count it strikes always.

        :param fault: what happens, such as ``cut_after``.
        :param operation: which calls it is meant for, such as ``send_message``.
        :param method: the only HTTP method that it is meant for.
        :param path: a pattern of the whole path, in which ``*`` stands for anything.
        :param probability: how probably it strikes a call that it is meant for.
        :param count: how many of the next such calls it strikes, and no others.
        :param seed: makes the probability reproducible; by default the options' seed does.
        :param parameters: what else there is to say about this kind of fault.
        """
        chance = {"probability": probability, "count": count, "seed": seed}
        described = define(fault, operation=operation, method=method, path=path, **chance, **parameters)
        self._state.inject(described)

    def clear_faults(self) -> None:
        """Switch all faults off; ``history_lag`` and ``clock_skew`` are options and stay."""
        self._state.faults.clear()

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that were switched on, and how often each struck."""
        return self._state.faults.show()

    def reset(self) -> None:
        """Go back to how everything was at first, options included."""
        self._state.reset()


class _Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,  # the logging of this process is its owner's affair
                log_level="warning",
                access_log=False,  # see Gateway: its lines leave out what may be personal
                loop="asyncio",
                http=CuttableConnection,
                ws="none",
                date_header=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=2,
            )
        )
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.ready.set()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; else an answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except BaseException:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
