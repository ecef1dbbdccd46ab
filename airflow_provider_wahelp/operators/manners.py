"""The manners of a mailing that keep a number alive."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing import manners
from airflow_provider_wahelp.operators.shown import ShownOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_wahelp.client.call import Id
    from airflow_provider_wahelp.delivery.mailing.mailing import Mailing

log = logging.getLogger(__name__)


class CarefulOperator(ShownOperator):
    """An operator that writes to many, and spares those who do not want it. See ``docs/mailings.md``.

    :param silent_for: leave out who has not written to the channel for so long: a timedelta, seconds, or e.g.
        ``"30 days"``. Whoever was never seen to write is left out too.
    :param stop_after_complaints: hold the mailing if so many people write a stop word within an hour, while
        it runs. The task fails with a ``MailingHeldError``, so whatever tells of its failures tells its
        author; a cleared task goes on with the rest. Needs ``stop_words``.
    :param channels: several channels of the project in place of ``channel_uuid``, by uuid: a list or, of a
        template, a text with commas between, e.g. ``"{{ params.channels | join(',') }}"``. Each sends at its
        own ``pace`` and ``daily_cap``. A person gets the message through the channel that knows them, or else
        always through the same one. Not with ``wait_for``.
    """

    checks = ShownOperator.checks | {
        "silent_for": optional(manners.silent_for),
        "stop_after_complaints": optional(manners.stop_after_complaints),
        "channels": optional(manners.channels),
    }

    stop_words: Any

    def __init__(
        self,
        *,
        silent_for: timedelta | float | str | None = None,
        stop_after_complaints: int | str | None = None,
        channels: Sequence[str] | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.silent_for = silent_for
        self.stop_after_complaints = stop_after_complaints
        self.channels = channels

    def pre_execute(self, context: Context) -> None:
        """Say if nobody would be told that the mailing holds itself."""
        super().pre_execute(context)
        if self.stop_after_complaints and not self._tells_of_failures():
            log.warning(
                "If too many people ask to stop, nobody is told on the phone: neither the task nor the DAG "
                "has an on_failure_callback, and [wahelp] alert_to is empty"
            )

    def _check_together(self) -> None:
        super()._check_together()
        if self.stop_after_complaints and not self.stop_words:
            raise InputError("stop_after_complaints", "needs stop_words")
        manners.check_together(
            self.channels, channel_uuid=self.channel_uuid, wait_for=self.wait_for, fallback=self.fallback
        )

    def _place(self) -> tuple[Id, str]:
        """Return the project and the channel; of several channels the first."""
        first, *_ = self._checked("channels") or [self.channel_uuid]
        return self.hook.project_and_channel(first, self.project_id)

    def _kind(self) -> type[Mailing]:
        """Return what sends: through one channel, or through several."""
        from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
        from airflow_provider_wahelp.delivery.mailing.several_numbers import SeveralNumbers

        return SeveralNumbers if self._checked("channels") else Mailing

    def _tells_of_failures(self) -> bool:
        from airflow.providers.common.compat.sdk import conf

        dag = self.get_dag()
        callbacks = self.on_failure_callback or (dag and getattr(dag, "on_failure_callback", None))
        return bool(callbacks or conf.get("wahelp", "alert_to", fallback=""))
