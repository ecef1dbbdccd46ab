"""A world for each test, on one sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from tests.delivery.world import TIMEOUT, World


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Run one sandbox for all tests."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox, connect: Any, tmp_path: Path, own_state: Path) -> World:
    """Return a world on a sandbox that is as at its start."""
    sandbox.reset()
    connect(sandbox.url)
    return World(sandbox, tmp_path, own_state)


@pytest.fixture
def hasty(world: World, connect: Any) -> None:
    """Let the host wait for no slow answer; on a busy machine all are, so not where requests are counted."""
    connect(world.sandbox.url, extra={"timeout": TIMEOUT})
