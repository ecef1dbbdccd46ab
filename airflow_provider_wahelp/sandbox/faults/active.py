"""The faults that are switched on."""

from __future__ import annotations

import threading
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.faults.fault import Asked, Fault


class ActiveFaults:
    """The faults in the order in which they were switched on. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[_Active] = []

    def add(self, fault: Fault, seed: int | None) -> None:
        """Switch a fault on.

        :param fault: the fault.
        :param seed: makes its probability reproducible, unless it has a seed of its own.
        """
        with self._lock:
            self._faults.append(_Active(fault, _random(fault, seed, len(self._faults))))

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults = []

    def strike(self, asked: Asked, *, after: bool) -> Fault | None:
        """Decide which fault strikes a call, if any: the first one that does.

        :param asked: the call.
        :param after: whether the call has been carried out.
        """
        with self._lock:
            for active in self._faults:
                if active.fault.after == after and active.fault.is_meant_for(asked) and active.strikes():
                    return active.fault
        return None

    def show(self) -> list[dict[str, Any]]:
        """Return the faults, and how often each struck, as JSON values."""
        with self._lock:
            return [active.show() for active in self._faults]


class _Active:
    """A fault that is switched on, with its own chance: no other fault's draws change it."""

    def __init__(self, fault: Fault, random: Random) -> None:
        self.fault = fault
        self._random = random
        self._struck = 0

    def strikes(self) -> bool:
        struck = not self._is_spent() and self._draw()
        self._struck += struck
        return struck

    def show(self) -> dict[str, Any]:
        fault = self.fault
        return {
            "fault": fault.name,
            "operation": fault.operation,
            "method": fault.method,
            "path": fault.path,
            "probability": fault.probability,
            "count": fault.count,
            "seed": fault.seed,
            **fault.parameters,
            "struck": self._struck,
            "active": not self._is_spent(),
        }

    def _is_spent(self) -> bool:
        return self.fault.count is not None and self._struck >= self.fault.count

    def _draw(self) -> bool:
        return self.fault.probability is None or self._random.random() < self.fault.probability


def _random(fault: Fault, seed: int | None, place: int) -> Random:
    if fault.seed is not None:
        return Random(fault.seed)  # noqa: S311 - it has to be predictable
    return Random(None if seed is None else f"{seed}/{place}")  # noqa: S311
