"""The sandbox in a process of somebody else, as a command, and as a fixture."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import sysconfig
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_wahelp.sandbox import Sandbox, SandboxOptions, app

from .support import ANNA, DEADLINE, Api, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path(sysconfig.get_path("scripts")) / "wahelp-sandbox"


@contextmanager
def command(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command, and yield it with its first line."""
    process = subprocess.Popen(
        [COMMAND, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def ends_well(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> bool:
    process.send_signal(number)
    return process.wait(DEADLINE) == 0


def address(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    return found[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_tells_its_address_answers_and_ends_well(number: signal.Signals) -> None:
    with command("--login", "me", "--password", "mine", "--token-lifetime", "60") as (process, line):
        url = address(line)
        assert line == f"Wahelp sandbox: {url}  (login me, password mine)\n"
        # An open connection must not keep it from ending.
        with httpx.Client(trust_env=False) as client:
            answer = client.post(f"{url}/api/app/user/login", json={"login": "me", "password": "mine"})
            assert answer.json()["data"]["expires_in"] == 60
            assert ends_well(process, number)
        assert process.stderr
        assert process.stderr.read() == ""


def test_the_command_logs_calls_only_when_asked_to_and_never_what_is_personal() -> None:
    with command("--access-log") as (process, line):
        fetch("GET", f"{address(line)}/api/app/projects?token=secret")
        fetch("GET", f"{address(line)}/sandbox/phones/{ANNA}/conversation")
        assert ends_well(process)
        assert process.stderr
        logged = process.stderr.read()

    assert "GET /api/app/projects 401" in logged
    assert "secret" not in logged
    assert ANNA not in logged


def test_the_delays_phones_and_answers_of_the_command_are_used() -> None:
    options = ("--activation-delay", "never", "--delivered-after", "5", "--read-after", "9")
    answers = ("--duplicate-users", "existing", "--unknown-contact", "400")
    with command(*options, *answers, "--lacks-messenger", f"+{ANNA}") as (_, line):
        api = Outside(address(line))
        channel = api.channel()
        api.control("POST", "/clock/advance", {"seconds": 60})
        assert api.data("GET", channel)["active"] is False
        api.control("POST", f"/channels/{channel.rpartition('/')[2]}/scan")

        user = api.data("POST", f"{channel}/users", {"name": "Boris", "phone": "79031112233"})
        assert api.data("POST", f"{channel}/users", {"phone": "79031112233"}) == user
        look = f"{channel.partition('/channels')[0]}/contacts/contact_by_phone"
        assert api.call("POST", look, {"phone": ANNA}).status_code == 400
        refused = api.call("POST", f"{channel}/users", {"name": "Anna", "phone": ANNA})
        assert refused.status_code == 422
        message = api.data("POST", f"{channel}/send_message/{user['id']}", {"text": "Hello"})
        api.control("POST", "/clock/advance", {"seconds": 5})
        assert api.data("GET", f"{channel}/messages/{message['id']}")["status"] == "delivered"
        api.control("POST", "/clock/advance", {"seconds": 4})
        assert api.data("GET", f"{channel}/messages/{message['id']}")["status"] == "read"


class Outside:
    """Calls a sandbox of another process."""

    def __init__(self, url: str) -> None:
        self.url = url
        account = {"login": "demo@example.com", "password": "demo"}
        self.token: str = "none yet"
        self.token = self.data("POST", "user/login", account)["access_token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return fetch(method, f"{self.url}/api/app/{path}", json=body, headers=headers)

    def data(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.call(method, path, body).json()["data"]

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        response = fetch(method, f"{self.url}/sandbox{path}", json=body)
        response.raise_for_status()

    def channel(self) -> str:
        project = self.data("POST", "projects", {"name": "Shop"})
        path = f"projects/{project['id']}/channels"
        uuid = self.data("POST", path, {"name": "Main", "type": "whatsapp"})["uuid"]
        return f"{path}/{uuid}"


def test_a_state_file_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    options = ("--state", file, "--activation-delay", "0", "--delivered-after", "5", "--read-after", "never")
    with command(*options) as (process, line):
        api = Outside(address(line))
        channel = api.channel()
        waiting = api.channel()
        project = channel.partition("/channels")[0]
        user = api.data("POST", f"{channel}/users", {"name": "Anna", "phone": ANNA})
        message = api.data("POST", f"{channel}/send_message/{user['id']}", {"text": "Привет"})
        webhook = api.data(
            "POST", f"{project}/webhooks", {"url": "http://127.0.0.1:1/", "entities": ["project"]}
        )
        api.control("POST", f"/channels/{waiting.rpartition('/')[2]}/log-out")
        assert ends_well(process)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]

    with command(*options) as (_, line):
        api.url = address(line)
        assert api.data("GET", channel)["active"] is True
        assert api.data("GET", waiting)["active"] is False
        assert api.data("GET", f"{project}/webhooks") == [webhook]
        assert api.data("GET", f"{channel}/messages")[0]["message"] == "Привет"
        api.control("POST", "/clock/advance", {"seconds": 6})
        assert api.data("GET", f"{channel}/messages/{message['id']}")["status"] == "delivered"
        again = api.data("POST", f"{channel}/users", {"name": "Anna", "phone": ANNA})
        assert again["id"] == user["id"]
        assert (
            api.data("POST", f"{channel}/send_message/{user['id']}", {"text": "2"})["id"] == message["id"] + 1
        )


def test_a_state_is_saved_while_the_sandbox_runs(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Sandbox(state_file=file) as sandbox:
        api = Api(sandbox)
        api.log_in()
        api.channel()

        deadline = time.monotonic() + DEADLINE
        while not json.loads(file.read_bytes())["state"]["channels"]:
            assert time.monotonic() < deadline


def test_the_last_change_is_saved_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_TICK", 3600)
    file = tmp_path / "state.json"
    with Sandbox(state_file=file) as sandbox:
        sandbox.set_messenger(ANNA, False)

    assert json.loads(file.read_bytes())["state"]["messengers"] == {ANNA: False}


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"version": 0}', '{"version": 1, "state": {"projects": 5}}']
)
def test_a_file_that_is_no_state_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)

    with pytest.raises(ValueError, match="is not a state file"):
        Sandbox(state_file=file).start()

    assert file.read_text() == content


@pytest.mark.parametrize(
    "arguments",
    [
        ("--state", "/no/such/folder/state.json"),
        ("--port", "99999"),
        ("--host", "256.256.256.256"),
        ("--read-after", "soon"),
        ("--read-after", "-1"),
        ("--token-lifetime", "0"),
        ("--lacks-messenger", "12"),
    ],
)
def test_wrong_arguments_end_the_command_at_once(arguments: tuple[str, ...]) -> None:
    with command(*arguments) as (process, line):
        assert line == ""
        assert process.wait(DEADLINE) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_in": "x"},
        {"duplicate_users": "x"},
        {"unknown_contact": 500},
        {"messenger_error": "x"},
        {"read_after": -1},
    ],
)
def test_wrong_options_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        SandboxOptions(**changes)


def test_options_hide_what_is_personal() -> None:
    shown = repr(SandboxOptions(password="mine", lacks_messenger=[ANNA]))

    assert "mine" not in shown
    assert ANNA not in shown


def test_sandboxes_run_side_by_side_and_end() -> None:
    with Sandbox() as first, Sandbox() as second:
        assert first.url != second.url
        Api(first).log_in()
        assert (first.logins, second.logins) == (1, 0)
    with pytest.raises(httpx.ConnectError):
        fetch("GET", first.url)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_whatever_it_listens_on_it_answers_under_its_own_address(host: str) -> None:
    try:
        sandbox = Sandbox(host=host)
        sandbox.start()
    except OSError:
        pytest.skip("there is no IPv6 here")
    try:
        assert fetch("GET", f"{sandbox.url}/sandbox/health").status_code == 200
    finally:
        sandbox.stop()


def test_a_port_in_use_is_an_error() -> None:
    with Sandbox() as first, pytest.raises(OSError, match="in use"):
        Sandbox(port=httpx.URL(first.url).port or 0).start()


def test_importing_the_package_and_the_plugin_starts_nothing() -> None:
    code = """
        import sys
        import airflow_provider_wahelp.sandbox.pytest_plugin
        import airflow_provider_wahelp.sandbox as sandbox
        print(sorted({"starlette", "uvicorn", "httpx", "jinja2", "requests", "airflow"} & set(sys.modules)))
        print(sorted(set(dir(sandbox)) & set(sandbox.__all__)) == sorted(sandbox.__all__))
    """
    shown = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\nTrue\n"


def test_users_override_the_options_and_learn_of_a_missing_extra(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        textwrap.dedent("""
        import pytest
        from airflow_provider_wahelp.sandbox import SandboxOptions

        @pytest.fixture
        def wahelp_sandbox_options():
            return SandboxOptions(login="mine")
    """)
    )
    (tmp_path / "test_it.py").write_text(
        textwrap.dedent("""
        import threading

        def test_overridden(wahelp_sandbox):
            assert wahelp_sandbox.options.login == "mine"
            assert wahelp_sandbox.url

        def test_it_ends_behind_the_test():
            for thread in threading.enumerate():
                if thread.name == "wahelp-sandbox":
                    thread.join(10)
                    assert not thread.is_alive()
    """)
    )
    run = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    passed = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "2 passed" in passed.stdout

    with (tmp_path / "conftest.py").open("a") as conftest:
        conftest.write('\nimport sys\nsys.modules["uvicorn"] = None\n')
    failed = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "1 error" in failed.stdout
    assert "The Wahelp sandbox needs uvicorn: pip install 'airflow-provider-wahelp[sandbox]'" in failed.stdout
