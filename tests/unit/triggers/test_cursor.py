"""How far a watcher has read, over a real database of Airflow's: a listener moves it with each event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow.assets.manager", reason="before Airflow 3, assets have no events")

from airflow import settings
from airflow.listeners.listener import get_listener_manager
from airflow.models.asset import AssetEvent
from airflow.models.trigger import Trigger
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, select

from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.triggers import cursor_listener
from airflow_provider_wahelp.triggers.cursor import WATCHER, Position, VariableCursor, is_moved_by_listener
from airflow_provider_wahelp.triggers.incoming import IncomingMessagesTrigger
from airflow_provider_wahelp.triggers.waiters import LATENESS
from tests import timelapse
from tests.receiver.conftest import URI, AddAsset, _tables, add_asset, database, events_of
from tests.unit.triggers.test_incoming_waiters import place, write
from tests.unit.triggers.test_triggers import INTERVAL, Place, looks

__all__ = ["_tables", "add_asset", "database", "place"]

AT = "2026-11-29T09:00:00+00:00"
SECONDS = 1795942800.0
CURSOR = "wahelp_cursor_test"
HAS_STORE = find_spec("airflow.models.asset_state_store") is not None
listens = pytest.mark.skipif(not is_moved_by_listener(), reason="no listener is told of an event before 3.2")


@pytest.fixture
def asset(add_asset: AddAsset) -> Iterator[int]:
    get_listener_manager().add_listener(cursor_listener)
    yield add_asset()
    get_listener_manager().clear()
    with create_session() as session:
        session.execute(delete(Variable))
        session.execute(delete(Trigger))


def payload(number: int, **changes: Any) -> dict[str, Any]:
    told = {"key": f"message:{number}", "id": number, "kind": "message", "at": AT, WATCHER: CURSOR}
    return {**told, **changes}


def emit(asset_id: int, told: dict[str, Any]) -> None:
    """Have an event stored, in the session that is current, as a triggerer does. Nothing is committed."""
    from airflow.assets.manager import asset_manager
    from airflow.models.asset import AssetModel

    session = settings.Session()
    model = session.get(AssetModel, asset_id)
    asset_manager.register_asset_change(
        asset=model, extra={"from_trigger": True, "payload": told}, session=session
    )


def position(asset_id: int) -> Position | None:
    """Return how far the watcher has read, as far as that is committed."""
    with create_session() as session:
        try:
            from airflow.models.asset_state_store import AssetStateStoreModel
        except ImportError:
            stored = session.scalar(select(Variable).where(Variable.key == CURSOR))
            value = stored and stored.get_val()
        else:
            row = session.get(AssetStateStoreModel, (asset_id, CURSOR))
            value = row and row.value
    return Position.from_json(json.loads(value)) if value else None


@listens
def test_an_event_and_its_cursor_are_stored_together(asset: int) -> None:
    emit(asset, payload(1))
    settings.Session().commit()
    emit(asset, payload(2))
    settings.Session().rollback()
    assert position(asset) == Position(SECONDS - LATENESS, {"message:1": SECONDS})
    emit(asset, payload(2))
    settings.Session().commit()
    assert position(asset) == Position(SECONDS - LATENESS, {"message:1": SECONDS, "message:2": SECONDS})
    assert len(events_of(asset)) == 2


@listens
def test_a_cursor_that_cannot_be_moved_costs_no_event(asset: int, caplog: pytest.LogCaptureFixture) -> None:
    emit(asset, payload(1))
    settings.Session().commit()
    emit(asset, payload(2, at="no time"))
    settings.Session().commit()
    assert [each["payload"]["id"] for each in events_of(asset)] == [1, 2]
    assert "Could not store how far" in caplog.text
    assert position(asset) == Position(SECONDS - LATENESS, {"message:1": SECONDS})


@listens
@pytest.mark.parametrize("watched", [URI, f"{URI}/messages"])
def test_each_message_has_one_partition_whoever_tells_of_it(
    asset: int, add_asset: AddAsset, watched: str
) -> None:
    each = add_asset(f"{URI}/messages", f"{URI}/messages", kinds=["message"])
    watcher = asset if watched == URI else each
    for told in (payload(1), payload(2), payload(1), payload(3, kind="echo", key="echo:3")):
        emit(watcher, told)
        settings.Session().commit()
    with create_session() as session:
        keys = session.scalars(select(AssetEvent.partition_key).where(AssetEvent.asset_id == each)).all()
    assert sorted(filter(None, keys)) == ["message:1", "message:2"]
    assert WATCHER not in str([extra for extra in events_of(each) if not extra.get("from_trigger")])


@pytest.mark.parametrize("told", [{}, {"payload": payload(1)}, {"from_trigger": True, "payload": "text"}])
def test_events_of_others_move_nothing(asset: int, told: dict[str, Any]) -> None:
    cursor_listener.on_asset_event_emitted(SimpleNamespace(extra=told, asset=None))
    settings.Session().commit()
    assert position(asset) is None


@pytest.mark.usefixtures("asset")
def test_a_cursor_in_a_variable_is_found_again() -> None:
    async def work() -> tuple[Position | None, Position | None]:
        first = await VariableCursor("one").load()
        await VariableCursor("one").begin(Position(7.5, {"message:1": 8.0}))
        return first, await VariableCursor("one").load()

    assert asyncio.run(work()) == (None, Position(7.5, {"message:1": 8.0}))


@pytest.mark.skipif(is_moved_by_listener(), reason="a listener moves it")
@pytest.mark.usefixtures("asset")
def test_before_3_2_a_cursor_in_a_variable_stays_behind() -> None:
    async def work() -> list[Position | None]:
        cursor, found = VariableCursor("one"), []
        await cursor.begin(Position(SECONDS))
        for seconds in (100, 1000, 500):
            at = f"2026-11-29T09:{seconds // 60:02}:{seconds % 60:02}+00:00"
            await cursor.passed([payload(1, at=at), payload(2, at=None)])
            found.append(await VariableCursor("one").load())
        return found

    later = Position(SECONDS + 1000 - LATENESS)
    assert asyncio.run(work()) == [Position(SECONDS), later, later]


@pytest.mark.skipif(HAS_STORE, reason="its cursor is in the state store")
def test_before_3_3_a_watcher_loses_nothing_by_a_restart(
    asset: int, place: Place, wahelp_sandbox: Sandbox
) -> None:
    """The triggerer dies with events in its memory. With a listener, none is stored twice."""
    write(wahelp_sandbox, place, "before")
    options: dict[str, Any] = {**place, "include": ["text"], "poke_interval": INTERVAL}

    async def until_stored(count: int, *new: str) -> None:
        done, left = asyncio.Event(), count

        async def work() -> None:
            nonlocal left
            async for event in IncomingMessagesTrigger(**options).run():
                if left:
                    emit(asset, event.payload)
                    settings.Session().commit()
                    left -= 1
                if not left:
                    done.set()

        task = asyncio.create_task(work())
        if new:
            await looks(2)
            write(wahelp_sandbox, place, *new)
        await asyncio.wait_for(done.wait(), 20 * INTERVAL)
        task.cancel()

    timelapse.run(until_stored(1, "one", "two", "three"))
    once_more = [] if is_moved_by_listener() else ["one"]
    timelapse.run(until_stored(2 + len(once_more)))
    told = [each["payload"]["text"] for each in events_of(asset)]
    assert told == ["one", *once_more, "two", "three"]
