"""What the arguments of a wait must be. Cheap: DAG files import it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.arguments import Awaited
from airflow_provider_wahelp.client.errors import InputError

WAIT_TIMEOUT = timedelta(days=1)
FALLBACK_AFTER = timedelta(minutes=10)
POLL_INTERVAL = 30.0


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


def remember_in(value: Any) -> str:
    """Return where to remember which channel has reached whom: a Variable's name, or a path."""
    if not isinstance(value, str) or not value.strip():
        raise InputError("remember_in", "must be the name of an Airflow Variable or an object storage path")
    return value.strip()


def require_fallback(channels: Any, **given: Any) -> None:
    """Refuse arguments that mean nothing without ``fallback``.

    :param given: the arguments that need it.
    :raises InputError: naming the first of them.
    """
    for name, value in given.items():
        if value is not None and not channels:
            raise InputError(name, "needs fallback: another channel to try")


def seconds(value: Any, argument: str) -> float:
    """Return a duration in seconds.

    :raises InputError: if it is anything else.
    """
    try:
        number = value.total_seconds() if isinstance(value, timedelta) else float(str(value))
    except ValueError:
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise InputError(argument, "must be a timedelta, or a number of seconds above 0")
    return number


wait_for: Callable[[Any], Awaited] = arguments.one_of("wait_for", get_args(Awaited))
wait_timeout = partial(seconds, argument="wait_timeout")
fallback_after = partial(seconds, argument="fallback_after")
poll_interval = partial(seconds, argument="poll_interval")
reminder_after = partial(seconds, argument="reminder_after")
