"""What a fault is, and which calls it is meant for."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_wahelp.sandbox.faults.kinds import KINDS, complete, is_number, is_whole
from airflow_provider_wahelp.sandbox.faults.operations import ANY, OPERATIONS, is_operation

if TYPE_CHECKING:
    from collections.abc import Mapping


class Asked(NamedTuple):
    """What a fault has to know of a call. The path has no slash at its end."""

    method: str
    path: str
    token_lives: bool


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault to switch on. Without a probability and a count it strikes always.

    :param name: what happens: one of :data:`KINDS`.
    :param operation: which calls it is meant for: one of :data:`OPERATIONS`.
    :param method: the only HTTP method that it is meant for.
    :param path: a pattern of the whole path in which ``*`` stands for anything.
    :param probability: how probably it strikes a call that it is meant for.
    :param count: how many of the next such calls it strikes, and no others.
    :param seed: makes the probability reproducible.
    :param parameters: what else there is to say about this kind of fault.
    """

    name: str
    operation: str = ANY
    method: str | None = None
    path: str | None = None
    probability: float | None = None
    count: int | None = None
    seed: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("fault", self.name, tuple(KINDS))
        _one_of("operation", self.operation, OPERATIONS)
        for name, value in {"method": self.method, "path": self.path}.items():
            if value is not None and not isinstance(value, str):
                raise ValueError(f"{name} must be a text")
        _check_chance(self.probability, self.count, self.seed)
        object.__setattr__(self, "parameters", complete(self.name, self.parameters))

    @property
    def after(self) -> bool:
        """Tell whether the call is carried out first."""
        return KINDS[self.name].after

    def is_meant_for(self, asked: Asked) -> bool:
        """Tell whether this fault may strike a call.

        :param asked: the call.
        """
        return (
            is_operation(self.operation, asked.method, asked.path)
            and self.method in {None, asked.method}
            and (self.path is None or fnmatchcase(asked.path, self.path))
            and (self.name != "dead_token" or _uses_token(asked))
        )


_OWN = {known.name for known in fields(Fault)} - {"name", "parameters"}


def define(name: str, /, **given: Any) -> Fault:
    """Describe a fault with everything about it side by side.

    :param name: what happens.
    :param given: fields of :class:`Fault`, and parameters of the kind of fault.
    :raises ValueError: if anything is unknown or has a wrong value.
    """
    own = {key: value for key, value in given.items() if key in _OWN}
    parameters = {key: value for key, value in given.items() if key not in _OWN}
    return Fault(name=name, parameters=parameters, **own)


def _uses_token(asked: Asked) -> bool:
    # Clients send the old token along when they log in again, and nobody looks at it.
    return asked.token_lives and not is_operation("login", asked.method, asked.path)


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}")


def _check_chance(probability: float | None, count: int | None, seed: int | None) -> None:
    if probability is not None and count is not None:
        raise ValueError("a fault has a probability or a count, not both")
    if probability is not None and not (is_number(probability) and 0 <= probability <= 1):
        raise ValueError("probability must be a number from 0 to 1; a count is written like x3 in one line")
    if count is not None and not (is_whole(count) and count > 0):
        raise ValueError("count must be a whole number above zero")
    if seed is not None and not is_whole(seed):
        raise ValueError("seed must be a whole number")
