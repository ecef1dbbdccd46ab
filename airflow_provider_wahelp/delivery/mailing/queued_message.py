"""A message of a mailing, as the worklist keeps it."""

from __future__ import annotations

from typing import NamedTuple

from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.file_likeness import name_digest
from airflow_provider_wahelp.client.likeness import digest
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
    :param digest: the :attr:`fingerprint` of what was begun.
    :param began: when the sending was begun first, in seconds since 1970.
    :param by_host: whether by this host's clock and not by the server's.
    :param attempts: how many sends proved not to have been carried out.
    :param by_phone: whether the source names them by phone alone.
    :param variant: which of several texts they get, from 1; 0 where there is one.
    :param file: the path of a file of their own, or the name of one that all get.
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
    file: str = ""

    def is_same(self, other: QueuedMessage) -> bool:
        """Return whether it is the same text to the same user; messages with keys are told apart by them."""
        ours, theirs = (self.user_id, self.text, self.file), (other.user_id, other.text, other.file)
        return not self.label and ours == theirs

    @property
    def fingerprint(self) -> str:
        """What it is recognised by in the history: the digest of its text, and that of its file's name."""
        name = self.file.rpartition("/")[2]
        return digest(self.text) + (f"/{name_digest(name)}" if name else "")

    @property
    def begun_at(self) -> Moment:
        """When the sending was begun."""
        return Moment(self.began or 0.0, bool(self.by_host))
