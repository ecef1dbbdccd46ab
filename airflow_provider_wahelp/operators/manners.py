"""The manners of a mailing that keep a number alive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.delivery.mailing import manners
from airflow_provider_wahelp.operators.news import News
from airflow_provider_wahelp.operators.shown import ShownOperator
from airflow_provider_wahelp.task import optional

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_wahelp.client.call import Id
    from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
    from airflow_provider_wahelp.delivery.waiting import WaitOptions


class CarefulOperator(ShownOperator):
    """An operator that writes to many, through one number or several. See ``docs/mailings.md``.

    :param channels: several channels of the project in place of ``channel_uuid``, by uuid: a list or, of a
        template, a text with commas between, e.g. ``"{{ params.channels | join(',') }}"``. Each sends at its
        own ``pace`` and ``daily_cap``. A person gets the message through the channel that knows them, or else
        always through the same one.
    """

    checks = ShownOperator.checks | {"channels": optional(manners.channels)}

    _news = News()

    def __init__(self, *, channels: Sequence[str] | str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.channels = channels

    def _check_together(self) -> None:
        super()._check_together()
        manners.check_together(self.channels, channel_uuid=self.channel_uuid)

    def _place(self) -> tuple[Id, str]:
        """Return the project and the channel; of several channels the first."""
        first, *_ = self._checked("channels") or [self.channel_uuid]
        return self.hook.project_and_channel(first, self.project_id)

    def _patient_options(self) -> WaitOptions:
        """Return what is waited for, and how, from what the receiver of webhooks has heard by now."""
        project_id, channel_uuid = self._place()
        numbers = self._checked("channels") or [channel_uuid]
        heard_of = [*numbers, *(self._checked("fallback") or ())]
        self._news = News.so_far(self.hook, project_id, heard_of)
        return self._news.patient(self._wait_options())

    def _trigger(self, until: datetime) -> Any:
        """Return what a mailing goes on by."""
        return self._news.trigger(until, self._checked("poll_interval"))

    def _kind(self) -> type[Mailing]:
        """Return what sends: through one channel, or through several."""
        from airflow_provider_wahelp.delivery.mailing.mailing import Mailing
        from airflow_provider_wahelp.delivery.mailing.several_numbers import SeveralNumbers

        return SeveralNumbers if self._checked("channels") else Mailing
