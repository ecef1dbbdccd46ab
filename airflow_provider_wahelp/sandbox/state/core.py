"""What the areas of the state share: one lock, one clock, one schedule, one way to tell the world."""

from __future__ import annotations

import threading
from functools import wraps
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from airflow_provider_wahelp.sandbox.errors import not_found
from airflow_provider_wahelp.sandbox.state.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_wahelp.sandbox.clock import Clock
    from airflow_provider_wahelp.sandbox.journal import Journal
    from airflow_provider_wahelp.sandbox.options import SandboxOptions
    from airflow_provider_wahelp.sandbox.state.records import Channel, Project

_Operation = TypeVar("_Operation", bound="Callable[..., Any]")


class Event(NamedTuple):
    """One call that the platform owes to somebody's address, as long as it knows what it is about."""

    url: str
    body: dict[str, Any]
    owed: Callable[[], bool]


class Core:
    """The common ground of all areas.

    :param options: how the platform behaves.
    :param clock: the time that everything follows.
    :param journal: where logins are counted.
    """

    def __init__(self, options: SandboxOptions, clock: Clock, journal: Journal) -> None:
        self.options = options
        self.clock = clock
        self.journal = journal
        self.lock = threading.RLock()
        self.registry = Registry()
        self.changes = 0
        self.deliver: Callable[[Event], None] = _nobody_listens
        self._schedule: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def replace(self, registry: Registry) -> None:
        """Take over other contents, with nothing planned.

        :param registry: the new contents.
        """
        self.registry = registry
        self._schedule.clear()
        self.changes += 1

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Plan something.

        :param due: when, on the sandbox's clock.
        :param action: what.
        """
        heappush(self._schedule, (due, next(self._order), action))

    def settle(self) -> None:
        """Do whatever is due by now, in the order of time. What is not due costs nothing."""
        now = self.clock.now()
        while self._schedule and self._schedule[0][0] <= now:
            _, _, action = heappop(self._schedule)
            action()
            self.changes += 1

    def announce(self, project_id: int, action: str, payload: Callable[[], dict[str, Any]]) -> None:
        """Tell the addresses of a project what happened.

        :param project_id: the project.
        :param action: what happened, such as ``channel.message.created``.
        :param payload: builds the object that it happened to; not called while nobody listens.
        """
        entity, _, _ = action.rpartition(".")
        registry = self.registry
        for url in registry.receivers(project_id, entity):
            body = {"action": action, "payload": payload()}
            self.deliver(Event(url, body, lambda: self.registry is registry))

    def project(self, project_id: int) -> Project:
        """Find a project.

        :param project_id: its id.
        """
        found = self.registry.projects.get(project_id)
        if found is None:
            raise not_found("Проект")
        return found

    def channel(self, project_id: int, uuid: str) -> Channel:
        """Find a channel of a project.

        :param project_id: the project's id.
        :param uuid: the channel's uuid.
        """
        found = self.registry.channels.get(uuid)
        if found is None or found.removed or found.project_id != self.project(project_id).id:
            raise not_found("Канал")
        return found

    def has_messenger(self, phone: str) -> bool:
        """Tell whether a phone has the messenger.

        :param phone: its digits.
        """
        return self.registry.messengers.get(phone, phone not in self.options.lacks_messenger)


class Area:
    """A part of the state with its own operations.

    :param core: what it shares with the others.
    """

    def __init__(self, core: Core) -> None:
        self._core = core


def reading(method: _Operation) -> _Operation:
    """Run an operation under the lock, after everything that is due by now.

    :param method: an operation that changes nothing.
    """

    @wraps(method)
    def run(self: Area, *args: Any, **kwargs: Any) -> Any:
        core = self._core
        with core.lock:
            core.settle()
            return method(self, *args, **kwargs)

    return cast("_Operation", run)


def changing(method: _Operation) -> _Operation:
    """Run an operation like :func:`reading` does, and note that there is something to save.

    :param method: an operation that changes the state.
    """

    @wraps(method)
    def run(self: Area, *args: Any, **kwargs: Any) -> Any:
        self._core.changes += 1
        return method(self, *args, **kwargs)

    return reading(cast("_Operation", run))


def _nobody_listens(_event: Event) -> None:
    """Drop an event: no server is running."""
