"""What an operation may ask of the client besides calls: to wait, and what time it is there."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_wahelp.client.calls import Call

T = TypeVar("T")


@dataclass(frozen=True)
class Pause:
    """Wait.

    :param seconds: how long.
    """

    seconds: float


@dataclass(frozen=True)
class ServerTime:
    """Tell the server's time, as a :class:`Moment`: never later than it really is there.

    It is this host's where the server has not said anything yet, as with a ready-made token.

    :param at: the moment, by this host's clock; now by default.
    """

    at: float | None = None


Step = Call[Any] | Pause | ServerTime
Flow = Generator[Step, Any, T]
