"""Two hosts that share a state: one pace, one alert of a storm, one login, one reading of the history."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from demo.process import wait_until
from tests.celery.conftest import Cluster
from tests.celery.test_two_hosts import Channel, _finished, channel

pytestmark = [pytest.mark.system, pytest.mark.celery]

__all__ = ["channel"]

FAILURES = 60
PHONES = [f"+7917200{number:04}" for number in range(25)]
ADMIN = "+79169990000"


def test_two_mailings_keep_to_one_pace_and_read_the_history_once(cluster: Cluster, channel: Channel) -> None:
    people = [{"phone": phone} for phone in PHONES]
    requests = len(cluster.wahelp.requests)
    run_id = cluster.airflow.trigger("wahelp_paced", {**channel.where, "people": people})
    run = _finished(cluster, "wahelp_paced", run_id)
    assert run.hosts == set(cluster.hosts)
    times = sorted(_times(cluster, {"One", "Two"}))
    assert len(times) == 2 * len(people)
    gaps = (len(times) - 1) * 0.5
    assert 0.9 * gaps <= times[-1] - times[0] + 1, "together no faster than one"
    windows = [sum(start <= time < start + 10 for time in times) for start in times]
    assert max(windows) <= 20 + 2
    since = cluster.wahelp.requests[requests:]
    pages = [one["query"] for one in since if one["path"].endswith("/messages")]
    half = len(pages) // 2
    assert pages == [*pages[:half], *pages[:half]], "one has read it all before the other reads what is new"


def test_a_storm_on_two_hosts_is_one_alert_and_a_summary(cluster: Cluster, channel: Channel) -> None:
    conf = {**channel.where, "count": FAILURES, "phone": ADMIN}
    run_id = cluster.airflow.trigger("wahelp_storm", conf)
    assert cluster.airflow.wait_for_run("wahelp_storm", run_id, timeout=360) == "failed"
    wait_until(lambda: len(_texts(cluster)) >= 2, timeout=60, what="the alert and the summary")
    first, summary = _texts(cluster)
    assert first.startswith("Failed: wahelp_storm, task load")
    held = re.search(r"held back in this run since \S+: load failed \((\d+)\)", summary)
    assert held
    assert int(held[1]) == FAILURES - 1


def test_all_hosts_log_in_once(cluster: Cluster, channel: Channel) -> None:
    assert cluster.wahelp.logins - channel.logins == 1


def _texts(cluster: Cluster) -> list[str]:
    return [line["text"] for line in cluster.wahelp.conversation(ADMIN)]


def _times(cluster: Cluster, texts: set[str]) -> list[float]:
    lines: list[dict[str, Any]] = [line for phone in PHONES for line in cluster.wahelp.conversation(phone)]
    return [
        datetime.fromisoformat(str(line["created_at"])).timestamp() for line in lines if line["text"] in texts
    ]
