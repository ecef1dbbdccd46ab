"""Reading a channel's history back to a moment, and knowing how far the reading went (docs/api.md, 3.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import HistoryIncompleteError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Message, identity
from airflow_provider_wahelp.client.paging import Pager

MOST_PAGES = 10_000
"""A reading that has not come to its end after so many pages has not gone far enough."""


@dataclass
class Extent:
    """How far a reading of the history went.

    :param count: messages that were read.
    :param pages: pages that were read.
    :param newest: the newest of their times, in seconds since 1970 by the history's clock.
    :param oldest: the oldest of their times.
    :param coarse: whether each time is a whole minute.
    :param ended: whether its end was reached: a page past the end, or an answer that says so.
    :param passed: whether a page with the newest message first went past the moment that was asked for.
    """

    count: int = 0
    pages: int = 0
    newest: float = -math.inf
    oldest: float = math.inf
    coarse: bool = True
    ended: bool = False
    passed: bool = False

    @property
    def is_whole(self) -> bool:
        """Return whether it went as far as it was asked for, or as the service shows anything."""
        return self.passed or self.ended

    def covers(self, since: float) -> bool:
        """Return whether no message since a moment can be missing: a service may keep only the newest ones.

        :param since: at the earliest what the reading was asked for.
        """
        return self.passed or (self.ended and (not self.count or self.oldest < since))

    def add(self, message: Message) -> None:
        """Take a message into account."""
        self.count += 1
        if message.created_at:
            at = message.created_at.timestamp()
            self.newest, self.oldest = max(self.newest, at), min(self.oldest, at)
            self.coarse = self.coarse and at % 60 == 0


def read_history(
    project_id: Id,
    channel_uuid: str,
    since: Callable[[Extent], float],
    take: Callable[[Message, Extent], bool],
) -> Flow[Extent]:
    """Read the history back to a moment, or to its end, whatever its order.

    :param since: returns the moment, in seconds since 1970 by the history's clock; is asked after each page.
    :param take: is called with each message, and with how far the reading has gone; returns whether to stop.
    """
    extent, pager = Extent(), Pager[Message](paged=True, long=True)
    while pager.number <= MOST_PAGES:
        page = yield from pager.ask(partial(calls.get_messages, project_id, channel_uuid))
        new = pager.take(page)
        extent.pages += 1
        for message in new:
            extent.add(message)
            if take(message, extent):
                return extent
        if _is_newest_first(page) and _time(page.items[-1]) < since(extent):
            extent.passed = True
            break
        extent.ended = _is_end(page, pager.number - 1, new)
        if extent.ended or not new:
            break
    return extent


def may_be_missing(channel_uuid: str, extent: Extent) -> str:
    """Return what is said of a reading that did not go far enough."""
    return (
        f"The history of channel {channel_uuid} shows {extent.count:,} messages and no older ones, though "
        "nothing says that it ends there: messages may be missing."
    )


def messages_between(
    project_id: Id, channel_uuid: str, since: float, until: float = math.inf
) -> Flow[list[Message]]:
    """Return the messages of a span of time, the oldest first.

    :param since: in seconds since 1970 by the history's clock; ``until`` is the first moment after the span.
    :raises HistoryIncompleteError: if some may be missing, or have no time that tells whether they are of it.
    """
    found: dict[object, Message] = {}  # a page may repeat what one before it has had

    def take(message: Message, _extent: Extent) -> bool:
        if not message.created_at or since <= message.created_at.timestamp() < until:
            found[identity(message)] = message
        return False

    extent = yield from read_history(project_id, channel_uuid, lambda _: since, take)
    undated = sum(not message.created_at for message in found.values())
    what = f"read the history of channel {channel_uuid}"
    if not extent.is_whole:
        raise HistoryIncompleteError(what, f"{extent.count:,} messages came, and then no older ones")
    if undated:
        raise HistoryIncompleteError(what, f"{undated:,} messages have no time")
    return sorted(found.values(), key=by_time)


def by_time(message: Message) -> tuple[float, int]:
    """Return what messages are ordered by: their times; of one second, those with numbers by them."""
    return _time(message), message.id if isinstance(message.id, int) else 0


def _is_end(page: Page[Message], number: int, new: Sequence[Message]) -> bool:
    """Return whether a page proves the end; where pages are ignored, the second one repeats the first."""
    if page.has_more:
        return False
    repeats_the_last = not new and number > 2  # noqa: PLR2004
    return page.has_more is False or not page.items or repeats_the_last


def _is_newest_first(page: Page[Message]) -> bool:
    """Return whether a page shows that the newest message comes first; the order is not documented."""
    times = [_time(message) for message in page.items if message.created_at]
    return len(times) == len(page.items) > 0 and times == sorted(times, reverse=True) and times[0] > times[-1]


def _time(message: Message) -> float:
    return message.created_at.timestamp() if message.created_at else math.inf
