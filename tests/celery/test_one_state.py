"""Hosts that share a state: one pace, one cap, one alert of a storm, one login, one reading of the history.

On the way a host is killed and the state's server crashes. ``WAHELP_SOAK=500`` lets so many tasks fail, with
mailings at the usual pace; ``make soak`` does.
"""

from __future__ import annotations

import os
import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from demo.process import wait_until
from tests.celery.conftest import PODS, Cluster
from tests.celery.test_two_hosts import Channel, Run, _finished, _tasks, channel
from tests.past import OLD_CUSTOMER, give_a_past

pytestmark = [pytest.mark.system, pytest.mark.celery]

__all__ = ["channel"]

SOAK = int(os.environ.get("WAHELP_SOAK", "0"))
PACE, PEOPLE = (60, 120) if SOAK else (120, 25)
CAP, CAPPED = (100, 120) if SOAK else (10, 12)
FAILURES = SOAK or 40
KILLS = bool(SOAK or PODS)
"""Whether a host is killed: of one in Celery, Airflow takes 20 seconds to notice."""

WINDOW = 60 if SOAK else 10
"""Seconds in which the pace is counted."""

PAGES, A_PAGE = 10, 100
"""Pages of the channel's history from before, and how many messages are one."""

MAY_BE_READ_AGAIN = 4
"""Pages: what the mailings themselves send, and what is as new as that."""

PHONES = [f"+7917200{number:04}" for number in range(PEOPLE)]
ADMIN = "+79169990000"


@pytest.fixture(scope="module")
def old_channel(cluster: Cluster, channel: Channel) -> Channel:
    """A channel with a long history from before."""
    for number in range(PAGES * A_PAGE):
        cluster.wahelp.receive(OLD_CUSTOMER, f"Вопрос {number}", channel.where["channel_uuid"])
    cluster.wahelp.advance(4 * 3600)
    give_a_past(cluster.wahelp, channel.where["channel_uuid"])
    return channel


@pytest.fixture(scope="module")
def paced(cluster: Cluster, old_channel: Channel) -> Run:
    """Two mailings. At a fourth of them a host may die, at half of them the state's server."""
    uuid = old_channel.where["channel_uuid"]
    people = [{"phone": phone} for phone in PHONES]
    run_id = cluster.airflow.trigger("wahelp_paced", {**old_channel.where, "people": people, "pace": PACE})
    if KILLS:
        _sent(cluster, uuid, PEOPLE // 2)
        tasks = _tasks(cluster, "wahelp_paced", run_id)
        cluster.kill(next(task["hostname"] for task in tasks if task["state"] == "running"))
    _sent(cluster, uuid, PEOPLE)
    cluster.state.restart()
    return _finished(cluster, "wahelp_paced", run_id)


def test_two_mailings_keep_to_one_pace(
    cluster: Cluster, old_channel: Channel, paced: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    times = cluster.times(old_channel.where["channel_uuid"])
    most, least = _in_any_window(times)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(times)} messages in {times[-1] - times[0]:.0f} s, {least} to {most} in any {WINDOW} s\n"
        )
    tries = [task["try_number"] for task in paced.tasks]
    assert max(tries) == (2 if KILLS else 1), "a host has died"
    assert len(paced.hosts) == 2 or KILLS
    assert Counter(_texts(cluster, PHONES)) == Counter({"One": PEOPLE, "Two": PEOPLE})
    allowed = PACE * WINDOW / 60
    assert most <= allowed + (0 if SOAK else 2), "a part of a minute has no limit of its own"
    assert least >= 0.9 * allowed or not SOAK


def test_the_history_is_read_once(cluster: Cluster, old_channel: Channel, paced: Run) -> None:
    history = f"{old_channel.where['channel_uuid']}/messages"
    asked = [one["query"] for one in cluster.wahelp.requests if one["path"].endswith(history)]
    pages = Counter(int(found[1]) for query in asked if (found := re.search(r"page=(\d+)", query)))
    deep = {page: count for page, count in pages.items() if page > MAY_BE_READ_AGAIN}
    assert len(deep) >= PAGES - MAY_BE_READ_AGAIN
    assert set(deep.values()) == {1}


