"""The environment in which a small Airflow runs."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from demo.airflow_version import AIRFLOW, VERSION


def prepare(home: Path, dags: Mapping[str, Path]) -> None:
    """Make Airflow's home: readable for its owner alone, with what must lie there before Airflow starts."""
    for folder in (home, home / "dags", home / "tmp", home / "logs"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    for name, content in AIRFLOW.files.items():
        (home / name).write_text(content)
    for name, folder in dags.items():
        (home / "dags" / name).symlink_to(folder)


def environment(
    home: Path, url: str, dags: Mapping[str, Path], parallelism: int, extra: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment for all processes of one Airflow; nothing of the caller's Airflow leaks in.

    :param url: where it is to be served.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "_AIRFLOW"))}
    return {
        **inherited,
        **_process_settings(home),
        **_airflow_settings(home, parallelism),
        **(_airflow_2_settings(home, url) if VERSION < (3,) else _airflow_3_settings(url, dags)),
        **_secrets(),
        **extra,
    }


def _process_settings(home: Path) -> dict[str, str]:
    programs = Path(sys.executable).parent  # Airflow starts `airflow` by its name
    return {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(home / "tmp"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _airflow_settings(home: Path, parallelism: int) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",  # only what is asked for runs
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    }


def _airflow_3_settings(url: str, dags: Mapping[str, Path]) -> dict[str, str]:
    return {
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(urlsplit(url).port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": _bundles(dags),
        # A file that has changed is read at once; to read all again and again would keep a core busy.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        # A task whose worker gets no answer within that is killed before it starts. A new API server's first
        # answer to a worker takes longer than the default of five seconds, if the machine is busy.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        # Up to so late, by default five seconds, a worker notices that its task has ended. If a deferred one
        # is to go on by then, Airflow takes the end of its first half for that of the second, and fails it.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    }


def _airflow_2_settings(home: Path, url: str) -> dict[str, str]:
    return {
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.default",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        # Its tasks write to the database themselves. SQLite can take that, if they wait for one another.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout=60",
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "600",  # as above
        # SQLite locks no rows: a task that schedules the next one beside the scheduler counts a try twice.
        "AIRFLOW__SCHEDULER__SCHEDULE_AFTER_TASK_EXECUTION": "False",
        "AIRFLOW__WEBSERVER__BASE_URL": url,
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "0",  # else a slow start is an end
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(urlsplit(url).port),
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        "GUNICORN_CMD_ARGS": "--no-control-socket",  # it would lie in the user's home
    }


def _bundles(folders: Mapping[str, Path]) -> str:
    return json.dumps(
        [
            {
                "name": name,
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": str(folder)},
            }
            for name, folder in folders.items()
        ]
    )


def _secrets() -> dict[str, str]:
    cookies = "AIRFLOW__WEBSERVER__SECRET_KEY" if VERSION < (3,) else "AIRFLOW__API__SECRET_KEY"
    return {
        "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
        cookies: secrets.token_urlsafe(48),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
    }
