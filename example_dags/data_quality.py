"""A nightly load whose result is checked: a summary with a link to the bad rows goes to whoever is on duty.

The hook sends it from a plain Python task. Project and channel are the connection's defaults.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

# On Airflow 3 this is the same as "from airflow.sdk import Param, dag, task".
from airflow.providers.common.compat.sdk import Param, dag, task

ORDERS = [
    {"order": 1, "amount": 1490.0, "phone": "+74951234567"},
    {"order": 2, "amount": -5.0, "phone": "+74952345678"},
    {"order": 3, "amount": 320.5, "phone": ""},
]
"""What a warehouse would say."""


@dag(
    dag_id="wahelp_data_quality",
    schedule=None,
    catchup=False,
    params={
        "phone": Param("+71234567890", type="string", description="with the country code"),
        "directory": Param("/tmp/wahelp-quality", type="string", description="where the bad rows go"),  # noqa: S108
        "site": Param("https://files.example.com", type="string", description="where people find them"),
    },
    tags=["wahelp", "example"],
)
def data_quality() -> None:
    """Load, check, and say what was found."""

    @task
    def extract() -> list[dict[str, Any]]:
        """Read the orders of the day."""
        return ORDERS

    @task
    def check(orders: list[dict[str, Any]], params: dict[str, str] | None = None) -> dict[str, Any]:
        """Sort out what cannot be right, and write it where people can see it."""
        bad = [order for order in orders if order["amount"] <= 0 or not order["phone"]]
        directory = Path((params or {})["directory"])
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (directory / "bad.csv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.DictWriter(file, ["order", "amount", "phone"])
            rows.writeheader()
            rows.writerows(bad)
        return {"orders": len(orders), "bad": len(bad), "file": "bad.csv"}

    @task
    def tell(found: dict[str, Any], params: dict[str, str] | None = None) -> None:
        """Say it in one line, with the link."""
        from airflow_provider_wahelp.hooks import WahelpHook

        given = params or {}
        link = f"{given['site']}/{found['file']}"
        with WahelpHook() as hook:
            hook.send_message(
                phone=given["phone"],
                text=f"{found['bad']} of {found['orders']} orders are bad: {link}",
            )

    tell(check(extract()))


data_quality()
