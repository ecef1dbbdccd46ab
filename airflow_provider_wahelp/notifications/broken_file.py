"""A process that tells of a broken file of DAGs: ``python -m`` this, with file and stack trace as JSON."""

from __future__ import annotations

import json
import sys

from airflow_provider_wahelp.notifications.every_dag import file_broken

if __name__ == "__main__":
    sys.exit(not file_broken(**json.load(sys.stdin), new=True))
