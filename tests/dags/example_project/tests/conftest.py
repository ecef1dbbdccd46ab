"""An Airflow of the tests' own. Its environment is set before anything imports Airflow."""

import os
import tempfile
from pathlib import Path

import pytest

from airflow_provider_wahelp.sandbox import SandboxOptions

HOME = tempfile.TemporaryDirectory(prefix="airflow-", ignore_cleanup_errors=True)
os.environ.update(
    AIRFLOW_HOME=HOME.name,
    AIRFLOW__CORE__DAGS_FOLDER=str(Path(__file__).parents[1] / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
)


@pytest.fixture(scope="session")
def airflow_database():
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def wahelp_sandbox_options():
    return SandboxOptions(delivered_after=0, read_after=None)  # delivered at once, and never read
