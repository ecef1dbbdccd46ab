"""`make demo`, as it runs where nobody watches."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.airflow_version import VERSION

from .conftest import REPOSITORY

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(VERSION < (3, 3), reason="`make demo` installs the newest Airflow"),
]


def test_the_demo_runs_and_stops_by_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--home", str(tmp_path / "home")],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ send" in done.stdout
    assert "Hello from Airflow!" in done.stdout
    assert "Everything has been stopped." in done.stdout
    assert done.stderr == ""
