"""What the ledger says of one send.

A send goes through ``(nothing) --begun--> POST --done-->``. Who comes back and finds *begun* knows that the
message may have gone; who finds *done* has nothing to do.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_wahelp.client.server_clock import Moment

APART = 60.0
"""Seconds by which the clocks of two hosts may differ."""


def _this_host() -> str:
    return socket.gethostname()


@dataclass(frozen=True)
class Entry:
    """What is known of one send.

    :param began: when it was begun, in seconds since 1970.
    :param digest: what its text is recognised by.
    :param user_id: whom it is for.
    :param generation: how often the task had been cleared.
    :param message: what was sent, once it is done: neither its text nor its person.
    :param others: the ids of what was sent under the same key before, where it was to be sent once more.
    :param by_host: whether it was begun by the clock of its host and not by the server's.
    :param host: where it was begun.
    :param person: what the person is recognised by, if they were named by phone.
    :param channel_uuid: the channel; empty, where an older version kept it: the one that is asked for.
    """

    began: float
    digest: str
    user_id: int | str
    generation: int = 0
    message: Mapping[str, Any] | None = None
    others: Sequence[int | str] = field(default_factory=list)
    by_host: bool = False
    host: str = field(default_factory=_this_host)
    person: str = ""
    channel_uuid: str = ""

    @property
    def since(self) -> Moment:
        """When it was begun at the earliest, as a clock of another host may have been ahead of this one's."""
        apart = APART if self.by_host and self.host != _this_host() else 0.0
        return Moment(self.began - apart, self.by_host)
