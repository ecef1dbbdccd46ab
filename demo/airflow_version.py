"""What differs between the Airflows that this starts: the newest in the demo, each in the tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

VERSION: tuple[int, ...] = tuple(map(int, version("apache-airflow").split(".")[:2]))
"""Of the Airflow beside this Python, as in ``(3, 3)``."""


@dataclass(frozen=True)
class Major:
    """How one major version is started and spoken to.

    :param components: what runs, by its name in Airflow 3: the arguments of ``airflow``.
    :param api: where the REST API is.
    :param health: where it tells how Airflow is.
    :param parts: what must be well.
    :param token: where a token is got; ``None`` if none is needed.
    :param task: the title of a process that runs a task; those that watch over one have another.
    :param files: what must lie in Airflow's home.
    """

    components: Mapping[str, tuple[str, ...]]
    api: str
    health: str
    parts: tuple[str, ...]
    token: str | None
    task: re.Pattern[str]
    files: Mapping[str, str] = field(default_factory=dict)


# Airflow's log servers would listen on every address of the machine; the API server reads the files.
_QUIET = "--skip-serve-logs"

_AIRFLOW_2 = Major(
    components={
        "api-server": ("webserver",),
        "scheduler": ("scheduler", _QUIET),  # it reads the DAG files itself
        "triggerer": ("triggerer", _QUIET),
    },
    api="/api/v1",
    health="/api/v1/health",
    parts=("metadatabase", "scheduler", "triggerer"),
    token=None,
    task=re.compile("airflow task runner: "),
    files={
        "webserver_config.py": 'AUTH_ROLE_PUBLIC = "Admin"\n',
        "dags/.airflowignore": r"/bot\.py$",  # it listens, as nothing does before Airflow 3
    },
)
_AIRFLOW_3 = Major(
    components={
        "api-server": ("api-server",),
        "scheduler": ("scheduler", _QUIET),
        "dag-processor": ("dag-processor",),
        "triggerer": ("triggerer", _QUIET),
    },
    api="/api/v2",
    health="/api/v2/monitor/health",
    parts=("metadatabase", "scheduler", "triggerer", "dag_processor"),
    token="/auth/token",
    task=re.compile("airflow worker -- [0-9a-f-]{36}"),
)

AIRFLOW = _AIRFLOW_2 if VERSION < (3,) else _AIRFLOW_3
