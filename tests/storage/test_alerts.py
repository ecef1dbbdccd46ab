"""Alerts on every state: one of a storm is sent, and what is held back is counted once, over all hosts."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from airflow_provider_wahelp.delivery.alert import store
from airflow_provider_wahelp.delivery.alert.history import History, history
from airflow_provider_wahelp.delivery.alert.store import Action, Alert, Alerts
from airflow_provider_wahelp.storage.state.interface import State, StateAwayError

from .conftest import Open
from .test_state import Clock

GROUP, RUN = b"g" * 16, b"r" * 16
NUMBERS = count()


def alert(group: bytes = GROUP, *, ends_run: bool = False) -> Alert:
    number = next(NUMBERS)
    return Alert(b"event" + number.to_bytes(27) + b"k" * 32, group, RUN, "load failed", ends_run)


def test_the_first_is_sent_and_the_next_window_tells_of_the_others(opened: Open) -> None:
    clock = Clock()
    alerts, elsewhere = Alerts(opened(clock)), Alerts(opened(clock))
    first = alert()
    assert alerts.claim(first, 600, 10).action is Action.SEND
    alerts.begin(first, {"user_id": 301})
    assert elsewhere.claim(first, 600, 10).action is Action.SKIP, "somebody is at it"
    alerts.finish(first)
    assert elsewhere.claim(first, 600, 10).action is Action.SKIP, "it was sent"
    held = [alert() for _ in range(3)]
    assert {elsewhere.claim(one, 600, 10).action for one in [*held, *held]} == {Action.HOLD}
    assert elsewhere.came_up(held[0].key[:32], 0)
    assert not elsewhere.came_up(alert().key[:32], 0)
    clock.now += 600_000
    later = alert()
    claim = alerts.claim(later, 600, 10)
    assert (claim.action, len(claim.more), claim.of_run) == (Action.SEND, 3, ())
    alerts.finish(later)
    assert alerts.claim(held[0], 600, 10).action is Action.SKIP, "it was reported"
    clock.now += 600_000
    assert elsewhere.claim(alert(), 600, 10).more == ()


def test_the_end_of_a_run_tells_what_all_hosts_held_back(opened: Open) -> None:
    clock = Clock()
    hosts = [Alerts(opened(clock)) for _ in range(2)]
    for group in (b"a" * 16, b"b" * 16):
        first = alert(group)
        assert hosts[0].claim(first, 600, 10).action is Action.SEND
        hosts[0].finish(first)
        for host in hosts:
            assert host.claim(alert(group), 600, 10).action is Action.HOLD
    end = alert(b"c" * 16, ends_run=True)
    assert len(hosts[1].claim(end, 600, 10).of_run) == 4
    again = alert(b"c" * 16, ends_run=True)
    assert hosts[0].claim(again, 0, 10).of_run == (), "another message is on its way with them"
    hosts[1].give_back(end)
    hosts[0].give_back(again)
    assert len(hosts[0].claim(alert(b"d" * 16, ends_run=True), 0, 10).of_run) == 6, "and what was not sent"


def test_what_a_dead_host_had_claimed_is_held_back_once_its_time_is_over(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    alerts = Alerts(opened(clock))
    with monkeypatch.context() as patch:
        patch.setattr(socket, "gethostname", lambda: "another host")
        claimed, begun = alert(), alert(b"b" * 16)
        assert alerts.claim(claimed, 600, 10).action is Action.SEND
        assert alerts.claim(begun, 600, 10).action is Action.SEND
        alerts.begin(begun, {"user_id": 301})
    assert alerts.claim(claimed, 600, 10).action is Action.SKIP
    clock.now += 10_001
    claim = alerts.claim(alert(), 600, 10)
    assert (claim.action, len(claim.more)) == (Action.SEND, 1)
    claim = alerts.claim(begun, 600, 10)
    assert (claim.action, claim.note) == (Action.RECONCILE, {"user_id": 301})


def test_of_many_at_once_on_several_hosts_one_is_sent(opened: Open) -> None:
    hosts = [Alerts(opened(), 60.0) for _ in range(4)]
    actions: list[Action] = []

    def fail(host: Alerts) -> None:
        for _ in range(10):
            actions.append(host.claim(one := alert(), 600, 60).action)
            if actions[-1] is Action.SEND:
                host.finish(one)

    threads = [threading.Thread(target=fail, args=(host,)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (actions.count(Action.SEND), actions.count(Action.HOLD)) == (1, 39)
    assert len(hosts[0].claim(alert(b"x" * 16, ends_run=True), 600, 60).of_run) == 39


@pytest.mark.parametrize("kind", ["directory"], indirect=True)
def test_while_the_state_is_away_an_alert_is_told_and_counted_on_the_host(
    opened: Open, own_state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Away:
        def alone(self, *_: object) -> State:
            raise StateAwayError("ConnectionError")

        def close(self) -> None: ...

    store.warn_once.cache_clear()
    alerts = Alerts(Away())  # type: ignore[arg-type]
    one = alert()
    assert [alerts.claim(each, 600, 10).action for each in (one, alert())] == [Action.SEND, Action.HOLD]
    alerts.finish(one)
    alerts.close()
    assert (own_state / "alerts.sqlite").exists()
    [warning] = caplog.messages
    assert warning.endswith("is away (ConnectionError): alerts are counted on this host alone.")


def test_what_became_of_alerts_is_remembered_for_people_to_look_at(opened: Open) -> None:
    clock = Clock()
    state = opened(clock)
    assert history(state, 600) == History([], None)
    alerts, began = Alerts(state), clock.now / 1000
    told, held, begun = alert(), alert(), alert(b"other")
    alerts.claim(told, 60, 10)
    alerts.finish(told)
    alerts.claim(held, 60, 10)
    alerts.claim(begun, 0, 10)
    alerts.begin(begun, {"user_id": 301})
    assert fates(state) == {"told": 1, "held back": 1, "under way": 1}
    clock.now += 20_000
    assert fates(state) == {"told": 1, "held back": 1, "perhaps told": 1}
    assert history(state, 600).since == began
    clock.now += 600_000
    later = alert()
    claim = alerts.claim(later, 60, 10)
    assert len(claim.more) == 1
    alerts.finish(later)
    assert (fates(state), fates(state, 700)) == ({"told": 1}, {"told": 2, "told later": 1, "perhaps told": 1})
    assert history(state, 600).since == clock.now / 1000 - 600


def fates(state: State, seconds: float = 600) -> dict[str, int]:
    return Counter(str(each.fate) for each in history(state, seconds).alerts)
