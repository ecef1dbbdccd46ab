"""What webhooks have told of, as hints: where to look, never what is there.

A webhook proves nothing (docs/api.md, 5). So a hint ends no wait by itself: it makes whoever waits read the
message from the API now, and not at the next poll. The receiver leaves the latest hints of a project in a
Variable: of all that Airflow's API server writes, tasks and triggers can read that since Airflow 3.0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

MOST_HINTS = 200
"""So many are kept. A reader that missed some knows by their count, and looks at everything."""

_LONGEST_ID = 200


class Hint(NamedTuple):
    """Something has happened to a message.

    :param kind: as that of a :class:`~airflow_provider_wahelp.client.events.ChannelEvent`.
    :param user_id: the person; ``None`` where the webhook did not say.
    """

    channel_uuid: str
    kind: str
    message_id: str
    user_id: str | None

    def is_written_in(self, channel_uuid: str, user_ids: Container[str]) -> bool:
        """Return whether it is about something that one of some people has written in a channel."""
        is_theirs = self.user_id is None or self.user_id in user_ids
        return is_theirs and self.kind == "message" and self.channel_uuid == channel_uuid


@dataclass(frozen=True)
class Board:
    """The latest hints of a project.

    :param count: how many there have ever been.
    """

    count: int = 0
    hints: Sequence[Hint] = ()

    @classmethod
    def loads(cls, text: object) -> Self | None:
        """Read a board; ``None`` where there is none, or somebody has written something else there."""
        try:
            count, hints = json.loads(str(text))
            return cls(int(count), [Hint(*map(_text, hint)) for hint in hints])  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None

    def dumps(self) -> str:
        """Return what :meth:`loads` reads."""
        return json.dumps([self.count, self.hints], separators=(",", ":"))

    def plus(self, hints: Sequence[Hint]) -> Board:
        """Return the board with more hints."""
        kept = [hint for hint in hints if all(len(part or "") <= _LONGEST_ID for part in hint)]
        return Board(self.count + len(kept), [*self.hints, *kept][-MOST_HINTS:])

    def since(self, count: int) -> Sequence[Hint] | None:
        """Return what has come since there were so many; ``None`` where not all of it is known any more."""
        new = self.count - count
        return self.hints[len(self.hints) - new :] if 0 <= new <= len(self.hints) else None


def board_name(host: str, project_id: int | str) -> str:
    """Return the name of a project's Variable.

    :param host: the API's, as assets name it.
    """
    # No word of it may look like the name of a secret: Airflow would note each value, to mask it.
    return f"wahelp_heard_{hashlib.sha256(f'{host}/{project_id}'.encode()).hexdigest()[:16]}"


def read_board(name: str) -> Board | None:
    """Return the hints of a project, in a task or a thread of a trigger; ``None`` if there are none."""
    try:
        from airflow.sdk import Variable

        return Board.loads(Variable.get(name, default=None))
    except Exception:  # noqa: BLE001 - before Airflow 3, or not to be had now: polling does without
        return None


def _text(part: object) -> str | None:
    return None if part is None else str(part)
