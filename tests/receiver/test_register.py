"""Events of channels as events of assets, in a real database of Airflow's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from airflow.models.asset import (
    AssetDagRunQueue,
    AssetEvent,
    AssetModel,
    DagScheduleAssetReference,
)
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.session import create_session
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import OperationalError

from airflow_provider_wahelp.assets.uri import ChannelUri
from airflow_provider_wahelp.client.events import events_in
from airflow_provider_wahelp.receiver import register as module
from airflow_provider_wahelp.receiver.known_events import REPEATED_WITHIN
from airflow_provider_wahelp.receiver.received import Received
from airflow_provider_wahelp.receiver.sqlite_lock import lock_for_writing
from tests.receiver.conftest import URI, UUIDS, AddAsset, events_of, told


def register(received: Sequence[Received]) -> int:
    return module.register(lambda: received)


def received(*bodies: dict[str, object], uri: str = URI) -> list[Received]:
    events, _ = events_in(list(bodies))
    return [Received("wahelp_default", ChannelUri.parse(uri), event) for event in events]


@pytest.mark.skipif(not hasattr(AssetEvent, "partition_key"), reason="partitions came with Airflow 3.2")
def test_a_message_has_one_partition_however_often_it_is_told_of(add_asset: AddAsset) -> None:
    add_asset()
    each = add_asset(f"{URI}/messages", f"{URI}/messages")
    assert [register(received(*map(told, ids))) for ids in ([1, 2], [2, 1], [3])] == [4, 0, 2]
    with create_session() as session:
        keys = session.scalars(select(AssetEvent.partition_key).where(AssetEvent.asset_id == each))
        assert sorted(keys) == ["message:1", "message:2", "message:3"]


@pytest.fixture
def dag(add_asset: AddAsset) -> Iterator[int]:
    """A DAG that an asset starts; the asset's id."""
    asset_id = add_asset()
    with create_session() as session:
        session.merge(DagBundleModel(name="testing"))
        session.flush()
        session.add(
            DagModel(dag_id="listens", bundle_name="testing", fileloc="", is_paused=False, is_stale=False)
        )
        session.flush()
        session.add(DagScheduleAssetReference(asset_id=asset_id, dag_id="listens"))
    yield asset_id
    with create_session() as session:
        for table in (AssetDagRunQueue, DagScheduleAssetReference, DagModel):
            session.execute(delete(table))


def test_a_message_is_an_event_without_what_is_personal(add_asset: AddAsset) -> None:
    asset_id = add_asset()
    assert register(received(told(1))) == 1
    [event] = events_of(asset_id)
    assert (event["key"], event["kind"], event["channel_uuid"]) == ("message:1", "message", UUIDS["7"])
    assert "79261234567" not in json.dumps(event)
    assert "text" not in event


def test_a_repeated_event_is_one(add_asset: AddAsset) -> None:
    asset_id = add_asset()
    assert register(received(told(1), told(1))) == 1
    assert register(received(told(1), told(2))) == 1
    assert [event["id"] for event in events_of(asset_id)] == [1, 2]


def test_an_event_of_long_ago_is_not_looked_for(add_asset: AddAsset) -> None:
    asset_id = add_asset()
    register(received(told(1)))
    long_ago = datetime.now(UTC) - REPEATED_WITHIN - timedelta(minutes=1)
    with create_session() as session:
        session.execute(update(AssetEvent).values(timestamp=long_ago))
    assert register(received(told(1))) == 1
    assert len(events_of(asset_id)) == 2


def test_what_a_watcher_has_told_is_not_told_again(add_asset: AddAsset) -> None:
    asset_id = add_asset()
    with create_session() as session:
        extra = {"from_trigger": True, "payload": {"key": "message:1"}}
        session.add(AssetEvent(asset_id=asset_id, extra=extra))
    assert register(received(told(1))) == 0


