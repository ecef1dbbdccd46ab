"""An operation of several steps, as a generator: both clients run the same lines.

A step is a call, a pause, or the question for the server's time. The client sends back its result, or throws
its error into the generator: ``client.run(operations.ensure_project("Shop"))``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from airflow_provider_wahelp.client.call import Call

T = TypeVar("T")


@dataclass(frozen=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True)
class ServerTime:
    """Tell the server's time as a :class:`Moment`, never later than the time really is there.

    Before the server's first answer it is the time of this host, as with a ready-made token.

    :param at: the moment, by this host's clock; now by default.
    """

    at: float | None = None


Step = Call[Any] | Pause | ServerTime
Flow = Generator[Step, Any, T]


def once(call: Call[T]) -> Flow[T]:
    """Perform one call."""
    result: T = yield call
    return result