def test_a_daily_cap_is_reached_once(cluster: Cluster, old_channel: Channel) -> None:
    state, project = cluster.wahelp._state, old_channel.where["project_id"]
    uuid = str(state.channels.create(project, {"name": "Capped", "type": "whatsapp"})["uuid"])
    cluster.wahelp.scan(uuid)
    give_a_past(cluster.wahelp, uuid)
    people = [{"phone": f"+7917300{number:04}"} for number in range(CAPPED)]
    conf = {"project_id": project, "channel_uuid": uuid, "people": people, "cap": CAP}
    for _ in range(2 if SOAK else 1):  # the day is full for the next ones too
        _wait_for_tomorrow(cluster, cluster.airflow.trigger("wahelp_capped", conf))
        assert len(cluster.times(uuid)) == CAP
        cluster.state.restart()


def test_a_storm_is_one_alert_and_a_summary(cluster: Cluster, old_channel: Channel) -> None:
    conf = {**old_channel.where, "count": FAILURES, "phone": ADMIN}
    run_id = cluster.airflow.trigger("wahelp_storm", conf)
    wait_until(
        lambda: _failed(cluster, run_id) >= FAILURES // 2, timeout=FAILURES * 6 + 240, what="half a storm"
    )
    cluster.state.restart()
    run = f"/dags/wahelp_storm/dagRuns/{run_id}"
    end = FAILURES * 6 + 240
    wait_until(
        lambda: cluster.airflow.api._get(run)["state"] == "failed", timeout=end, what="its end", every=1
    )
    wait_until(lambda: len(_texts(cluster, [ADMIN])) >= 2, timeout=60, what="the alert and the summary")
    first, summary = _texts(cluster, [ADMIN])
    assert first.startswith("Failed: wahelp_storm, task load")
    held = re.search(r"held back in this run since \S+: load failed \((\d+)\)", summary)
    assert held
    assert int(held[1]) == FAILURES - 1


def test_all_hosts_log_in_once(cluster: Cluster, old_channel: Channel) -> None:
    assert cluster.wahelp.logins - old_channel.logins == 1


def _in_any_window(times: Sequence[float]) -> tuple[int, int]:
    """Return how many of some times lie in a window between the first and the last, at most and at least."""
    counts = [bisect_left(times, start + WINDOW) - number for number, start in enumerate(times)]
    # A window that begins just behind a message has the fewest.
    whole = [count - 1 for count, start in zip(counts, times, strict=True) if start + WINDOW < times[-1]]
    return max(counts), min(whole)


def _sent(cluster: Cluster, channel_uuid: str, count: int) -> None:
    def enough() -> bool:
        cluster.airflow.check()
        return len(cluster.times(channel_uuid)) >= count

    wait_until(enough, timeout=count + 180, what=f"{count} messages")


def _wait_for_tomorrow(cluster: Cluster, run_id: str) -> None:
    def all_wait() -> bool:
        cluster.airflow.check()
        states = {task["state"] for task in _tasks(cluster, "wahelp_capped", run_id)}
        assert not states & {"failed", "success"}
        return states == {"deferred"}

    wait_until(all_wait, timeout=240, what="mailings that wait for tomorrow", every=1)


def _failed(cluster: Cluster, run_id: str) -> int:
    cluster.airflow.check()
    path = f"/dags/wahelp_storm/dagRuns/{run_id}/taskInstances"
    return int(cluster.airflow.api._get(path, limit=1, state="failed")["total_entries"])


def _texts(cluster: Cluster, phones: Sequence[str]) -> list[str]:
    lines: list[dict[str, Any]] = [line for phone in phones for line in cluster.wahelp.conversation(phone)]
    return [line["text"] for line in lines]
