"""What is uploaded is the same on every Airflow: the tests on the newest alone build it and look at it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


def line_of(constraints: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in constraints.stem.removeprefix("airflow-").split("."))


CONSTRAINTS = sorted((ROOT / "constraints").glob("airflow-*.txt"), key=line_of)
NEWEST = CONSTRAINTS[-1]

if tuple(int(number) for number in version("apache-airflow").split(".")[:2]) != line_of(NEWEST):
    collect_ignore_glob = ["test_*.py"]


class Built(NamedTuple):
    wheel: Path
    sdist: Path


def build(source: Path, target: Path, umask: int = 0o022) -> Built:
    """Build with the backend that is installed; without what the environment says of dates."""
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    subprocess.run(command, cwd=source, env=environment, umask=umask, check=True, capture_output=True)
    [wheel], [sdist] = target.glob("*.whl"), target.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