def test_each_asset_of_a_channel_is_told_of_its_kinds(add_asset: AddAsset) -> None:
    messages = add_asset("one", kinds=["message"], include=["text", "phone"])
    statuses = add_asset("two", kinds=["status", "echo"])
    by_hand = add_asset("three", kinds="nonsense", include=7)
    elsewhere = add_asset("four", f"wahelp://wahelp.test/101/{UUIDS['8']}")
    echo = told(2, destination="from_operator")
    update_ = told(2, "updated", destination="from_operator", status="read")
    assert register(received(told(1), echo, update_)) == 4
    assert [(event["text"], event["phone"]) for event in events_of(messages)] == [("Да", "79261234567")]
    assert [event["key"] for event in events_of(statuses)] == ["echo:2", "status:2:read"]
    assert [event["kind"] for event in events_of(by_hand)] == ["message"]
    assert events_of(elsewhere) == []


def test_nobody_wants_an_event(database: None) -> None:
    assert register(received(told(1))) == 0


def test_each_event_moves_the_run_that_is_due(dag: int) -> None:
    register(received(told(1)))
    with create_session() as session:
        session.execute(update(AssetDagRunQueue).values(created_at=datetime(2026, 1, 1, tzinfo=UTC)))
    register(received(told(2)))
    with create_session() as session:
        [queued] = session.scalars(select(AssetDagRunQueue))
        assert queued.target_dag_id == "listens"
        assert queued.created_at >= session.scalar(select(func.max(AssetEvent.timestamp)))


def test_nothing_is_kept_of_a_transaction_that_fails(
    add_asset: AddAsset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset_id = add_asset()

    def fail(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(module, "_wake", fail)
        with pytest.raises(RuntimeError):
            register(received(told(1)))
    assert events_of(asset_id) == []
    assert register(received(told(1))) == 1


def test_a_writer_that_holds_the_lock_is_waited_for(add_asset: AddAsset) -> None:
    """A read that becomes a write fails at once where another writes: ``database is locked``."""
    asset_id = add_asset()
    with create_session(scoped=False) as session:
        session.execute(update(AssetModel).values(group="held"))
        waits = Thread(target=register, args=(received(told(1)),))
        waits.start()
        waits.join(0.3)
        assert waits.is_alive()
        assert session.scalar(text("SELECT count(*) FROM asset_event")) == 0
    waits.join(10)
    assert [event["id"] for event in events_of(asset_id)] == [1]


def test_what_comes_while_the_lock_is_waited_for_is_taken_too(add_asset: AddAsset) -> None:
    asset_id = add_asset()
    come = received(told(1))
    with create_session(scoped=False) as session:
        session.execute(update(AssetModel).values(group="held"))
        waits = Thread(target=module.register, args=(lambda: come,))
        waits.start()
        waits.join(0.1)
        come += received(told(2))
    waits.join(10)
    assert [event["id"] for event in events_of(asset_id)] == [1, 2]


def test_a_lock_that_is_not_let_go_is_an_error_and_the_settings_of_the_connection_stay(
    add_asset: AddAsset,
) -> None:
    add_asset()
    with create_session(scoped=False) as holder, create_session(scoped=False) as waits:
        holder.execute(update(AssetModel).values(group="held"))
        waits.execute(text("PRAGMA busy_timeout = 50"))
        with pytest.raises(OperationalError, match="locked"):
            lock_for_writing(waits)
        assert waits.scalar(text("PRAGMA busy_timeout")) == 50
        holder.rollback()
        lock_for_writing(waits)
        assert waits.scalar(text("PRAGMA busy_timeout")) == 50
        waits.execute(text("PRAGMA busy_timeout = 5000"))


@pytest.mark.parametrize("message_id", ["a\x00", "a\ud800", "\x00"])
def test_an_id_that_no_database_takes_is_known_again(add_asset: AddAsset, message_id: str) -> None:
    asset_id = add_asset()
    assert register(received(told(message_id))) == 1
    assert register(received(told(message_id), told("a"))) == 1
    assert len(events_of(asset_id)) == 2
