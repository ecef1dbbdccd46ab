"""A mailing in a process that may be killed: ``python -m tests.delivery.mailing_process ARGUMENTS``."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

from airflow_provider_wahelp.delivery.mailing import reconcile
from airflow_provider_wahelp.operators import SendMessagesOperator


def main(try_number: int, **given: Any) -> None:
    """Run one attempt of the mailing.

    :param try_number: which one.
    :param given: the operator's arguments.
    """
    reconcile.SETTLED_AFTER = 0.5  # its history does not lag
    ti: Any = SimpleNamespace(
        dag_id="shop", run_id="run", task_id="mail", map_index=-1, try_number=try_number, max_tries=3
    )
    operator = SendMessagesOperator(task_id="mail", retries=3, text="{{ row.text }}", **given)
    print(json.dumps(operator.execute({"ti": ti})))  # noqa: T201 - what it came to


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
