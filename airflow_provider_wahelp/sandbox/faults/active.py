"""The faults that are switched on."""

from __future__ import annotations

import threading
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.errors import not_found

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.faults.fault import Asked, Fault


class ActiveFaults:
    """The faults in the order in which they were switched on. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[int, _Active] = {}
        self._ids = count(1)
        self.changes = 0

    def add(self, fault: Fault, seed: int | None) -> int:
        """Switch a fault on, and return its id: no other fault ever has it.

        :param fault: the fault.
        :param seed: makes its probability reproducible, unless it has a seed of its own.
        """
        with self._lock:
            added = next(self._ids)
            self._faults[added] = _Active(fault, _random(fault, seed, len(self._faults)))
            self.changes += 1
            return added

    def remove(self, fault_id: int) -> None:
        """Switch a fault off.

        :param fault_id: its id.
        """
        with self._lock:
            if self._faults.pop(fault_id, None) is None:
                raise not_found("Сбой")
            self.changes += 1

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()
            self.changes += 1

    def strike(self, asked: Asked, *, after: bool) -> Fault | None:
        """Decide which fault strikes a call, if any: the first one that does.

        :param asked: the call.
        :param after: whether the call has been carried out.
        """
        with self._lock:
            for active in self._faults.values():
                if active.fault.after == after and active.fault.is_meant_for(asked) and active.strikes():
                    self.changes += 1
                    return active.fault
        return None

    def show(self) -> list[dict[str, Any]]:
        """Return the faults, and how often each struck, as JSON values."""
        with self._lock:
            return [{"id": number, **active.show()} for number, active in self._faults.items()]


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
