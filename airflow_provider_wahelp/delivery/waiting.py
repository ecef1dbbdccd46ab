"""How long a message is waited for."""

from __future__ import annotations

from typing import NamedTuple


class WaitOptions(NamedTuple):
    """What is waited for, and for how many seconds.

    :param fallback_after: after the send, where there is another channel to try.
    :param interval: how long from one poll to the next.
    :param net: the same where webhooks tell of what happens and none has come; 0 where none tells.
    """

    wanted: str
    timeout: float
    fallback_after: float
    interval: float
    net: float = 0.0
