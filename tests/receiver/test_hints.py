"""Hints that the receiver leaves, in a real database of Airflow's."""

from __future__ import annotations

from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_provider_wahelp.incoming.hints import MOST_HINTS, Board, Hint, board_name
from tests.receiver.conftest import HOST, PROJECT, UUIDS, AddAsset, told
from tests.receiver.test_register import received, register


def board() -> Board | None:
    with create_session() as session:
        name = board_name(HOST, PROJECT)
        return Board.loads(session.scalar(select(Variable).where(Variable.key == name)).get_val())


def test_what_no_asset_asks_for_is_a_hint_all_the_same(database: None) -> None:
    status = told(2, "updated", destination="from_operator", status="read", user_id=None, user=None)
    assert register(received(told(1), status)) == 0
    assert board() == Board(
        2, [Hint(UUIDS["7"], "message", "1", "301"), Hint(UUIDS["7"], "status", "2", None)]
    )


def test_hints_hold_nothing_personal_and_the_latest_are_kept(add_asset: AddAsset) -> None:
    add_asset()
    for first in range(0, MOST_HINTS + 50, 50):
        register(received(*(told(number) for number in range(first, first + 50))))
    left = board()
    assert left
    assert (left.count, len(left.hints)) == (MOST_HINTS + 50, MOST_HINTS)
    assert left.hints[-1].message_id == str(MOST_HINTS + 49)
    assert "79261234567" not in left.dumps()
    assert "Да" not in left.dumps()


def test_a_board_that_somebody_has_spoilt_begins_anew(database: None) -> None:
    with create_session() as session:
        session.add(Variable(key=board_name(HOST, PROJECT), val="no hints"))
    register(received(told(1)))
    left = board()
    assert left
    assert left.count == 1
