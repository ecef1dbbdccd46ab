"""The example DAGs of mailings, run by Airflow against the sandbox."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from demo.shop import make_shop, shop_connection

from .conftest import SECONDS, RunDag


def wahelp(sandbox: Sandbox, **extra: Any) -> str:
    account = {"conn_type": "wahelp", "login": "demo@example.com", "password": "demo"}
    return json.dumps({**account, "host": sandbox.url, "extra": extra})


def texts(sandbox: Sandbox, phone: str) -> list[str]:
    return [line["text"] for line in sandbox.conversation(phone) if line["direction"] == "outgoing"]


def test_invoices_remind_those_whose_invoice_is_due_tomorrow(
    wahelp_sandbox: Sandbox, connect: Any, run_dag: RunDag, tmp_path: Path
) -> None:
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:  # what the demo's onboarding leaves
        project = hook.create_project("Shop").id
        wahelp_sandbox.scan(str(hook.create_channel("Support", project_id=project).uuid))
    if datetime.now(UTC).date() != (datetime.now(UTC) + timedelta(seconds=SECONDS)).date():
        pytest.skip("it may be midnight before the DAG asks what is due tomorrow")
    shop = tmp_path / "shop.sqlite"
    make_shop(shop)
    assert shop.stat().st_mode & 0o777 == 0o600

    run_dag(
        "wahelp_invoices",
        {"quiet_hours": None, "reports": f"file://{tmp_path}/reports"},
        AIRFLOW_CONN_WAHELP_DEFAULT=wahelp(wahelp_sandbox),
        AIRFLOW_CONN_SHOP_DB=json.dumps(shop_connection(shop)),
    )

    assert texts(wahelp_sandbox, "+74951234567") == ["Anna, invoice 2026-101 of 1490.00 is due tomorrow."]
    assert texts(wahelp_sandbox, "+74232345678") == ["Boris, invoice 2026-102 of 3200.50 is due tomorrow."]
    (report,) = (tmp_path / "reports").glob("*.csv")
    with report.open(encoding="utf-8") as file:
        outcomes = {row["key"] or "Elena": row["outcome"] for row in csv.DictReader(file)}
    assert outcomes["2026-103"] == "sent"
    assert sorted(outcomes.values()) == ["sent", "sent", "sent", "skipped", "suppressed"]


def test_the_newsletter_goes_through_every_active_channel(
    wahelp_sandbox: Sandbox, connect: Any, run_dag: RunDag
) -> None:
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        for channel_type, phones in {"whatsapp": range(2), "telegram": range(1, 4), "viber": [9]}.items():
            channel = hook.create_channel(channel_type, channel_type, project_id=project).uuid
            for phone in phones:
                hook.create_user(f"N{phone}", f"+7916000000{phone}", channel_uuid=channel, project_id=project)
            if channel_type == "viber":
                wahelp_sandbox.log_out(str(channel))
            else:
                wahelp_sandbox.scan(str(channel))

    run_dag("wahelp_newsletter", {}, AIRFLOW_CONN_WAHELP_DEFAULT=wahelp(wahelp_sandbox, project_id=project))

    arrived = [texts(wahelp_sandbox, f"+7916000000{phone}") for phone in range(4)]
    assert [len(found) for found in arrived] == [1, 2, 1, 1]
    assert arrived[0][0].startswith("N0, our spring catalogue")
    assert texts(wahelp_sandbox, "+79160000009") == []
