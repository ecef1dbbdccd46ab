"""Opt-outs that a mailing learns of while it runs, where there is a receiver of webhooks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import NotFoundError, WahelpError
from airflow_provider_wahelp.client.flow import once
from airflow_provider_wahelp.delivery.mailing.opt_outs import OptOuts
from airflow_provider_wahelp.hooks.wahelp import WahelpHook
from airflow_provider_wahelp.incoming.heard import ChannelNews

log = logging.getLogger(__name__)

_NOT_KNOWN = "Whether somebody has just opted out is not known. %s"

MOST_MESSAGES = 20
"""So many new messages are read one by one; of more, the history is read."""


class LiveOptOuts:
    """Opt-outs that follow what people write during the mailing. A webhook only says which message to read.

    :param opt_outs: what the history tells; it is read here.
    """

    def __init__(
        self,
        opt_outs: OptOuts,
        hook: WahelpHook,
        project_id: Id,
        channel_uuid: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._opt_outs = opt_outs
        self._hook = hook
        self._place = project_id, channel_uuid
        self._unread: dict[str, None] | None = {}
        self._news = ChannelNews(hook, project_id, channel_uuid, clock)  # from before the history is read
        hook.run(opt_outs.read(project_id, channel_uuid))

    def __contains__(self, user_id: object) -> bool:
        """Return whether a user has opted out, as far as is known now."""
        self._learn()
        return user_id in self._opt_outs

    def stops(self, since: float) -> list[int]:
        """Return when people have opted out since a moment, as far as is known now."""
        self._learn()
        return self._opt_outs.stops(since)

    def refresh(self) -> None:
        """Read what is new in the history, whether or not a webhook has told of anything."""
        try:
            self._hook.run(self._opt_outs.read(*self._place, recent=True))
        except WahelpError as error:  # it is read again after a while
            log.warning(_NOT_KNOWN, error)

    def _learn(self) -> None:
        new = self._news.next()
        if new is None or self._unread is None:
            self._unread = None
        else:
            self._unread |= dict.fromkeys(hint.message_id for hint in new if hint.kind == "message")
        try:
            self._read()
        except WahelpError as error:  # nothing was known of these before there were webhooks
            log.warning(_NOT_KNOWN, error)

    def _read(self) -> None:
        if self._unread is None or len(self._unread) > MOST_MESSAGES:
            self._hook.run(self._opt_outs.read(*self._place))
            self._unread = {}
        while self._unread:
            message_id = next(iter(self._unread))
            try:
                self._opt_outs.learn(self._hook.run(once(calls.get_message(*self._place, message_id))))
            except NotFoundError:
                log.warning("A webhook told of message %s, which does not exist", message_id)
            del self._unread[message_id]
