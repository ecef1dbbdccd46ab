"""What webhooks have told of is left as hints for those that wait; :mod:`..incoming.hints` says why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow.models.variable import Variable
from sqlalchemy import select

from airflow_provider_wahelp.incoming.hints import Board, Hint, board_name
from airflow_provider_wahelp.receiver.received import Received

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_DESCRIPTION = "What webhooks of Wahelp have told of last: ids of messages and users. It may be deleted."


def leave_hints(session: Session, received: Iterable[Received]) -> None:
    """Leave hints in the transaction that stores the events. It must hold SQLite's lock for writing."""
    heard: dict[str, list[Hint]] = defaultdict(list)
    for each in received:
        name = board_name(each.channel.host, each.channel.project_id)
        heard[name].append(_hint(each))
    for name, hints in sorted(heard.items()):
        row = session.scalar(select(Variable).where(Variable.key == name).with_for_update())
        board = (Board.loads(row.get_val()) if row else None) or Board()
        if row is None:
            row = Variable(key=name, description=_DESCRIPTION)  # type: ignore[no-untyped-call]
            session.add(row)
        row.set_val(board.plus(hints).dumps())


def _hint(received: Received) -> Hint:
    message = received.event.message
    user_id = None if message.user_id is None else str(message.user_id)
    return Hint(received.channel.channel_uuid, received.event.kind, str(message.id), user_id)
