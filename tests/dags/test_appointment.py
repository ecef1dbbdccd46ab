"""The example DAG that asks, run by Airflow against the sandbox: an answer changes the booking."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.sandbox.state.messages import Content
from demo.shop import make_shop, shop_connection

from .conftest import RunDag
from .test_mailings import texts, wahelp

ANNA = "+74951234567"


def test_an_appointment_is_confirmed_by_the_answer(
    wahelp_sandbox: Sandbox, connect: Any, run_dag: RunDag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(wahelp_sandbox.url)
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        channel = str(hook.create_channel("Support", project_id=project).uuid)
    wahelp_sandbox.scan(channel)
    answers_at_once(wahelp_sandbox, monkeypatch, channel, "Да, приду!")
    shop = tmp_path / "shop.sqlite"
    make_shop(shop)

    run_dag(
        "wahelp_appointment",
        {"booking": "B-7"},
        AIRFLOW_CONN_WAHELP_DEFAULT=wahelp(wahelp_sandbox, project_id=project, channel_uuid=channel),
        AIRFLOW_CONN_SHOP_DB=json.dumps(shop_connection(shop)),
    )

    assert texts(wahelp_sandbox, ANNA) == ["Anna, придёте завтра в 10:00?"]
    with closing(sqlite3.connect(shop)) as database:
        assert database.execute("SELECT id, state FROM bookings").fetchall() == [("B-7", "confirmed")]


def answers_at_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, channel: str, text: str) -> None:
    """Let Anna answer whatever is sent to her, before Airflow looks."""
    messages, core = sandbox._state.messages, sandbox._state._core

    def answer(_question: Any) -> None:
        core.at(core.clock.now(), lambda: messages._between(ANNA[1:], channel, Content(text)))

    monkeypatch.setattr(messages, "_plan", answer)
