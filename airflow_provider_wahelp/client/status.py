"""How far a message or a channel has got."""

from __future__ import annotations

import re

_STATUS_ORDER = ("sent", "delivered", "read")


_FAILURE = re.compile(
    r"fail|error|undeliver|not.?deliver|reject|refus|declin|bounce|expire|cancel|invalid"
    r"|ошибк|не.?доставл|не.?отправл|отклон|отмен",
    re.IGNORECASE,
)
"""How a failed delivery is spelled is not known (docs/api.md, 4.6): whatever sounds like one."""


def status_reached(status: str | None, wanted: str) -> bool:
    """Return whether a message got at least as far as ``wanted``: a message that was read was delivered.

    :param status: the message's status.
    :param wanted: ``sent``, ``delivered`` or ``read``.
    """
    if status not in _STATUS_ORDER:
        return False
    return _STATUS_ORDER.index(status) >= _STATUS_ORDER.index(wanted)


def status_failed(status: str | None) -> bool:
    """Return whether a message will not arrive any more.

    :param status: the message's status.
    """
    return status is not None and _FAILURE.search(status) is not None


STANDINGS = ("sent", "failed", "delivered", "read")
"""How far a message may have got: none ever gets less far, whatever comes later (docs/api.md, 4.6)."""


def standing(status: str | None) -> str:
    """Return how far a message has got, as one of :data:`STANDINGS`.

    :param status: its status, however the API spells it.
    """
    if status_failed(status):
        return "failed"
    return next((far for far in ("read", "delivered") if status_reached(status, far)), "sent")


def further(known: str, seen: str) -> str:
    """Return which of two standings counts: statuses come out of order, and never move backwards.

    :param known: what was known.
    :param seen: what is seen now.
    """
    return max(known, seen, key=STANDINGS.index)
