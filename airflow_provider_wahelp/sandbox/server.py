"""The sandbox as a running server."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_wahelp.sandbox.app import create_app
from airflow_provider_wahelp.sandbox.control import picture, snapshot
from airflow_provider_wahelp.sandbox.faults.fault import define
from airflow_provider_wahelp.sandbox.listening import Server, listen, url_of
from airflow_provider_wahelp.sandbox.phones import digits
from airflow_provider_wahelp.sandbox.state import State
from airflow_provider_wahelp.sandbox.state.content import Content
from airflow_provider_wahelp.sandbox.storage import Storage

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.habits.habits import Habits
    from airflow_provider_wahelp.sandbox.habits.profiles import Like
    from airflow_provider_wahelp.sandbox.options import SandboxOptions
    from airflow_provider_wahelp.sandbox.state.messages import Call, Language


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
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    def start(self) -> None:
        """Load the state and listen; return once requests are answered."""
        if self._storage:
            self._storage.load(self._state)
            self._storage.save(self._state)  # a file that cannot be written must not show up hours later
        listener = listen(*self._address)
        self.url = url_of(listener)
        self._server = server = Server(create_app(state=self._state, storage=self._storage))
        run = threading.Thread(target=server.run, args=([listener],), name="wahelp-sandbox", daemon=True)
        self._thread = run
        run.start()
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

    def __exit__(self, *_: object) -> None:
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

    @property
    def habits(self) -> Habits:
        """Return what the platform habitually does now."""
        return self._state.options.habits

    def set_habits(self, like: Like | None = None, **changes: Any) -> Habits:
        """Change what the platform habitually does; return all of it.

        :param like: start from the habits of this service; by default from those of now.
        :param changes: fields of :class:`Habits`.
        """
        return self._state.set_habits(like, **changes)

    def snapshot(self, phones: int = 60) -> dict[str, Any]:
        """Return what there is at a glance: projects, channels, phones, faults, the clock, the latest calls.

        :param phones: of how many phones at most: those that were heard of last.
        """
        return snapshot(self._state, phones)

    def qr(self, channel_uuid: str) -> str:
        """Return the QR code that a phone has to scan, as an SVG image.

        :param channel_uuid: a WhatsApp channel that waits for it.
        """
        return picture(self._state.channels.code(channel_uuid))

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

    def phone(self, phone: str) -> dict[str, Any]:
        """Return what is known of a phone: the messenger, the users that it is, and its latest message.

        :param phone: the phone, in any spelling.
        """
        return self._state.overview.phone(digits(phone))

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

    def receive(
        self,
        phone: str,
        text: str = "",
        channel_uuid: str | None = None,
        *,
        message_type: str = "text",
        file_url: str | None = None,
    ) -> dict[str, Any]:
        """Let a phone write to a channel, and return the message as history shows it.

        :param phone: the phone, in any spelling.
        :param text: what it writes; only a text must have words.
        :param channel_uuid: the channel; by default the one that the phone talked to last, and for a stranger
            the first active one.
        :param message_type: what kind of message it is: ``audio`` is a voice note.
        :param file_url: the link of its file; for a voice note by default one that the sandbox serves.
        """
        content = Content(text, message_type, file_url)
        return self._state.messages.receive(digits(phone), content, channel_uuid, address=self.url)

    def call(self, phone: str, channel_uuid: str | None = None, *, kind: Call = "incoming") -> dict[str, Any]:
        """Let a phone call a channel, and return what history shows of it.

        :param phone: the phone, in any spelling.
        :param channel_uuid: the channel, as in :meth:`receive`.
        :param kind: ``incoming``, ``missed``, or ``outgoing``: somebody calls the phone from the messenger.
        """
        return self._state.messages.call(digits(phone), kind, channel_uuid)

    def delete_message(self, message_id: int, *, language: Language = "en") -> dict[str, Any]:
        """Let a message be deleted for everyone, and return it as history shows it from then on.

        :param message_id: the message, whoever wrote it.
        :param language: ``en`` or ``ru``: in which language it says so.
        """
        return self._state.messages.delete(message_id, language)

    def conversation(self, phone: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Return what a phone received and wrote, in order.

        :param phone: the phone, in any spelling.
        :param limit: how many of the latest messages at most; ``None``: all.
        """
        return self._state.messages.conversation(digits(phone), limit)

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
    ) -> int:
        """Switch a fault on, and return its id. Without a probability and a count it strikes always.

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
        return self._state.inject(described)

    def remove_fault(self, fault_id: int) -> None:
        """Switch a fault off.

        :param fault_id: what :meth:`inject` returned.
        """
        self._state.faults.remove(fault_id)

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
