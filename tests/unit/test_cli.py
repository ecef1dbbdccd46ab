"""The command ``wahelp``, against a server that serves documents over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.cli import main
from tests.unit.client.documentation.known import known_document
from tests.unit.client.documentation.test_comparison import CONTRADICTIONS
from tests.unit.client.wire import LOGIN, PASSWORD, Wire, ok, says


@pytest.fixture
def wire(connect: Any) -> Iterator[Wire]:
    with Wire() as server:
        connect(server.url)
        yield server


def contradicting() -> Any:
    document = known_document()
    for change, _, _ in CONTRADICTIONS:
        change(document)
    return document


def test_what_is_known_is_confirmed_and_kept(
    wire: Wire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wire.will(says(known_document()))
    assert main(["docs", "--save", str(tmp_path / "openapi.json")]) == 0
    assert "Contradicts (0)." in capsys.readouterr().out
    assert json.loads((tmp_path / "openapi.json").read_text("utf-8")) == json.loads(
        json.dumps(known_document())
    )
    assert wire.calls[0].token == "token-1"


def test_all_of_ten_contradictions_are_told_also_of_a_file(
    wire: Wire, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wire.will(ok(contradicting()))
    assert main(["docs", "--save", str(tmp_path / "x.json")]) == 1
    said = capsys.readouterr().out
    assert [words for _, _, words in CONTRADICTIONS if words not in said] == []
    assert main(["docs", "--read", str(tmp_path / "x.json")]) == 1
    assert said.endswith(capsys.readouterr().out)  # Airflow 2 logs to stdout, too
    assert len(wire.calls) == 1


def test_a_login_will_do_without_an_airflow(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WAHELP_PASSWORD", PASSWORD)
    wire.will(ok({"1.0.159": ["new"]}))
    assert main(["changelog", "--login", LOGIN, "--host", wire.url]) == 0
    assert json.loads(capsys.readouterr().out) == {"1.0.159": ["new"]}
    assert json.loads(wire.seen["user/login"][0].body) == {"login": LOGIN, "password": PASSWORD}


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (says(status=403), "the account has no right"),
        (ok([1]), "no OpenAPI document"),
        (says(status=501), "HTTP 501"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    wire: Wire, connect: Any, reply: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(wire.url, extra={"retries": 0})
    wire.will(reply)
    assert main(["docs"]) == 2
    printed = capsys.readouterr().err.strip().splitlines()[-1]
    assert printed.startswith("wahelp: Could not read the API's documentation")
    assert said in printed


def test_a_file_that_is_no_document_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in ("{", "{}", "[1]"):
        (tmp_path / "x.json").write_text(content)
        assert main(["docs", "--read", str(tmp_path / "x.json")]) == 2
        assert capsys.readouterr().err.startswith("wahelp: ")
    assert main(["docs", "--read", str(tmp_path / "none.json")]) == 2


def test_the_help_costs_nothing() -> None:
    code = (
        "import sys; from airflow_provider_wahelp.cli import main\n"
        "try: main(['docs', '--help'])\n"
        "finally: assert not {'airflow', 'requests', 'httpx'} & set(sys.modules), 'heavy'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "--save" in done.stdout) == (0, True), done.stderr
