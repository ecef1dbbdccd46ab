"""What must stay private stays out of every log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.airflow import Airflow
from demo.sandbox import Sandbox

from .conftest import WEBHOOK_TOKEN, Person, Run, logs

pytestmark = pytest.mark.system


def test_no_log_gives_anything_away(
    onboarding: Run, airflow: Airflow, sandbox: Sandbox, person: Person, password: str
) -> None:
    tokens = _tokens(sandbox)
    assert tokens, "without a token there is nothing to look for"
    phone = person.phone.removeprefix("+7")  # found however the country code is written
    private = [password, phone, person.text, person.webhook_secret, WEBHOOK_TOKEN, *tokens]

    logs = dict(_logs(airflow, sandbox))
    of_tasks = [name for name in logs if f"dag_id={onboarding.dag_id}/" in name]
    assert len(of_tasks) >= len(onboarding.tasks)
    leaks = [(name, value) for name, log in logs.items() for value in private if value in log]
    assert leaks == []


def _logs(airflow: Airflow, sandbox: Sandbox) -> Iterator[tuple[str, str]]:
    yield from logs(airflow).items()
    # The first line tells the password, to whoever has started the sandbox.
    yield "sandbox", sandbox.log.read_text().partition("\n")[2]


def _tokens(sandbox: Sandbox) -> list[str]:
    state: Path = sandbox.log.with_name("state.json")
    return list(json.loads(state.read_text())["state"]["tokens"])
