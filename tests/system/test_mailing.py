"""Mailings in a real Airflow: killed, with lost answers, into the night, cleared. Everybody gets one message.

While one mailing waits for the morning, the other is killed: so both take two minutes together.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest

from airflow_provider_wahelp.sandbox import Sandbox
from demo.airflow import Airflow
from demo.process import wait_until
from demo.sandbox import Sandbox as OtherSandbox
from tests.guide_server import LOGIN
from tests.past import give_a_past

from .conftest import needs_retry, needs_store
from .test_logs import _logs

pytestmark = pytest.mark.system

COUNT = 400
KILLS = 4
SEED = 20260115
BY_DAY = "wahelp_mailing"
AT_NIGHT = "wahelp_mailing_at_night"
TO_DAWN = 100
"""Seconds that are left of the night at least: below a minute a task would wait with its worker."""

CROWD = [f"+7916100{number:04}" for number in range(COUNT)]
MOSCOW = [f"+7495100{number:04}" for number in range(5)]
VLADIVOSTOK = [f"+7423200{number:04}" for number in range(5)]
PERSONAL = ["Praskovya", "your parcel is here", *(each[2:] for each in (*CROWD, *MOSCOW, *VLADIVOSTOK))]
TOTALS = {"sent": 0, "skipped": 0, "suppressed": 0, "no_messenger": 0, "failed": 0, "deferred": 0}

Row = dict[str, Any]


@dataclass(frozen=True)
class Channel:
    """A channel to send through, and whom it knows."""

    where: dict[str, Any]
    people: list[Row]

    def requests(self, sandbox: Sandbox, path: str) -> int:
        """Return how often this path below the channel was asked for."""
        return sum(f"{self.where['channel_uuid']}/{path}" in each["path"] for each in sandbox.requests)


@dataclass(frozen=True)
class Night:
    """A mailing that waits until it is day in Vladivostok.

    :param over_there: when it is over by the sandbox's clock.
    """

    run_id: str
    over: datetime
    over_there: datetime


@dataclass(frozen=True)
class Killed:
    """A mailing that was killed, and has come to its end."""

    run_id: str
    state: str
    channel: Channel
    restarts: int
    answers_lost: int


MakeChannel = Callable[[list[str]], Channel]


@pytest.fixture(scope="module")
def make_channel(unreliable: Sandbox) -> Iterator[MakeChannel]:
    """Return a function that makes a channel which knows these phones."""
    unreliable.reset()
    with httpx.Client(base_url=f"{unreliable.url}/api/app/", trust_env=False, timeout=30) as http:

        def post(path: str, body: dict[str, Any]) -> Any:
            return http.post(path, json=body).raise_for_status().json()["data"]

        def make(phones: list[str]) -> Channel:
            project = post("projects", {"name": "Parcels"})["id"]
            channel = post(f"projects/{project}/channels", {"name": "All", "type": "whatsapp"})["uuid"]
            users = f"projects/{project}/channels/{channel}/users"
            found = [post(users, {"name": _name(phone), "phone": phone}) for phone in phones]
            people = [{"user_id": user["id"], "name": user["name"]} for user in found]
            return Channel({"project_id": project, "channel_uuid": channel}, people)

        http.headers["Authorization"] = f"Bearer {post('user/login', dict(LOGIN))['access_token']}"
        yield make
    unreliable.clear_faults()


@pytest.fixture(scope="module")
def old_channel(unreliable: Sandbox, make_channel: MakeChannel) -> Channel:
    """A channel with a past, and with the crowd."""
    channel = make_channel(CROWD)
    give_a_past(unreliable, channel.where["channel_uuid"])
    return channel


@pytest.fixture(scope="module")
def night(airflow: Airflow, unreliable: Sandbox, make_channel: MakeChannel, old_channel: Channel) -> Night:
    """A mailing to people in two zones that has been put off, as it is night in one of them."""
    wait_until(lambda: airflow.api.has_dag(AT_NIGHT), timeout=180, what="the DAG")  # not at the night's cost
    over = (datetime.now(UTC) + timedelta(seconds=TO_DAWN + 60)).replace(second=0, microsecond=0)
    dawn = over.astimezone(ZoneInfo("Asia/Vladivostok"))
    where = make_channel([]).where
    give_a_past(unreliable, where["channel_uuid"])  # without a ledger the history alone tells who got one
    conf = {
        **where,
        "people": [{"phone": phone, "name": _name(phone)} for phone in (*VLADIVOSTOK, *MOSCOW)],
        "quiet_hours": f"{dawn - timedelta(hours=3):%H:%M}-{dawn:%H:%M}",
    }
    run_id = airflow.trigger(AT_NIGHT, conf)

    def deferred() -> bool:
        airflow.check()
        return bool(_task(airflow, AT_NIGHT, run_id)["state"] == "deferred")

    wait_until(deferred, timeout=TO_DAWN, what="a mailing that is put off")
    return Night(run_id, over, over + timedelta(seconds=unreliable._state.clock.offset))


@pytest.fixture(scope="module")
def killed(airflow: Airflow, unreliable: Sandbox, night: Night, old_channel: Channel) -> Killed:
    """A mailing of which one answer in ten was lost, and which was killed at random moments."""
    channel = old_channel
    sends = f"*{channel.where['channel_uuid']}/send_message/*"
    unreliable.inject("cut_after", path=sends, probability=0.1, seed=SEED)
    unreliable.inject("slow", path=sends, seconds=0.15)  # else it is over before anybody could kill it
    run_id = airflow.trigger(BY_DAY, {**channel.where, "people": channel.people})
    for sent in sorted(Random(SEED).sample(range(10, COUNT - 10), KILLS)):
        _kill(airflow, run_id, partial(_has_sent, unreliable, channel, sent))
    state = airflow.wait_for_run(BY_DAY, run_id, timeout=300)
    restarts = _task(airflow, BY_DAY, run_id)["try_number"] - 1
    return Killed(run_id, state, channel, restarts, unreliable.faults[0]["struck"])


def test_a_mailing_into_the_night_frees_its_worker(
    airflow: Airflow, unreliable: Sandbox, night: Night
) -> None:
    wait_until(lambda: not airflow.task_processes(), timeout=60, what="a free worker")
    assert datetime.now(UTC) < night.over
    assert [len(unreliable.conversation(phone)) for phone in MOSCOW] == [1] * len(MOSCOW)
    assert not any(map(unreliable.conversation, VLADIVOSTOK))
    trigger = _task(airflow, AT_NIGHT, night.run_id)["trigger"]
    assert trigger["classpath"].endswith("DateTimeTrigger")


@needs_retry
def test_everybody_gets_one_message_over_kills_and_lost_answers(
    airflow: Airflow, unreliable: Sandbox, killed: Killed, capsys: pytest.CaptureFixture[str]
) -> None:
    conversations = [unreliable.conversation(phone) for phone in CROWD]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{COUNT} people: {killed.answers_lost} answers lost, {killed.restarts} restarts,"
            f" {killed.channel.requests(unreliable, 'send_message/')} requests,"
            f" {killed.channel.requests(unreliable, 'messages')} reads of the history,"
            f" {sum(len(each) > 1 for each in conversations)} people with more than one message,"
            f" {sum(not each for each in conversations)} with none.\n"
        )
    assert [[line["text"] for line in each] for each in conversations] == [[_text(phone)] for phone in CROWD]
    assert killed.state == "success"
    assert airflow.api.xcom(BY_DAY, killed.run_id, "send") == {**TOTALS, "sent": COUNT}
    # And all of that did happen.
    assert killed.answers_lost > COUNT // 20
    assert killed.restarts >= KILLS  # Airflow itself may lose a start


@needs_store
def test_the_state_of_the_task_holds_the_chunks(airflow: Airflow, killed: Killed) -> None:
    kept = airflow.api.task_state(BY_DAY, killed.run_id, "send")
    name = f"wahelp:{BY_DAY}/{killed.run_id}/send/-1/chunk/"
    assert sorted(kept) == sorted(f"{name}{number}" for number in range(len(kept)))
    done = {key: outcome for chunk in kept.values() for key, outcome, *_ in chunk["done"]}
    assert len(done) == COUNT
    assert set(done.values()) == {"sent"}
    assert "Praskovya" not in str(kept)


@needs_retry
def test_the_log_tells_how_far_it_is(airflow: Airflow, killed: Killed) -> None:
    log = airflow.api.task_log(BY_DAY, killed.run_id, "send", killed.restarts + 1)
    channel = killed.channel.where["channel_uuid"]
    assert re.search(rf"Writing to \d+ people through channel {channel}, as fast as Wahelp answers", log)
    assert re.search(
        r"\d+ of \d+ sent \(\d+ %\), [\d.,]+ a (second|minute), about \d+ \w+ left \(\d\d:\d\d UTC\)", log
    )
    assert re.search(r"(\d+) of \1 done \(100 %\) in \d+ s: \1 sent", log)


@needs_retry
def test_a_mailing_that_is_cleared_sends_nothing_more(
    airflow: Airflow, unreliable: Sandbox, killed: Killed
) -> None:
    unreliable.clear_requests()
    airflow.api.clear(BY_DAY, killed.run_id)
    assert airflow.wait_for_run(BY_DAY, killed.run_id, timeout=180) == "success"
    assert _task(airflow, BY_DAY, killed.run_id)["try_number"] == killed.restarts + 2
    assert killed.channel.requests(unreliable, "send_message/") == 0
    assert airflow.api.xcom(BY_DAY, killed.run_id, "send") == {**TOTALS, "sent": COUNT}


def test_each_zone_is_written_to_by_day(airflow: Airflow, unreliable: Sandbox, night: Night) -> None:
    assert airflow.wait_for_run(AT_NIGHT, night.run_id, timeout=TO_DAWN + 240) == "success"
    assert _task(airflow, AT_NIGHT, night.run_id)["try_number"] == 1
    assert airflow.api.xcom(AT_NIGHT, night.run_id, "send") == {
        **TOTALS,
        "sent": len(MOSCOW) + len(VLADIVOSTOK),
    }
    for phones, late in ((MOSCOW, False), (VLADIVOSTOK, True)):
        lines = [line for phone in phones for line in unreliable.conversation(phone)]
        assert [line["text"] for line in lines] == list(map(_text, phones))
        assert {datetime.fromisoformat(line["created_at"]) >= night.over_there for line in lines} == {late}


@needs_retry
def test_no_log_of_a_mailing_gives_anything_away(
    airflow: Airflow, unreliable: Sandbox, sandbox: OtherSandbox, killed: Killed, night: Night
) -> None:
    tokens = list(unreliable._state.dump()["tokens"])
    assert tokens, "without a token there is nothing to look for"
    private = [LOGIN["password"], *tokens, *PERSONAL]

    logs = dict(_logs(airflow, sandbox))
    for dag_id, run_id in ((BY_DAY, killed.run_id), (AT_NIGHT, night.run_id)):
        assert any(f"dag_id={dag_id}/run_id={run_id}/task_id=send" in name for name in logs)
    leaks = [(name, value) for name, log in logs.items() for value in private if value in log]
    assert leaks == []


@needs_retry
def test_the_rendered_fields_show_nobody(airflow: Airflow, killed: Killed, night: Night) -> None:
    by_day = _task(airflow, BY_DAY, killed.run_id)["rendered_fields"]
    at_night = _task(airflow, AT_NIGHT, night.run_id)["rendered_fields"]
    assert by_day["recipients"] == f"({COUNT} rows, not shown)"
    assert at_night["recipients"] == "(rows, not shown)"  # a string, as a template makes it
    assert [each for each in PERSONAL if each in f"{by_day}{at_night}"] == []


def _has_sent(sandbox: Sandbox, channel: Channel, count: int) -> bool:
    return channel.requests(sandbox, "send_message/") >= count


def _kill(airflow: Airflow, run_id: str, due: Callable[[], bool]) -> None:
    """Kill the process of this mailing as soon as that is due, and of no other: one may be awake."""

    def gone() -> bool:
        airflow.check()
        if not due():
            return False
        # Airflow 2 has no ids of task instances.
        name = _task(airflow, BY_DAY, run_id).get("id") or f"{BY_DAY} send {run_id}"
        for process in airflow.task_processes(name):
            with contextlib.suppress(psutil.Error):  # it has ended by itself
                process.kill()
                return True
        return False

    wait_until(gone, timeout=180, what="a process to kill")


def _task(airflow: Airflow, dag_id: str, run_id: str) -> dict[str, Any]:
    """Return all that Airflow tells of the mailing."""
    found: dict[str, Any] = airflow.api._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/send")
    return found


def _name(phone: str) -> str:
    return f"Praskovya {phone[-4:]}"


def _text(phone: str) -> str:
    return f"{_name(phone)}, your parcel is here"
