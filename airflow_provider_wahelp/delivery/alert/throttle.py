"""Whether an alert goes out, or is counted and told with a later one: decisions only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

LONGEST = 4000
"""Characters: what messengers take in one message."""

_NAMED = 5  # tasks that a summary names


class State(StrEnum):
    """How far an alert has got."""

    HELD = "held"  # counted, to be told with another one
    CLAIMED = "claimed"  # about to be sent: no request has left that could be it
    BEGUN = "begun"  # it may have been sent
    DONE = "done"  # it was sent
    TOLD = "told"  # another one has told of it


class Move(StrEnum):
    """What to do with an alert."""

    SEND = "send"
    HOLD = "hold"
    LOOK = "look"  # whether it was sent
    LEAVE = "leave"


class Held(NamedTuple):
    """An alert that was held back.

    :param label: what it was about.
    :param at: when, in seconds since 1970.
    """

    label: str
    at: float


@dataclass(frozen=True)
class Known:
    """What the host knows when an alert comes up.

    :param state: how far this very alert has got; ``None`` if it is new.
    :param busy: whether another process is at it now.
    :param last: when the group's last message went, in seconds since 1970; ``None`` if there was none.
    """

    state: State | None
    busy: bool
    last: float | None


def decide(known: Known, now: float, window: float, *, quiet: bool) -> Move:
    """Say what to do with an alert.

    :param known: what the host knows.
    :param now: the time, in seconds since 1970.
    :param window: for how many seconds a message silences its group; 0 for not at all.
    :param quiet: whether nobody is to be disturbed now.
    """
    if known.busy or known.state in (State.DONE, State.TOLD):
        return Move.LEAVE
    if known.state is State.BEGUN:
        return Move.LOOK
    # A moment ahead of now counts as well, as the clock may have been set back: but never for ever.
    if quiet or (known.last is not None and abs(now - known.last) < window):
        return Move.HOLD
    return Move.SEND


def with_counts(text: str, more: Sequence[Held], of_run: Sequence[Held], zone: tzinfo, now: datetime) -> str:
    """Return a text with what was held back before it.

    :param text: the text.
    :param more: what was held back of its own group.
    :param of_run: what was held back of the run that has ended.
    :param zone: the zone that times are told in.
    :param now: the time.
    """
    lines = []
    if of_run:
        counted = Counter(held.label for held in of_run)
        labels = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
        named = ", ".join(f"{label} ({count})" for label, count in labels[:_NAMED])
        rest = sum(count for _, count in labels[_NAMED:])
        others = f" and {rest} others" if rest else ""
        lines.append(f"held back in this run since {_since(of_run, zone, now)}: {named}{others}")
    if more:
        lines.append(f"and {len(more)} more since {_since(more, zone, now)}")
    return "\n".join([cut(text, LONGEST - sum(len(line) + 1 for line in lines)), *lines])


def cut(text: str, longest: int) -> str:
    """Return a text that is no longer than it may be.

    :param text: the text.
    :param longest: its characters at most.
    """
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _since(held: Sequence[Held], zone: tzinfo, now: datetime) -> str:
    first = datetime.fromtimestamp(min(entry.at for entry in held), zone)
    return f"{first:%H:%M}" if now - first < timedelta(hours=20) else f"{first:%d %b %H:%M}"
