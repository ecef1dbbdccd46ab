"""Waiting for the mailings that Wahelp itself sends."""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.platform.arguments import MailingKind
from airflow_provider_wahelp.client.platform.mailing_flows import until_ended
from airflow_provider_wahelp.hooks.asynchronous import WahelpAsyncHook
from airflow_provider_wahelp.triggers.base import ReadingTrigger
from airflow_provider_wahelp.triggers.waiters import Outcome


class PlatformMailingTrigger(ReadingTrigger):
    """Waits until a mailing has ended, by one page of the list of mailings a look.

    It does not take part in the shared poll, which looks seldom where webhooks tell of what happens: none
    tells of a mailing.

    :param deadline: when to give up, in seconds since 1970, whatever restarts there were: then the event is
        ``{"late": True}``. ``None`` to wait for ever.
    :param has_started: whether the task has started the mailing. The event carries it too, because
        ``dag.test()`` drops what a task has deferred with.
    """

    arguments = (*ReadingTrigger.arguments, "mailing_id", "kind", "deadline", "has_started")

    def __init__(
        self,
        mailing_id: int | str,
        kind: MailingKind = "whatsapp",
        channel_uuid: str | None = None,
        deadline: float | None = None,
        has_started: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(channel_uuid=channel_uuid, **kwargs)
        self.mailing_id = mailing_id
        self.kind = kind
        self.deadline = deadline
        self.has_started = has_started

    async def _outcome(self) -> Outcome:
        return {**await self._ended(), "has_started": self.has_started}

    async def _ended(self) -> Outcome:
        # No retries within a look: the next look is the retry.
        async with WahelpAsyncHook(self.wahelp_conn_id, retries=0) as hook:
            try:
                place = await hook.mailing_place(self.kind, self.channel_uuid, self.project_id)
                return await hook.run(until_ended(place, self.mailing_id, self.poke_interval, self.deadline))
            except WahelpError as error:
                return {"error": error.to_dict()}
