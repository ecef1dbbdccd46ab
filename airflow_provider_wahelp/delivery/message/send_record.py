"""What the ledger says of one send.

A send goes through ``(nothing) --begun--> POST --done-->``. An attempt that finds *begun* knows that the
message may have gone; an attempt that finds *done* has nothing to do.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.reconcile import BegunSend
from airflow_provider_wahelp.client.server_clock import Moment

CLOCKS_APART = 60.0
"""Seconds by which the clocks of two hosts may differ."""


def _this_host() -> str:
    return socket.gethostname()


@dataclass(frozen=True)
class Entry(BegunSend):
    """What is known of one send.

    :param others: the ids of earlier messages under the same key, where ``on_rerun="resend"`` sends again.
    :param generation: of the attempt that began it: see :class:`~.delivery.attempt.Attempt`.
    :param message: what was sent, once that is known: without its text and its person.
    :param person: a keyed digest of the phone, if the person was named by phone.
    """

    others: Sequence[Id] = field(default_factory=list)  # Airflow's store takes no tuple
    generation: int = 0
    message: Mapping[str, Any] | None = None
    host: str = field(default_factory=_this_host)
    person: str = ""

    @property
    def sent_under_key(self) -> list[Id]:
        """The ids of all messages that are known to be sent under this key."""
        return [*self.others, self.message["id"]] if self.message else list(self.others)

    @property
    def since(self) -> Moment:
        """When it was begun, at the earliest: the clock of another host may have been ahead of this one's."""
        apart = CLOCKS_APART if self.by_host and self.host != _this_host() else 0.0
        return Moment(self.began - apart, self.by_host)
