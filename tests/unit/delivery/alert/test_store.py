"""What is decided about an alert, from what the host knows."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.delivery.alert.records import State
from airflow_provider_wahelp.delivery.alert.store import Action, Known, decide

NOW, WINDOW = 1_000_000.0, 600.0


@pytest.mark.parametrize(
    ("state", "last", "quiet", "action"),
    [
        (None, None, False, Action.SEND),
        (None, None, True, Action.HOLD),
        (None, NOW - WINDOW + 1, False, Action.HOLD),
        (None, NOW - WINDOW, False, Action.SEND),
        (None, NOW + WINDOW - 1, False, Action.HOLD),
        (None, NOW + WINDOW, False, Action.SEND),
        (State.HELD, None, False, Action.SEND),
        (State.HELD, NOW - 1, False, Action.HOLD),
        (State.CLAIMED, None, False, Action.SEND),
        (State.BEGUN, None, False, Action.RECONCILE),
        (State.BEGUN, NOW - 1, True, Action.RECONCILE),
        (State.DONE, None, False, Action.SKIP),
        (State.REPORTED, None, False, Action.SKIP),
    ],
)
def test_what_is_known_decides(state: State | None, last: float | None, quiet: bool, action: Action) -> None:
    known = Known(state, busy=False, last=last)
    assert decide(known, NOW, WINDOW, quiet=quiet) is action


@pytest.mark.parametrize("state", [State.CLAIMED, State.BEGUN])
def test_what_another_process_is_at_is_left_to_it(state: State) -> None:
    assert decide(Known(state, busy=True, last=None), NOW, WINDOW, quiet=False) is Action.SKIP


def test_without_a_window_nothing_is_held_back() -> None:
    assert decide(Known(None, busy=False, last=NOW), NOW, 0, quiet=False) is Action.SEND
