"""When a look is due, with hints and without."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from airflow_provider_wahelp.incoming.hearing import (
    DISTRUST_SECONDS,
    DOUBT_SECONDS,
    NET_SECONDS,
    OPEN_SECONDS,
    SETTLING_SECONDS,
    SPACING,
    Hearing,
    net_interval,
)
from airflow_provider_wahelp.incoming.hints import MOST_HINTS, Board, Hint

INTERVAL = 30.0


def hint(number: int) -> Hint:
    return Hint("uuid", "status", str(number), None)


class World:
    """A wait for the messages 1 to 9, a receiver, and the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.board: Board | None = Board(5, [])
        self.hearing = Hearing(lambda: self.now)
        self.hearing.start()
        self.hearing.join()
        self.hear()

    def hear(self, *numbers: int) -> None:
        if numbers and self.board:
            self.board = self.board.plus(list(map(hint, numbers)))
        self.hearing.hear(self.board, lambda each: len(each.message_id) == 1)

    def look(self, *shown: int) -> Collection[Hint] | None:
        hints = self.hearing.begin(INTERVAL)
        self.hearing.looked(self.now, hints, {str(number) for number in shown})
        return hints

    @property
    def left(self) -> float:
        return self.hearing.due(INTERVAL) - self.now


@pytest.fixture
def world() -> World:
    """A wait whose first look is over."""
    world = World()
    assert world.left < 0
    assert world.look() is None
    world.hearing._joined_at -= SETTLING_SECONDS
    return world


def test_the_net_is_wide_but_never_narrower_than_the_interval() -> None:
    assert [net_interval(each) for each in (1, 10, 60, 600)] == [10, 100, NET_SECONDS, 600]


def test_without_a_receiver_each_interval_has_its_look() -> None:
    world = World()
    world.board = None
    world.hear()
    world.look()
    assert world.left == INTERVAL


def test_with_one_the_poll_is_a_net(world: World) -> None:
    assert world.left == net_interval(INTERVAL)


def test_what_somebody_waits_for_is_looked_at_at_once(world: World) -> None:
    world.now += 20
    world.hear(77, 3)
    assert world.left < 0
    assert world.look(3) == (hint(3),)
    assert world.left == net_interval(INTERVAL) - 20


def test_what_nobody_waits_for_costs_no_look(world: World) -> None:
    world.hear(77, 78)
    assert world.left == net_interval(INTERVAL)


def test_a_wait_that_has_just_begun_is_not_ended_yet(world: World) -> None:
    world.now += 20
    world.hearing.join()
    world.now += 2
    world.hear(1)
    assert world.left == SETTLING_SECONDS - 2
    world.now += 1
    world.hearing.join()  # again and again: but no hint waits longer than that
    assert world.left == SETTLING_SECONDS - 1


def test_a_flood_of_hints_is_some_looks(world: World) -> None:
    world.hear(1)
    world.look(1)
    world.hear(2)
    world.hear(3)
    assert world.left == SPACING
    world.now += SPACING
    assert world.look(2, 3) == (hint(2), hint(3))


def test_what_the_api_does_not_show_yet_is_looked_for_at_each_interval(world: World) -> None:
    world.now += 20
    world.hear(1)
    world.look()
    assert world.left == INTERVAL - 20
    world.now += OPEN_SECONDS + 1
    world.look()
    assert world.left == net_interval(INTERVAL)


def test_what_has_begun_later_is_looked_at_within_an_interval(world: World) -> None:
    world.now += 10
    world.hearing.join()
    assert world.left == INTERVAL - 10


@pytest.mark.parametrize("board", [Board(1, []), Board(6 + MOST_HINTS, [hint(77)] * MOST_HINTS)])
def test_hints_that_were_missed_may_have_been_about_anything(world: World, board: Board) -> None:
    world.now += 10
    world.board = board
    world.hear()
    assert world.left == INTERVAL - 10


def found_by_the_net(world: World) -> None:
    world.now += net_interval(INTERVAL)
    assert world.look(1) is None
    world.hearing.ended()
    world.now += DOUBT_SECONDS + 1


def test_a_receiver_that_missed_something_is_not_relied_on_for_a_while(world: World) -> None:
    found_by_the_net(world)
    world.hear()
    world.look()
    assert world.left == INTERVAL
    world.now += DISTRUST_SECONDS
    world.look()
    assert world.left == net_interval(INTERVAL)


def test_a_webhook_that_comes_after_the_net_clears_the_receiver(world: World) -> None:
    found_by_the_net(world)
    world.hear(77)
    world.look()
    assert world.left == net_interval(INTERVAL)


def test_a_distrusted_receiver_is_still_fast(world: World) -> None:
    found_by_the_net(world)
    world.hear()
    world.look()
    world.hear(2)
    assert world.left < 0


@pytest.mark.parametrize("text", [None, 7, "", "[]", "[1]", '["x", []]', "[1, [[1, 2]]]", "[1, 2]", "{}"])
def test_what_is_no_board_is_none(text: object) -> None:
    assert Board.loads(text) is None


def test_a_board_comes_back_as_it_was() -> None:
    board = Board().plus(
        [hint(1), Hint("uuid", "message", "2", "301"), Hint("uuid", "message", "3" * 999, None)]
    )
    assert (Board.loads(board.dumps()), board.count) == (board, 2)
