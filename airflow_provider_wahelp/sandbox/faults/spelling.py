"""A fault in one line: ``NAME[:OPERATION][:PROBABILITY or xCOUNT][:PARAMETER=VALUE]...``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.faults.fault import Fault, define

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNT = re.compile(r"x(\d+)")
_PROBABILITY = re.compile(r"\d*\.?\d+")
_TRUTH = {"true": True, "false": False}
_READERS: dict[str, Callable[[str], Any]] = {
    "method": str,
    "path": str,
    "seed": int,
    "reset": _TRUTH.__getitem__,
    "retry_after": int,
    "seconds": float,
    "status": int,
    "words": str,
}


def parse(written: str) -> Fault:
    """Read a fault, such as ``cut_after:send_message:0.25`` or ``rate_limit:login:x3:retry_after=5``.

    :param written: the line.
    :raises ValueError: if it is no such line.
    """
    name, *parts = written.split(":")
    try:
        return define(name, **_gather(parts))
    except ValueError as error:
        raise ValueError(f"fault {written}: {error}") from None


def _gather(parts: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in map(_read, parts):
        if key in given:
            raise ValueError(f"{key} is given twice")
        given[key] = value
    return given


def _read(part: str) -> tuple[str, Any]:
    if "=" in part:
        return _parameter(*part.split("=", 1))
    if counted := _COUNT.fullmatch(part):
        return "count", int(counted[1])
    if _PROBABILITY.fullmatch(part):
        return "probability", float(part)
    return "operation", part


def _parameter(name: str, value: str) -> tuple[str, Any]:
    try:
        return name, _READERS.get(name, str)(value)
    except (KeyError, ValueError):
        raise ValueError(f"{name} cannot be {value}") from None
