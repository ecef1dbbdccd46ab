"""The manners of a mailing that keep a number alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.delivery.mailing import manners
from airflow_provider_wahelp.operators.sending import SendingOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from datetime import timedelta


class CarefulOperator(SendingOperator):
    """An operator that writes to many, and spares those who do not want it. See ``docs/mailings.md``.

    :param silent_for: leave out who has not written to the channel for so long: a timedelta, seconds, or e.g.
        ``"30 days"``. Whoever was never seen to write is left out too.
    """

    checks = SendingOperator.checks | {
        "silent_for": optional(manners.silent_for),
    }

    def __init__(self, *, silent_for: timedelta | float | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.silent_for = silent_for
