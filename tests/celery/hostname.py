"""What Airflow takes for the name of the machine that a process runs on (``[core] hostname_callable``)."""

from __future__ import annotations

import os

VARIABLE = "WAHELP_TEST_HOSTNAME"


def hostname() -> str:
    """Return the name."""
    return os.environ[VARIABLE]
