"""A rig for each test, on one sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from tests.delivery.sending_task import TIMEOUT, Rig


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Run one sandbox for all tests."""
    with Sandbox() as running:
        yield running


@pytest.fixture
def rig(sandbox: Sandbox, connect: Any, tmp_path: Path, own_state: Path) -> Rig:
    """Return a rig on a sandbox that is as at its start."""
    sandbox.reset()
    connect(sandbox.url)
    return Rig(sandbox, tmp_path, own_state)


@pytest.fixture
def hasty(rig: Rig, connect: Any) -> None:
    """Let the host wait for no slow answer; on a busy machine all are, so not where requests are counted."""
    connect(rig.sandbox.url, extra={"timeout": TIMEOUT, "send_timeout": TIMEOUT})
