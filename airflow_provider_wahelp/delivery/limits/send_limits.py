"""What holds a message back, besides the pace."""

from __future__ import annotations

from typing import NamedTuple

from airflow_provider_wahelp.delivery.send_options import DAILY_CAP, PerPerson


class SendLimits(NamedTuple):
    """What holds a message back, besides the pace.

    :param daily_cap: messages in any 24 hours through the channel; ``None`` for no limit.
    :param warm_up: whether the channel's number is new.
    :param urgent: whether nothing of this holds it back; it counts all the same.
    :param per_person: messages to one person in a period; ``None``: they are not counted.
    :param silent_for: seconds for which somebody must not have written to get no message; ``None``: whoever.
    """

    daily_cap: int | None = DAILY_CAP
    warm_up: bool = False
    urgent: bool = False
    per_person: PerPerson | None = None
    silent_for: float | None = None
