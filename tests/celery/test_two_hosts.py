"""Two hosts, one of which dies: each person gets one message, and one login serves all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from stat import S_IMODE
from typing import Any

import httpx
import pytest

from demo.process import wait_until
from tests.celery.conftest import Cluster
from tests.past import give_a_past
from tests.system.conftest import LOGIN, Person

pytestmark = [pytest.mark.system, pytest.mark.celery]

ONBOARDING = "wahelp_onboarding"
MAPPED = "wahelp_mapped"
MAILING = "wahelp_mailing"

KILLED_AFTER = 60
PERSON = Person()
MAPPED_PHONES = [f"+7900{number:07}" for number in range(40)]
MAILED_PHONES = [f"+7916100{number:04}" for number in range(200)]

Row = dict[str, Any]


@dataclass(frozen=True)
class Channel:
    """A channel that somebody else has made, so that the hosts meet with no token of theirs.

    :param where: as a DAG must know it.
    :param people: who gets the mailing.
    :param logins: how many logins that took.
    """

    where: Row
    people: list[Row]
    logins: int


@dataclass(frozen=True)
class Run:
    """A run that has come to its end.

    :param tasks: all that Airflow tells of its tasks.
    """

    state: str
    tasks: list[Row]

    @property
    def hosts(self) -> set[str]:
        """Return where its tasks ran."""
        return {task["hostname"] for task in self.tasks}


@dataclass(frozen=True)
class Killed(Run):
    """A mailing whose host died.

    :param dead: the host.
    :param sent: how many messages had gone by then.
    """

    dead: str
    sent: int


@pytest.fixture(scope="module")
def channel(cluster: Cluster, password: str) -> Channel:
    with httpx.Client(base_url=f"{cluster.wahelp.url}/api/app/", trust_env=False) as http:

        def post(path: str, **body: object) -> Any:
            return http.post(path, json=body).raise_for_status().json()["data"]

        token = post("user/login", login=LOGIN, password=password)["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        project = post("projects", name="Two hosts")["id"]
        uuid = post(f"projects/{project}/channels", name="All", type="whatsapp")["uuid"]
        give_a_past(cluster.wahelp, uuid)
        users = f"projects/{project}/channels/{uuid}/users"
        found = [post(users, name=_name(phone), phone=phone) for phone in MAILED_PHONES]
    people = [{"user_id": user["id"], "name": user["name"]} for user in found]
    return Channel({"project_id": project, "channel_uuid": uuid}, people, cluster.wahelp.logins)


@pytest.fixture(scope="module")
def runs(cluster: Cluster, channel: Channel) -> dict[str, Run]:
    """Onboarding and forty sends, at the same time."""
    # Nobody listens there; but a test has no business with an address on the internet.
    onboarding = {"phone": PERSON.phone, "text": PERSON.text, "webhook_url": f"{cluster.wahelp.url}/nobody"}
    confs = {ONBOARDING: onboarding, MAPPED: {**channel.where, "count": len(MAPPED_PHONES)}}
    ids = {dag_id: cluster.airflow.trigger(dag_id, conf) for dag_id, conf in confs.items()}
    return {dag_id: _finished(cluster, dag_id, run_id) for dag_id, run_id in ids.items()}


@pytest.fixture(scope="module")
def killed(cluster: Cluster, channel: Channel, runs: dict[str, Run]) -> Killed:
    """A mailing whose host died with all that ran there, and did not come back."""
    cluster.wahelp.inject("slow", operation="send_message", seconds=0.1)  # else it is over too soon
    before = _sends(cluster)
    run_id = cluster.airflow.trigger(MAILING, {**channel.where, "people": channel.people})

    def far_enough() -> bool:
        cluster.airflow.check()
        return _sends(cluster) - before >= KILLED_AFTER

    wait_until(far_enough, timeout=180, what="a mailing under way")
    [dead] = {task["hostname"] for task in _tasks(cluster, MAILING, run_id) if task["task_id"] == "send"}
    cluster.hosts[dead].kill()
    sent = _sends(cluster) - before
    finished = _finished(cluster, MAILING, run_id)
    return Killed(finished.state, finished.tasks, dead, sent)


def test_onboarding_runs_wherever_there_is_room(cluster: Cluster, runs: dict[str, Run]) -> None:
    assert runs[ONBOARDING].state == "success"
    assert _texts(cluster, PERSON.phone) == [PERSON.text]


def test_forty_tasks_on_two_hosts_send_forty_messages(cluster: Cluster, runs: dict[str, Run]) -> None:
    assert runs[MAPPED].state == "success"
    assert [_texts(cluster, phone) for phone in MAPPED_PHONES] == [["One of many"]] * len(MAPPED_PHONES)
    assert runs[MAPPED].hosts == set(cluster.hosts)
    assert {task["try_number"] for task in runs[MAPPED].tasks} == {1}


def test_a_mailing_whose_host_dies_goes_on_at_the_other(
    cluster: Cluster, killed: Killed, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [_texts(cluster, phone) for phone in MAILED_PHONES]
    [send] = [task for task in killed.tasks if task["task_id"] == "send"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(found)} people: {killed.dead} was killed after {killed.sent} sends,"
            f" {send['hostname']} went on;"
            f" {sum(len(each) > 1 for each in found)} people with more than one message,"
            f" {sum(not each for each in found)} with none.\n"
        )
    assert found == [[f"{_name(phone)}, your parcel is here"] for phone in MAILED_PHONES]
    assert killed.state == "success"
    # And all of that did happen.
    assert KILLED_AFTER <= killed.sent < len(MAILED_PHONES)
    assert send["try_number"] == 2
    assert send["hostname"] in set(cluster.hosts) - {killed.dead}


def test_no_host_logs_in_for_itself(cluster: Cluster, channel: Channel, killed: Killed) -> None:
    assert cluster.wahelp.logins - channel.logins <= 1
    own = [host.airflow_home / "wahelp" for host in cluster.hosts.values()]
    assert [S_IMODE(directory.stat().st_mode) for directory in own] == [0o700] * len(own)


def test_no_host_logs_what_is_private(cluster: Cluster, password: str, killed: Killed) -> None:
    tokens = list(cluster.wahelp._state.dump()["tokens"])
    phones = [phone.removeprefix("+7") for phone in (PERSON.phone, *MAILED_PHONES)]
    private = [password, PERSON.text, "your parcel is here", *tokens, *phones]
    logs = [(file, text) for host in cluster.hosts.values() for file, text in host.logs()]
    assert len(logs) > len(MAPPED_PHONES)
    assert [(file, value) for file, text in logs for value in private if value in text] == []


def _finished(cluster: Cluster, dag_id: str, run_id: str) -> Run:
    state = cluster.airflow.wait_for_run(dag_id, run_id, timeout=360)
    tasks = _tasks(cluster, dag_id, run_id)
    if state != "success":
        logs = [text for host in cluster.hosts.values() for _, text in host.logs(run_id)]
        pytest.fail("\n\n".join([f"{dag_id} has ended as {state}.", *logs]))
    return Run(state, tasks)


def _tasks(cluster: Cluster, dag_id: str, run_id: str) -> list[Row]:
    return list(cluster.airflow.api._all(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances"))


def _sends(cluster: Cluster) -> int:
    return sum("/send_message/" in request["path"] for request in cluster.wahelp.requests)


def _texts(cluster: Cluster, phone: str) -> list[str]:
    return [line["text"] for line in cluster.wahelp.conversation(phone)]


def _name(phone: str) -> str:
    return f"Praskovya {phone[-4:]}"
