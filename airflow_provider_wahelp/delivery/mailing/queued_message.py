"""A message of a mailing, as the worklist keeps it."""

from __future__ import annotations

from typing import NamedTuple

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.server_clock import Moment

WAITING = "waiting"

OPEN = "open"
"""The sending was begun, and it is not known whether the message went."""

REFUSED = "refused"
"""Wahelp refuses to write to this person through this channel. It is a failure; another channel may do."""

HELD = "held"
"""It failed, and it is not known yet whether the channel or the account is the reason."""


class QueuedMessage(NamedTuple):
    """A recipient and the text for them.

    :param key: what the send is filed under: a digest.
    :param phone: or their normalised number.
    :param zones: the zones of their phone, with commas between.
    :param label: what the row itself names as its key, for the report.
    :param digest: what the text that was begun is recognised by.
    :param began: when the sending was begun first, in seconds since 1970.
    :param by_host: whether by this host's clock and not by the server's.
    :param attempts: how many sends proved not to have been carried out.
    :param by_phone: whether the source names them by phone alone.
    :param variant: which of several texts they get, from 1; 0 where there is one.
    """

    number: int
    key: str
    text: str
    user_id: Id | None = None
    phone: str = ""
    name: str = ""
    zones: str = ""
    label: str = ""
    digest: str = ""
    began: float | None = None
    by_host: bool = False
    attempts: int = 0
    by_phone: bool = False
    variant: int = 0

    def is_same(self, other: QueuedMessage) -> bool:
        """Return whether it is the same text to the same user; messages with keys are told apart by them."""
        return not self.label and (self.user_id, self.text) == (other.user_id, other.text)

    @property
    def begun_at(self) -> Moment:
        """When the sending was begun."""
        return Moment(self.began or 0.0, bool(self.by_host))
