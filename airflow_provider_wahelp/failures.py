"""Permanent errors fail a task without retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.base_error import WahelpError


@contextmanager
def airflow_errors() -> Iterator[None]:
    """Raise permanent errors as instances of ``AirflowFailException`` too, which Airflow does not retry.

    A ``NotFoundError`` stays a ``NotFoundError``, so that users can catch it by its name.
    """
    try:
        yield
    except WahelpError as error:
        if error.temporary or isinstance(error, AirflowFailException):
            raise
        raise _permanent(error) from error.__cause__


_twins: dict[type[WahelpError], type[WahelpError]] = {}


def _permanent(error: WahelpError) -> WahelpError:
    kind = type(error)
    twin = _twins.get(kind) or _twins.setdefault(kind, _failing(kind))
    failure = twin.__new__(twin, *error.args)
    failure.__dict__.update(error.__dict__)
    return failure.with_traceback(error.__traceback__)


def _failing(kind: type[WahelpError]) -> type[WahelpError]:
    namespace = {"__module__": kind.__module__, "__doc__": kind.__doc__}
    return cast("type[WahelpError]", type(kind.__name__, (kind, AirflowFailException), namespace))
