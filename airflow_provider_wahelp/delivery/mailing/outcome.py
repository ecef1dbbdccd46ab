"""What became of a recipient."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a recipient; the last four, where that is waited for."""

    SENT = "sent"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"
    NO_MESSENGER = "no_messenger"
    FAILED = "failed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    READ = "read"
    FELL_BACK = "fell_back"
    UNDELIVERED = "undelivered"


DELIVERY_OUTCOMES = (Outcome.DELIVERED, Outcome.READ, Outcome.FELL_BACK, Outcome.UNDELIVERED)
"""What becomes of what was sent."""

SEND_OUTCOMES = tuple(outcome for outcome in Outcome if outcome not in DELIVERY_OUTCOMES)
"""What becomes of a recipient while a mailing is sent."""

NO_PHONE = "no phone is known for another channel"
OPTED_OUT = "they have written a stop word to the channel"
SUPPRESSED = "on the suppression list"
