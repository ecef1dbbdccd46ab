"""An operation of several steps, as a generator: both clients run the same lines.

A step is a call, a pause, or a question that the client itself answers, e.g. for the server's time. The
client sends back its result, or throws its error into the generator:
``client.run(operations.ensure_project("Shop"))``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.history_clock import Offset
from airflow_provider_wahelp.client.server_clock import Moment

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


@dataclass(frozen=True)
class Facts:
    """Tell what the client knows of the service's ways, as :class:`ServiceFacts`."""


@dataclass(frozen=True)
class Stamped:
    """Take note of a message that the service has just stamped with its time.

    :param at: the message's time, in seconds since 1970.
    :param asked: when it was posted.
    """

    at: float
    asked: Moment


class ServiceFacts(NamedTuple):
    """What a client knows of the service's ways.

    :param offset: by how much the history's clock is ahead of the server's; ``None`` if that is not known.
    :param arrives_within: seconds after which a send that was begun has arrived or never will.
    """

    offset: Offset | None
    arrives_within: float


Question: TypeAlias = ServerTime | Facts | Stamped
Step: TypeAlias = Call[Any] | Pause | Question
Flow = Generator[Step, Any, T]


def once(call: Call[T]) -> Flow[T]:
    """Perform one call."""
    result: T = yield call
    return result


def service_facts() -> Flow[ServiceFacts]:
    """Return what the client knows of the service's ways."""
    facts: ServiceFacts = yield Facts()
    return facts
