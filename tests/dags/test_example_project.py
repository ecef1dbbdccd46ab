"""The project of docs/testing.md: its tests pass, run as by their author, and are the page's examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .test_readme import ROOT, squeezed

PROJECT = Path(__file__).parent / "example_project"
SECONDS = 1800  # Airflow 3.0 to 3.2 start an API server for each task
BLOCKS = re.findall(
    r"```(?:python|toml)\n(.*?)```", (ROOT / "docs" / "testing.md").read_text("utf-8"), re.DOTALL
)


def test_its_tests_pass() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--durations=0"],
        env={name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " skipped" not in done.stdout


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: squeezed(block).partition("\n")[0][:40])
def test_every_example_of_the_page_is_part_of_it(block: str) -> None:
    files = [
        squeezed(path.read_text("utf-8")) for path in PROJECT.rglob("*") if path.suffix in (".py", ".toml")
    ]
    assert any(squeezed(block) in file for file in files)


def test_the_page_shows_its_way_from_nothing_to_a_test() -> None:
    """Whoever copies the page has all that the tests need."""
    shown = "\n".join(map(squeezed, BLOCKS))
    for name in ("pyproject.toml", "dags/order_ready.py", "tests/conftest.py", "tests/test_task.py"):
        assert squeezed((PROJECT / name).read_text("utf-8")) in shown
