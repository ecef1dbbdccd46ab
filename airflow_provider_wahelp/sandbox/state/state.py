"""The state as a whole."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.clock import Clock
from airflow_provider_wahelp.sandbox.faults.active import ActiveFaults
from airflow_provider_wahelp.sandbox.faults.spelling import parse
from airflow_provider_wahelp.sandbox.habits.profiles import profile
from airflow_provider_wahelp.sandbox.journal import Journal
from airflow_provider_wahelp.sandbox.options import SandboxOptions
from airflow_provider_wahelp.sandbox.state.account import Account
from airflow_provider_wahelp.sandbox.state.changes import Changes
from airflow_provider_wahelp.sandbox.state.channels import Channels
from airflow_provider_wahelp.sandbox.state.core import Area, Core, changing, reading
from airflow_provider_wahelp.sandbox.state.hooks import Hooks
from airflow_provider_wahelp.sandbox.state.mailings import Mailings
from airflow_provider_wahelp.sandbox.state.messages import Messages
from airflow_provider_wahelp.sandbox.state.overview import Overview
from airflow_provider_wahelp.sandbox.state.people import People
from airflow_provider_wahelp.sandbox.state.registry import Registry
from airflow_provider_wahelp.sandbox.state.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_wahelp.sandbox.faults.fault import Fault
    from airflow_provider_wahelp.sandbox.habits.habits import Habits
    from airflow_provider_wahelp.sandbox.state.core import Event


class State(Area):
    """Everything that the sandbox knows, by areas. Any thread may call any operation.

    :param options: how the platform behaves.
    """

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self._initial = options or SandboxOptions()
        self.clock = Clock()
        self.journal = Journal()
        self.faults = ActiveFaults()
        super().__init__(Core(self._initial, self.clock, self.journal))
        self.account = Account(self._core)
        self.channels = Channels(self._core)
        self.people = People(self._core)
        self.messages = Messages(self._core, self.channels, self.people)
        self.changed = Changes(self._core, self.people, self.messages)
        self.templates = Templates(self._core)
        self.mailings = Mailings(self._core, self.messages)
        self.hooks = Hooks(self._core)
        self.overview = Overview(self._core)
        self._name = secrets.token_hex(4)
        self._start_faults()

    @property
    def options(self) -> SandboxOptions:
        """Return how the platform behaves now."""
        return self._core.options

    @property
    def server_time(self) -> float:
        """Return what the server takes for the time, as seconds since the epoch."""
        return self.clock.now() + self.options.clock_skew

    @property
    def changes(self) -> int:
        """Return a number that grows with every change."""
        return self._core.changes

    @property
    def version(self) -> str:
        """Return a text that no other contents ever have, faults and journal included."""
        journal = self.journal
        counts = (self.changes, self.faults.changes, journal.total, journal.connections)
        return "-".join([self._name, *map(str, counts)])

    def listen(self, deliver: Callable[[Event], None]) -> None:
        """Set who delivers events.

        :param deliver: called under the lock, so it must only take note.
        """
        self._core.deliver = deliver

    @changing
    def configure(self, **changes: Any) -> SandboxOptions:
        """Change how the platform behaves from now on; what is planned already stays planned.

        :param changes: options by name.
        """
        self._core.options = replace(self._core.options, **changes)
        if "faults" in changes:
            self._start_faults()
        return self._core.options

    @changing
    def set_habits(self, like: str | None = None, **changes: Any) -> Habits:
        """Change what the platform habitually does; return all of it.

        :param like: start from the habits of this service; by default from those of now.
        :param changes: habits by name.
        """
        habits = (profile(like).habits if like else self._core.options.habits).change(**changes)
        self._core.options = replace(self._core.options, habits=habits)
        return habits

    def inject(self, fault: Fault) -> int:
        """Switch a fault on, and return its id.

        :param fault: the fault.
        """
        return self.faults.add(fault, self.options.seed)

    def _start_faults(self) -> None:
        self.faults.clear()
        for written in self.options.faults:
            self.inject(parse(written))

    @changing
    def set_messenger(self, phone: str, *, present: bool) -> None:
        """Give a phone the messenger, or take it away.

        :param phone: the digits of the phone.
        :param present: whether it has the messenger.
        """
        self._core.registry.messengers[phone] = present

    @reading
    def tick(self) -> None:
        """Do whatever is due by now."""

    @changing
    def advance(self, seconds: float) -> None:
        """Move the clock ahead and do whatever that makes due.

        :param seconds: how far.
        """
        self.clock.advance(seconds)
        self._core.settle()

    @changing
    def reset(self) -> None:
        """Go back to how everything was at first."""
        self._core.options = self._initial
        self._core.replace(Registry())
        self.clock.offset = 0.0
        self.journal.reset()
        self._start_faults()

    @reading
    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart, as JSON values."""
        return {"clock_offset": self.clock.offset, **self._core.registry.dump()}

    @changing
    def load(self, dumped: dict[str, Any]) -> None:
        """Go on from where an earlier sandbox stopped.

        :param dumped: what :meth:`dump` returned.
        """
        registry = Registry.load(dumped)
        self.clock.offset = float(dumped["clock_offset"])
        self._core.replace(registry)
        self.channels.resume()
        self.messages.resume()
        self.mailings.resume()
