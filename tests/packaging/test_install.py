"""The wheel beside each Airflow that there are constraints for, with that Airflow's own pins."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

import pytest

from .conftest import CONSTRAINTS, NEWEST, Built, line_of

MOST_ADDED = 2  # the provider and phonenumbers
TOO_NEW = (3, 13)  # for the Airflows before the first one that it is not too new for
FIRST_FOR_TOO_NEW = (3, 1)

IMPORT = """
from airflow_provider_wahelp.client import *
from airflow_provider_wahelp.hooks import *
from airflow_provider_wahelp.operators import *
from airflow_provider_wahelp.sensors import *
from airflow_provider_wahelp.triggers import *
from airflow_provider_wahelp.delivery.mailing import mailing
from airflow_provider_wahelp.delivery.message import tracked_send
from airflow.providers_manager import ProvidersManager
assert "airflow-provider-wahelp" in ProvidersManager().providers
"""


class Environment:
    """A virtual environment of its own, without pip."""

    def __init__(self, folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.folder = folder
        self.python = str(folder / "bin" / "python")

    def install(self, constraints: Path, what: str) -> None:
        """Install as the Makefile does."""
        self._pip("install", "--quiet", "-c", str(constraints), what, uv=["--system-certs"])

    def check(self) -> None:
        """Fail where something that is installed lacks something, or has the wrong version of it."""
        self._pip("check")

    def _pip(self, *command: str, uv: Sequence[str] = ()) -> None:
        """Have uv do it, else pip, which may know another way to the package index."""
        quick = [sys.executable, "-m", "uv", "pip", *command, *uv, "--python", self.python]
        if subprocess.run(quick, check=False).returncode:
            subprocess.run([sys.executable, "-m", "pip", "--python", self.python, *command], check=True)

    def run(self, *command: str) -> str:
        program = str(self.folder / "bin" / command[0])
        home = {"AIRFLOW_HOME": str(self.folder / "airflow"), "PATH": str(self.folder / "bin")}
        ran = subprocess.run([program, *command[1:]], env=home, check=True, capture_output=True, text=True)
        return ran.stdout

    def installed(self) -> dict[str, str]:
        [packages] = self.folder.glob("lib/python*/site-packages")
        return {found.name: found.version for found in distributions(path=[str(packages)])}


def airflow_of(constraints: Path) -> str:
    [pin] = re.findall(r"^apache-airflow==.*", constraints.read_text(), re.MULTILINE)
    return pin


@pytest.fixture(params=CONSTRAINTS, ids=lambda file: file.stem)
def constraints(request: pytest.FixtureRequest) -> Path:
    file: Path = request.param
    if sys.version_info >= TOO_NEW and line_of(file) < FIRST_FOR_TOO_NEW:
        pytest.skip(f"{airflow_of(file)} needs an older Python")
    return file


def test_it_joins_an_airflow_without_changing_it(constraints: Path, built: Built, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.install(constraints, airflow_of(constraints))
    before = environment.installed()
    environment.install(constraints, str(built.wheel))
    after = environment.installed()
    assert {name: after.get(name) for name in before} == before
    added = after.keys() - before.keys()
    assert "airflow-provider-wahelp" in added
    assert len(added) <= MOST_ADDED, added
    environment.check()


@pytest.fixture(scope="module")
def newest(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("newest") / "venv")
    environment.install(NEWEST, airflow_of(NEWEST))
    environment.install(NEWEST, str(built.wheel))
    return environment


def test_what_the_tests_bring_is_not_needed(newest: Environment) -> None:
    newest.run("python", "-c", IMPORT)


def test_the_extras_bring_what_they_promise(newest: Environment, built: Built) -> None:
    newest.install(NEWEST, f"{built.wheel}[sandbox,sql,parquet,qr]")
    newest.check()
    assert {"apache-airflow-providers-common-sql", "pyarrow", "segno", "uvicorn"} <= newest.installed().keys()
    assert "--port" in newest.run("wahelp-sandbox", "--help")
    assert "--save" in newest.run("wahelp", "docs", "--help")
