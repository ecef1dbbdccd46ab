"""How far a message has got."""

from __future__ import annotations

import re

STATUSES = ("sent", "failed", "delivered", "read")
"""The statuses of a message in their order. A message never goes back, but its statuses may be read in
another order (docs/api.md, 4.6)."""

# How the API spells a failed delivery is not known (docs/api.md, 4.6), so any word for a failure counts.
_FAILURE = re.compile(
    r"fail|error|undeliver|not.?deliver|reject|refus|declin|bounce|expire|cancel|invalid"
    r"|ошибк|не.?доставл|не.?отправл|отклон|отмен",
    re.IGNORECASE,
)


def delivery_status(status: str | None) -> str:
    """Return the one of :data:`STATUSES` that the API's status means; an unknown one is ``sent``.

    :param status: the status as the API spells it.
    """
    if status_failed(status):
        return "failed"
    return status if status in STATUSES else "sent"


def latest(known: str, seen: str) -> str:
    """Return the later one of two of :data:`STATUSES`.

    :param seen: the status that was read now, which may be an older one.
    """
    return max(known, seen, key=STATUSES.index)


def status_reached(status: str | None, wanted: str) -> bool:
    """Return whether a message got at least as far as ``wanted``: a message that was read was delivered.

    :param wanted: ``sent``, ``delivered`` or ``read``.
    """
    if status not in STATUSES or status == "failed":
        return False
    return STATUSES.index(status) >= STATUSES.index(wanted)


def status_failed(status: str | None) -> bool:
    """Return whether a status says that the message will not arrive."""
    return status is not None and _FAILURE.search(status) is not None
