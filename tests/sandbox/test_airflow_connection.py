"""The fixtures that give Airflow a connection to the sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_wahelp.client.errors import NotFoundError
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox, SandboxConnection, SandboxOptions
from airflow_provider_wahelp.storage.directory import state_directory

from .support import ANNA

Connect = Callable[..., SandboxConnection]


def texts(sandbox: Sandbox) -> list[str]:
    return [line["text"] for line in sandbox.conversation(ANNA)]


def test_a_hook_can_send_at_once(wahelp_connection: SandboxConnection, wahelp_sandbox: Sandbox) -> None:
    with WahelpHook() as hook:
        channel = hook.get_channel()
        hook.send_message("Hello", phone=ANNA)
    assert (channel.active, channel.uuid) == (True, wahelp_connection.channel_uuid)
    assert wahelp_connection.conn_id == "wahelp_default"
    assert texts(wahelp_sandbox) == ["Hello"]


@pytest.mark.parametrize("wahelp_sandbox_options", [SandboxOptions(login="mine", password='a "b" %')])
def test_the_account_is_the_sandboxs(wahelp_connection: SandboxConnection) -> None:
    with WahelpHook() as hook:
        assert hook.get_channel().uuid == wahelp_connection.channel_uuid


def test_several_connections_have_a_channel_each(wahelp_connect: Connect, wahelp_sandbox: Sandbox) -> None:
    made = [wahelp_connect("crm"), wahelp_connect("wahelp_alerts")]
    for connection in made:
        with WahelpHook(connection.conn_id) as hook:
            hook.send_message(connection.conn_id, phone=ANNA)
    assert len({connection.project_id for connection in made}) == 2
    assert [line["channel_uuid"] for line in wahelp_sandbox.conversation(ANNA)] == [
        connection.channel_uuid for connection in made
    ]


def test_extras_can_be_given(wahelp_connect: Connect, wahelp_sandbox: Sandbox) -> None:
    connection = wahelp_connect(retries=0, project_id=7)
    with WahelpHook() as hook:
        assert hook.get_conn().settings.retries == 0
        with pytest.raises(NotFoundError):
            hook.get_channel()
    path = f"/api/app/projects/7/channels/{connection.channel_uuid}"
    assert path in [request["path"] for request in wahelp_sandbox.requests]


class TestIsolation:
    """Two tests, whichever is first: neither finds what the other has left."""

    @pytest.mark.parametrize("_time", [1, 2])
    def test_each_test_logs_in_by_itself(
        self, _time: int, wahelp_connection: SandboxConnection, wahelp_sandbox: Sandbox, own_state: Path
    ) -> None:
        assert state_directory() != own_state
        assert not list(state_directory().iterdir())
        for _ in range(2):
            with WahelpHook() as hook:
                hook.get_channel()
        assert wahelp_sandbox.logins == 1
        assert list(state_directory().iterdir())


def run_pytest(folder: Path, code: str) -> str:
    """Run tests with nothing but the plugin, and return what pytest says in the end."""
    (folder / "test_it.py").write_text(textwrap.dedent(code))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout


def test_nothing_of_it_is_left(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
        import os
        import sys

        before = dict(os.environ)

        def test_first(wahelp_connect):
            wahelp_connect("crm")
            assert "AIRFLOW_CONN_CRM" in os.environ

        def test_second():
            changed = {name for name, value in os.environ.items() if before.get(name) != value}
            assert changed <= {"PYTEST_CURRENT_TEST", "PYTEST_VERSION"}
            assert "airflow" not in sys.modules
        """,
    )
    assert "2 passed" in said, said


def test_another_id_is_an_overridden_fixture(tmp_path: Path) -> None:
    said = run_pytest(
        tmp_path,
        """
        import os
        import pytest

        @pytest.fixture
        def wahelp_connection(wahelp_connect):
            return wahelp_connect("crm")

        def test_it(wahelp_connection):
            assert wahelp_connection.conn_id == "crm"
            assert wahelp_connection.channel_uuid in os.environ["AIRFLOW_CONN_CRM"]
        """,
    )
    assert "1 passed" in said, said


def test_a_proxy_is_passed_by(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.delenv("no_proxy", raising=False)
    request.getfixturevalue("wahelp_connection")
    with WahelpHook() as hook:
        assert hook.get_channel().active
    assert os.environ["NO_PROXY"] == "example.com,127.0.0.1"


def test_no_password_is_shown(wahelp_connection: SandboxConnection) -> None:
    assert "demo" not in repr(wahelp_connection)


def test_a_channel_is_active_at_once(wahelp_sandbox: Sandbox, wahelp_connection: SandboxConnection) -> None:
    other = wahelp_sandbox.create_channel("Sales", "telegram", wahelp_connection.project_id)
    assert (other["name"], other["type"], other["active"]) == ("Sales", "telegram", True)
    with WahelpHook() as hook:
        assert [channel.uuid for channel in hook.list_channels()] == [
            wahelp_connection.channel_uuid,
            other["uuid"],
        ]
