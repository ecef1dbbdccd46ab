"""A receiver over a real database of Airflow's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.models.variable import Variable
from airflow.utils.session import create_session
from sqlalchemy import delete, select

try:
    from airflow.models.asset import AssetActive, AssetDagRunQueue, AssetEvent, AssetModel
except ImportError:  # before Airflow 3, assets have no events
    collect_ignore_glob = ["test_*.py"]

SECRET = "a-secret-that-nobody-guesses"
HOST = "wahelp.test"
PROJECT = 101
UUIDS = {"7": "0a0b0c0d-0000-4000-8000-000000000007", "8": "0a0b0c0d-0000-4000-8000-000000000008"}
URI = f"wahelp://{HOST}/{PROJECT}/{UUIDS['7']}"


@pytest.fixture(scope="session")
def _tables() -> None:
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def database(_tables: None) -> Iterator[None]:
    """Give a test Airflow's tables without assets."""
    yield
    with create_session() as session:
        for table in (AssetDagRunQueue, AssetEvent, AssetActive, AssetModel, Variable):
            session.execute(delete(table))


AddAsset = Callable[..., int]


@pytest.fixture
def add_asset(database: None) -> AddAsset:
    """Return a function that adds an asset, as a DAG file does, and returns its id."""

    def add(name: str = URI, uri: str = URI, **extra: Any) -> int:
        with create_session() as session:
            asset = AssetModel(name=name, uri=uri, group="asset", extra=extra)
            session.add(asset)
            session.flush()
            if not session.scalar(select(AssetActive).where(AssetActive.uri == uri)):  # Airflow has one
                session.add(AssetActive.for_asset(asset))
            return int(asset.id)

    return add


def events_of(asset_id: int) -> list[dict[str, Any]]:
    """Return what the events of an asset carry."""
    with create_session() as session:
        events = session.scalars(
            select(AssetEvent).where(AssetEvent.asset_id == asset_id).order_by(AssetEvent.id)
        )
        return [event.extra for event in events]


def told(message_id: int | str, action: str = "created", **fields: Any) -> dict[str, Any]:
    """Return what a webhook says of a message; by default somebody wrote it."""
    payload = {
        "id": message_id,
        "user_id": 301,
        "channel_id": 7,
        "message": "Да",
        "message_type": "text",
        "destination": "from",
        "created_at": "2026-11-28 12:00:00",
        "status": None,
        "user": {"id": 301, "name": "Анна", "phone": "79261234567"},
    }
    return {"action": f"channel.message.{action}", "payload": {**payload, **fields}}


def body(*events: dict[str, Any]) -> bytes:
    """Return the body of a webhook: one event, or a list."""
    return json.dumps(events[0] if len(events) == 1 else events).encode()
