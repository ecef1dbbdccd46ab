"""How long a message is waited for, and what the arguments for it must be. Cheap: DAG files import it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.errors import InputError

WAIT_TIMEOUT = timedelta(days=1)
FALLBACK_AFTER = timedelta(minutes=10)
POLL_INTERVAL = 30.0


@dataclass(frozen=True)
class WaitOptions:
    """What is waited for, and how long, in seconds.

    :param wanted: ``delivered`` or ``read``.
    :param timeout: how long after a send.
    :param fallback_after: how long for a delivery, where there is another channel to try.
    :param interval: how long from one look to the next.
    """

    wanted: str
    timeout: float
    fallback_after: float
    interval: float


def wait_for(value: Any) -> arguments.Awaited:
    """Return the status that is waited for."""
    return arguments.choice(value, "wait_for", arguments.AWAITED)


def fallback(value: Any) -> list[str]:
    """Return the channels to try after the first one."""
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    try:
        uuids = [arguments.channel_uuid(uuid) for uuid in listed]
    except InputError:
        uuids = []
    if not uuids:
        raise InputError("fallback", "must be a list of channels, each by its uuid")
    return uuids


def wait_timeout(value: Any) -> float:
    """Return how many seconds are waited."""
    return seconds(value, "wait_timeout")


def fallback_after(value: Any) -> float:
    """Return after how many seconds the next channel is tried."""
    return seconds(value, "fallback_after")


def poll_interval(value: Any) -> float:
    """Return how many seconds may pass between two looks."""
    return seconds(value, "poll_interval")


def remember_in(value: Any) -> str:
    """Return where it is remembered which channel worked: a Variable's name, or a path."""
    if not isinstance(value, str) or not value.strip():
        raise InputError("remember_in", "must be the name of an Airflow Variable or an object storage path")
    return value.strip()


def require_fallback(others: Any, **given: Any) -> None:
    """Refuse what means nothing without another channel.

    :param others: the argument ``fallback``.
    :param given: the arguments that need it.
    :raises InputError: naming the first of them.
    """
    for name, value in given.items():
        if value is not None and not others:
            raise InputError(name, "needs fallback: another channel to try")


def seconds(value: Any, argument: str) -> float:
    """Return a duration in seconds.

    :param value: a timedelta, or a number of seconds.
    :param argument: the argument's name.
    :raises InputError: if it is anything else.
    """
    try:
        number = value.total_seconds() if isinstance(value, timedelta) else float(str(value))
    except ValueError:
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise InputError(argument, "must be a timedelta, or a number of seconds above 0")
    return number
