"""The start of a mailing in a process that may be killed: its one argument is the id of the mailing."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from airflow_provider_wahelp.operators import StartPlatformMailingOperator

if __name__ == "__main__":
    names = {"dag_id": "shop", "run_id": "run", "task_id": "start", "map_index": -1}
    ti: Any = SimpleNamespace(**names, try_number=1, max_tries=3)
    StartPlatformMailingOperator(task_id="start", mailing_id=sys.argv[1], retries=3).execute({"ti": ti})
