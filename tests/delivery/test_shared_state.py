"""Mailings whose hosts share a state: what one has learnt all know, and while it is away nothing goes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from cryptography.fernet import Fernet

from airflow_provider_wahelp.hooks import token_cache
from airflow_provider_wahelp.storage.state import shared
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import Rig, Task

CONN = "AIRFLOW_CONN_WAHELP_STATE"
NOWHERE = "redis://:secret@127.0.0.1:9/0"


@pytest.fixture
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name a state by a connection; return where it really is."""
    address = str(request.getfixturevalue("redis_server"))
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE", "wahelp_state")
    monkeypatch.setattr(shared, "_states", {})
    for cached in (shared.warn_once, token_cache._cipher):
        cached.cache_clear()
    yield f"redis://{address}"
    token_cache._cipher.cache_clear()


def rows(count: int) -> list[dict[str, object]]:
    return [
        {"phone": f"+7916200{number:04}", "name": "Anna", "text": f"Text {number}"} for number in range(count)
    ]


def paths(rig: Rig, end: str) -> list[str]:
    return [one["path"] for one in rig.sandbox.requests if one["path"].endswith(end)]


def test_a_state_that_is_away_lifts_no_cap_and_frees_the_worker(
    rig: Rig, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "airflow_provider_wahelp")
    monkeypatch.setenv(CONN, NOWHERE)
    mailing = MailingTask(rig, rows(3), given={"daily_cap": 10})
    assert mailing.attempt() is None
    assert paths(rig, "/send_message") == []
    assert 100 < mailing.until.timestamp() - rig.now() < 130
    away = [record.getMessage() for record in caplog.records if "shared state" in record.getMessage()]
    assert len(away) == len(set(away))
    assert sum("nothing is sent until it answers" in words for words in away) == 1
    assert "secret" not in caplog.text
    monkeypatch.setenv(CONN, address)
    shared._states.clear()
    totals = mailing.resume()
    assert totals
    assert totals["sent"] == 3


def test_a_state_that_is_away_lifts_no_limit_of_a_person(
    rig: Rig, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "airflow_provider_wahelp")
    monkeypatch.setenv(CONN, NOWHERE)
    limit = {"per_person": "1 per day"}
    mailing = MailingTask(rig, rows(3), given=limit)
    assert mailing.attempt() is None
    assert 100 < mailing.until.timestamp() - rig.now() < 130
    assert sum("nobody is written to whose messages are limited" in words for words in caplog.messages) == 1
    with pytest.raises(TaskDeferred):
        Task(rig, given=limit).attempt()
    with pytest.raises(TaskDeferred):
        Task(rig, given={"daily_cap": 3}).attempt()
    assert paths(rig, "/send_message") == []
    assert Task(rig, given={"daily_cap": 3, **limit, "urgent": True}).attempt()
    assert "a message that nothing holds back is sent, and not counted" in caplog.text
    totals = MailingTask(rig, rows(2), given={**limit, "urgent": True}).attempt()
    assert totals
    assert totals["sent"] == 2
    monkeypatch.setenv(CONN, address)
    shared._states.clear()
    totals = mailing.resume()
    assert totals
    assert totals["sent"] == 3


def test_what_one_host_has_learnt_the_next_one_knows(
    rig: Rig, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(CONN, address)
    asked, read, logins = [], [], []
    for host in ("one", "two"):
        monkeypatch.setenv("AIRFLOW__WAHELP__STATE_DIRECTORY", str(tmp_path / host))
        rig.sandbox.clear_requests()
        totals = MailingTask(rig, rows(5), text=f"{host} {{{{ row.text }}}}").attempt()
        assert totals
        assert totals["sent"] == 5
        asked.append(len(paths(rig, "/users")))
        read.append(len(paths(rig, "/messages")))
        logins.append(len(paths(rig, "/login")))
    assert asked[0] >= 5
    assert (asked[1], logins[1]) == (0, 0)
    assert read[1] <= read[0]
