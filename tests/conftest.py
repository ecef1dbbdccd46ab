"""What all tests share: an Airflow home of their own, and nothing shared between two tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

RAM_DISK = Path("/dev/shm")
ROOM = 4 * 2**30  # bytes: a run of all tests takes one of the four


def _is_fit(disk: Path) -> bool:
    """Return whether a disk may hold what the tests write: they wait for a real one most of their time."""
    if not disk.is_dir() or shutil.disk_usage(disk).free < ROOM:
        return False
    return not os.statvfs(disk).f_flag & os.ST_NOEXEC


if "TMPDIR" not in os.environ and _is_fit(RAM_DISK):
    os.environ["TMPDIR"] = tempfile.tempdir = str(RAM_DISK)

HOME = Path(tempfile.mkdtemp(prefix="wahelp-tests-"))
os.environ.update(  # before anything imports Airflow
    AIRFLOW_HOME=str(HOME),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(HOME / "dags"),
    AIRFLOW__CORE__FERNET_KEY="",
)

import atexit  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402

import pytest  # noqa: E402

atexit.register(shutil.rmtree, HOME, ignore_errors=True)

SANDBOX_LOG = logging.getLogger("airflow_provider_wahelp.sandbox")
SANDBOX_LOG.setLevel("WARNING")  # a line is a fifth of what a request costs; `tests/sandbox` reads them

Connect = Callable[..., None]
MASKERS = (
    "airflow.sdk._shared.secrets_masker",
    "airflow.sdk.execution_time.secrets_masker",  # Airflow 3.0
    "airflow.utils.log.secrets_masker",  # Airflow 2
)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a directory for tokens, and a process that knows none."""
    from airflow_provider_wahelp.client import token_store

    directory = tmp_path / "wahelp"
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE_DIRECTORY", str(directory))
    monkeypatch.setattr(token_store, "_process_stores", {})
    return directory


@pytest.fixture(autouse=True)
def _own_secrets() -> Iterator[None]:
    """Let Airflow forget what it masks: with each token it compiles anew all it has ever been told."""
    yield
    for module in filter(None, map(sys.modules.get, MASKERS)):
        if hasattr(module, "_secrets_masker"):
            masker = module._secrets_masker()
            masker.patterns, masker.replacer = set(), None


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Return a function that defines the connection ``wahelp_default``."""

    def define(host: str, conn_id: str = "wahelp_default", **fields: object) -> None:
        values = {"conn_type": "wahelp", "host": host, "login": "demo@example.com", "password": "demo"}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({**values, **fields}))

    return define


@pytest.fixture
def alerts_for_all(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name who is told of all failures, and return the phone."""
    from airflow_provider_wahelp.notifications.alert_settings import alert_settings

    monkeypatch.setenv("AIRFLOW__WAHELP__ALERT_TO", "+79161112233")
    alert_settings.cache_clear()
    yield "+79161112233"
    alert_settings.cache_clear()


@pytest.fixture
def task_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[[], str]]:
    """Return a function that returns what was logged since: through logging on Airflow 2, printed on 3."""
    caplog.set_level("DEBUG", "airflow_provider_wahelp")
    logger = logging.getLogger("airflow.task")
    logger.addHandler(caplog.handler)

    def text() -> str:
        printed = capfd.readouterr()
        said = printed.out + printed.err + caplog.text
        caplog.clear()
        return said

    yield text
    logger.removeHandler(caplog.handler)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a PostgreSQL; return its address."""
    servers = pytest.importorskip("tests.celery.servers", exc_type=ImportError)
    pytest.importorskip("airflow.providers.postgres")
    if "PostgreSQL" in servers.missing_programs():
        pytest.skip("PostgreSQL is not on this machine: .ci/servers installs it")
    with servers.postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server.address


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis; return its address."""
    servers = pytest.importorskip("tests.celery.servers", exc_type=ImportError)
    pytest.importorskip("redis")
    if "Redis" in servers.missing_programs():
        pytest.skip("Redis is not on this machine: .ci/servers installs it")
    with servers.broker(tmp_path_factory.mktemp("redis")) as server:
        yield server.address
