"""Files from an address: fetched without the token, once, and only if they are to be sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from airflow_provider_wahelp.client.errors import InputError, RateLimitedError
from airflow_provider_wahelp.operators import SendFileOperator
from tests.delivery.sending_task import Killed, Rig, Task, outcome
from tests.delivery.test_files import PDF, links
from tests.unit.client.wire import Wire, cuts, says

NAMED = {"content_disposition": 'attachment; filename="bill.pdf"', "content_type": "application/pdf"}


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Run a server of files in the own network, which the configuration allows."""
    with Wire() as server:
        monkeypatch.setenv("AIRFLOW__WAHELP__FILE_HOSTS", f"127.0.0.1:{server.server_address[1]}, other")
        yield server


def bill(rig: Rig, host: Wire, **given: Any) -> Task:
    return Task(rig, given={"file_url": f"{host.url}/bills/7?sign=s3cr3t", **given}, text="Your bill")


def test_what_an_address_has_is_sent_under_the_name_that_its_server_tells(rig: Rig, host: Wire) -> None:
    host.will(says(PDF, **NAMED))
    sent = bill(rig, host).attempt()
    assert (sent["text"], sent["message_type"]) == ("Your bill", "document")
    assert [link.rpartition("/")[2] for link in links(rig)] == ["bill.pdf"]
    (asked,) = host.calls
    assert (asked.method, asked.path) == ("GET", "/bills/7?sign=s3cr3t")
    assert not {"authorization", "x-project", "cookie"} & asked.headers.keys()


@pytest.mark.parametrize(
    ("body", "headers", "kind"),
    [
        (b"\x89PNG\r\n\x1a\nx", {"content_type": "text/plain"}, "image"),  # by its content
        (b"somebody's voice", {"content_type": "audio/ogg"}, "audio"),
        (b"a;b\r\n1;2", {"content_type": "application/octet-stream"}, "document"),
    ],
)
def test_content_and_type_arrive(
    rig: Rig, host: Wire, body: bytes, headers: dict[str, str], kind: str
) -> None:
    rig.sandbox.set_habits(names_files=False)  # then the link is the content's digest
    host.will(cuts, says(body, **headers))
    sent = bill(rig, host, file_name="mine.csv").attempt()
    assert sent["message_type"] == kind
    assert links(rig)[0].rpartition("/")[2] == hashlib.sha256(body).hexdigest()[:16]


@pytest.mark.parametrize("kill", ["after_post", "after_done"])
def test_what_went_is_fetched_and_sent_no_second_time(rig: Rig, host: Wire, kill: str) -> None:
    host.will(says(PDF, **NAMED), says(status=410))
    task = bill(rig, host)
    assert isinstance(outcome(lambda: task.attempt(kill)), Killed)
    sent = task.attempt()  # the link may have expired by now
    assert sent["text"] == "Your bill"
    assert (len(links(rig)), len(host.calls)) == (1, 1)


def test_without_a_ledger_the_name_tells_which_file_it_was(rig: Rig, host: Wire) -> None:
    host.will(says(PDF, **NAMED), says(PDF, **NAMED))
    task = bill(rig, host)
    task.ledger = "none"
    assert isinstance(outcome(lambda: task.attempt("after_post")), Killed)
    task.attempt()
    assert len(links(rig)) == 1


def test_a_repeated_send_has_the_whole_file_again(rig: Rig, host: Wire) -> None:
    rig.sandbox.set_habits(names_files=False)
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    host.will(says(PDF * 1000, **NAMED))
    bill(rig, host).attempt()
    assert unquote(links(rig)[0]).endswith(hashlib.sha256(PDF * 1000).hexdigest()[:16])
    assert (rig.sends(), len(host.calls)) == (2, 1)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (says(b""), InputError, "^file_url: leads to an empty file"),
        (says(b"<html>Log in", content_type="text/html; charset=utf-8"), InputError, "a page and no file"),
        (says(b"x" * 21), InputError, "^file_url: leads to a file of more than 20 bytes"),
        (says(status=404), InputError, "leads to no file: its server answers HTTP 404"),
        (says(status=401), InputError, "leads to no file: its server answers HTTP 401"),
        (says(status=429, retry_after="9999"), RateLimitedError, "fetch the file to send"),
    ],
)
def test_what_cannot_go_is_refused_before_anything_is_sent(
    rig: Rig, host: Wire, reply: Any, error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_LIMIT", "20")
    host.will(reply)
    with pytest.raises(error, match=words) as caught:
        bill(rig, host, phone="+79160000009").attempt()
    assert "s3cr3t" not in f"{caught.value}{caught.value!r}"
    assert rig.sandbox.requests == []


def test_the_own_network_is_refused_unless_its_host_is_named(
    rig: Rig, host: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__FILE_HOSTS", "127.0.0.1:1, grafana")
    with pytest.raises(InputError, match=r"^file_url: must not lead into the own network"):
        bill(rig, host).attempt()
    assert (rig.sandbox.requests, host.calls) == ([], [])


@pytest.mark.parametrize("given", [{"file": PDF, "file_url": "https://x.example/1"}, {}])
def test_a_file_has_one_source(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"^file, file_url: "):
        SendFileOperator(task_id="send", user_id=1, **given)


@pytest.mark.parametrize("url", ["s3://bucket/a.pdf", "/tmp/a.pdf", "https://", "https://me@x.example/a", 5])
def test_what_is_no_address_is_refused_in_the_dag_file(url: Any) -> None:
    with pytest.raises(InputError, match=r"^file_url: must be an address"):
        SendFileOperator(task_id="send", user_id=1, file_url=url)
