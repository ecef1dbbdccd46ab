"""Repeated events are known, whoever stored them, and many at once cost little."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.listeners import hookimpl
from airflow.listeners.listener import get_listener_manager
from airflow.models.asset import AssetDagRunQueue, AssetEvent
from airflow.utils.session import create_session
from sqlalchemy import func, select

from airflow_provider_wahelp.receiver import known_events
from airflow_provider_wahelp.receiver import register as module
from airflow_provider_wahelp.receiver.known_events import KnownEvents
from tests.receiver.conftest import AddAsset, events_of, told
from tests.receiver.test_register import dag, received, register

__all__ = ["dag"]  # a fixture


def take(*numbers: int) -> int:
    return register(received(*map(told, numbers)))


def test_what_another_process_stores_is_known(add_asset: AddAsset) -> None:
    asset_id = add_asset()
    assert take(1) == 1
    with create_session() as session:
        session.add(AssetEvent(asset_id=asset_id, extra={"key": "message:2"}))
        watched = {"from_trigger": True, "payload": {"key": "message:3"}}
        session.add(AssetEvent(asset_id=asset_id, extra=watched))
    assert take(1, 2, 3, 4) == 1


def test_more_than_are_kept_are_known_by_the_database(
    add_asset: AddAsset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_events, "MOST_KEYS", 3)
    add_asset()
    for number in range(6):
        assert take(number) == 1
    for known in (module._KNOWN, KnownEvents()):
        monkeypatch.setattr(module, "_KNOWN", known)
        assert take(*range(6)) == 0


def test_many_events_of_one_transaction_are_in_order_and_wake_a_dag(dag: int) -> None:
    assert take(*range(50)) == 50
    assert [event["id"] for event in events_of(dag)] == list(range(50))
    with create_session() as session:
        [queued] = session.scalars(select(AssetDagRunQueue))
        assert queued.created_at >= session.scalar(select(func.max(AssetEvent.timestamp)))


def test_a_listener_hears_of_each_event(add_asset: AddAsset) -> None:
    add_asset()
    heard = []
    listener = SimpleNamespace(on_asset_changed=hookimpl(lambda asset: heard.append(asset.uri)))
    manager = get_listener_manager()
    manager.pm.register(listener)
    try:
        take(1, 2, 3)
    finally:
        manager.pm.unregister(listener)
    assert len(heard) == 3
