"""Tokens that end, die, cannot be renewed: invisible to whoever calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox

TWO_TASKS = """
import os
from airflow_provider_wahelp.hooks import WahelpHook

for _ in range(2):  # processes of one that has imported Airflow, as a worker makes them
    task = os.fork()
    if not task:
        list(WahelpHook().list_projects())
        os._exit(0)
    assert os.waitpid(task, 0)[1] == 0
"""

ONE_CLIENT = """
import sys
from pathlib import Path
from airflow_provider_wahelp.client import Settings, WahelpClient, calls
from airflow_provider_wahelp.client.token_store import FileStore, store_key
settings = Settings(sys.argv[1], "demo@example.com", "demo")
client = WahelpClient(settings, FileStore(Path(sys.argv[2]), store_key(settings)))
print(len(client.perform(calls.list_projects()).items))
"""


def test_a_host_logs_in_once_for_all_its_tasks(new_hook: Any, wahelp_sandbox: Sandbox) -> None:
    for _ in range(5):
        new_hook().list_projects()
    assert wahelp_sandbox.logins == 1


def test_without_sharing_every_task_process_logs_in(
    connect: Any, wahelp_sandbox: Sandbox, own_state: Path
) -> None:
    connect(wahelp_sandbox.url, extra={"login_scope": "process"})
    subprocess.run([sys.executable, "-c", TWO_TASKS], check=True, capture_output=True)
    assert wahelp_sandbox.logins == 2
    assert not own_state.exists()


def test_sixteen_processes_four_at_a_time_log_in_once(wahelp_sandbox: Sandbox, own_state: Path) -> None:
    """The hook's client and store without Airflow, whose import would take all the time."""

    def run(_: int) -> str:
        command = [sys.executable, "-c", ONE_CLIENT, wahelp_sandbox.url, str(own_state)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(16))) == ["0"] * 16
    assert wahelp_sandbox.logins == 1


def test_threads_of_one_hook_log_in_once(connect: Any, wahelp_sandbox: Sandbox) -> None:
    connect(wahelp_sandbox.url)
    hook = WahelpHook()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: list(hook.list_projects()), range(64)))
    assert wahelp_sandbox.logins == 1


def test_a_token_that_ended_unnoticed_is_replaced(hook: Any, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.configure(token_lifetime=3)
    hook.list_projects()
    wahelp_sandbox.advance(3600)
    hook.list_projects()
    assert [entry["status"] for entry in wahelp_sandbox.requests if entry["path"].endswith("projects")] == [
        200,
        401,
        200,
    ]


@pytest.mark.parametrize("shape", ["string", "missing"])
def test_a_lifetime_of_another_shape_is_understood(
    new_hook: Any, wahelp_sandbox: Sandbox, shape: str
) -> None:
    wahelp_sandbox.configure(expires_in=shape)
    new_hook().list_projects()
    new_hook().list_projects()
    assert wahelp_sandbox.logins == 1


@pytest.mark.parametrize("refresh_fails", [False, True])
def test_a_token_that_dies_early_is_replaced_once(
    hook: Any, wahelp_sandbox: Sandbox, refresh_fails: bool
) -> None:
    wahelp_sandbox.configure(refresh_fails=refresh_fails)
    project = hook.create_project("Shop").id
    wahelp_sandbox.expire_tokens()
    wahelp_sandbox.clear_requests()
    assert hook.create_channel("Support", project_id=project).active is False
    assert wahelp_sandbox.logins == 2
    assert [entry["status"] for entry in wahelp_sandbox.requests].count(401) == 1


def test_a_ready_made_token_needs_no_login(
    hook: Any, new_hook: Any, wahelp_sandbox: Sandbox, connect: Any
) -> None:
    logged_in = hook.request("POST", "user/login", json={"login": "demo@example.com", "password": "demo"})
    connect(wahelp_sandbox.url, login=None, password=None, extra={"access_token": logged_in["access_token"]})
    before = wahelp_sandbox.logins
    assert new_hook().list_projects() == []
    assert wahelp_sandbox.logins == before


def test_a_ready_made_token_that_died_says_what_to_do(
    new_hook: Any, wahelp_sandbox: Sandbox, connect: Any
) -> None:
    connect(wahelp_sandbox.url, login=None, password=None, extra={"access_token": "not-a-live-token"})
    with pytest.raises(errors.CredentialsError, match="no login with a password") as caught:
        new_hook().list_projects()
    assert "not-a-live-token" not in str(caught.value)


def test_the_shared_token_is_for_its_owner_alone(hook: Any, wahelp_sandbox: Sandbox, own_state: Path) -> None:
    hook.list_projects()
    assert own_state.stat().st_mode & 0o777 == 0o700
    files = list(own_state.iterdir())
    assert files
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_the_shared_token_is_encrypted_where_airflow_has_a_key(
    connect: Any, wahelp_sandbox: Sandbox, own_state: Path
) -> None:
    from cryptography.fernet import Fernet

    connect(wahelp_sandbox.url)
    list(WahelpHook().list_projects())
    plain = _token_file(own_state).read_bytes()
    assert b"expires_at" in plain

    environment = {**os.environ, "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode()}
    # The plain file cannot be read with a key: one login, then shared again.
    subprocess.run([sys.executable, "-c", TWO_TASKS], check=True, capture_output=True, env=environment)
    encrypted = _token_file(own_state).read_bytes()
    assert wahelp_sandbox.logins == 2
    assert json.loads(plain)["value"].encode() not in encrypted
    assert b"expires_at" not in encrypted


def test_a_directory_that_cannot_be_used_costs_a_login_not_the_task(
    new_hook: Any, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIRFLOW__WAHELP__STATE_DIRECTORY", str(tmp_path / "file" / "below"))
    assert new_hook().list_projects() == []


def test_a_send_is_one_request_over_one_connection(connect: Any, wahelp_sandbox: Sandbox) -> None:
    connect(wahelp_sandbox.url)
    hook = WahelpHook()
    project = hook.create_project("Shop").id
    channel = hook.create_channel("Support", project_id=project).uuid
    wahelp_sandbox.scan(channel)
    user = hook.create_user("Anna", "+71234567890", channel, project).id
    wahelp_sandbox.clear_requests()
    before = wahelp_sandbox.connections
    with WahelpHook() as task:
        task.send_message("Hello", user, channel_uuid=channel, project_id=project)
    assert [entry["path"] for entry in wahelp_sandbox.requests] == [
        f"/api/app/projects/{project}/channels/{channel}/send_message/{user}"
    ]
    assert wahelp_sandbox.connections - before == 1


def _token_file(directory: Path) -> Path:
    (file,) = (entry for entry in directory.iterdir() if entry.suffix != ".lock")
    return file
