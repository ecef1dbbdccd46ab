"""Bodies, files, lists and answers of the generic call, the same from both clients, over real HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import IO, Any

import pytest

from airflow_provider_wahelp.client import errors, generic
from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.private_files import draft_of

from .wire import TEXT, Blocking, Clients, Seen, Wire, cuts, ok, resets, says

PDF = b"%PDF-1.7\r\n" + bytes(range(256)) * 1000


def parts(seen: Seen) -> list[tuple[Any, Any, str, bytes]]:
    """Return the name, file name, type and content of each part, as the standard library reads them."""
    head = f"content-type: {seen.headers['content-type']}\r\n\r\n".encode()
    message: Any = BytesParser(policy=HTTP).parsebytes(head + seen.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


def pdf(**options: Any) -> FilePart:
    return FilePart("file", "bill.pdf", lambda: io.BytesIO(PDF), **options)


def test_a_form_is_sent_as_one(client: Blocking, wire: Wire) -> None:
    data = {"name": "Анна & Co", "ids": [1, 2], "on": True, "nothing": None}
    client.perform(generic.request("POST", "/crm/contacts", data=data, project_id=7))
    (sent,) = wire.calls
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.body == b"name=%D0%90%D0%BD%D0%BD%D0%B0+%26+Co&ids=1&ids=2&on=true"
    assert sent.headers["x-project"] == "7"
    assert sent.headers["content-length"] == str(len(sent.body))


def test_files_make_a_form_multipart(client: Blocking, wire: Wire) -> None:
    other = FilePart("more", "счёт.csv", lambda: io.BytesIO(b"a;b\r\n"), "text/x-mine")
    client.perform(generic.request("POST", "files", data={"text": TEXT, "ids": [1, 2]}, files=[pdf(), other]))
    (sent,) = wire.calls
    assert "transfer-encoding" not in sent.headers
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    fields, files = parts(sent)[:3], parts(sent)[3:]
    assert [(name, content.decode()) for name, _, _, content in fields] == [
        ("text", TEXT),
        ("ids", "1"),
        ("ids", "2"),
    ]
    assert files[0] == ("file", "bill.pdf", "application/pdf", PDF)
    assert (files[1][0], files[1][2], files[1][3]) == ("more", "text/x-mine", b"a;b\r\n")
    assert 'filename="счёт.csv"'.encode() in sent.body


def test_each_attempt_reads_the_file_from_its_beginning(client: Blocking, wire: Wire) -> None:
    wire.will(says(status=429), ok())
    opened = []

    def again() -> io.BytesIO:
        opened.append(io.BytesIO(PDF))
        return opened[-1]

    client.perform(generic.request("POST", "files", files=[FilePart("file", "bill.pdf", again)]))
    assert [parts(seen)[0][3] for seen in wire.calls] == [PDF, PDF]
    assert [file.closed for file in opened] == [True, True]


def test_a_lost_answer_of_an_upload_is_not_followed_by_another(client: Blocking, wire: Wire) -> None:
    wire.will(resets)
    with pytest.raises(errors.ConnectionLostError) as caught:
        client.perform(generic.request("POST", "files", files=[pdf()]))
    assert caught.value.may_have_happened
    assert len(wire.calls) == 1


def test_a_file_that_cannot_be_read_stops_the_request_before_it_leaves(client: Blocking, wire: Wire) -> None:
    def missing() -> io.BytesIO:
        raise FileNotFoundError("/home/anna/secret.pdf")

    with pytest.raises(errors.InputError, match=r"^file: is a file that cannot be read") as caught:
        client.perform(generic.request("POST", "files", files=[FilePart("file", "secret.pdf", missing)]))
    assert "anna" not in f"{caught.value}{caught.value!r}"
    assert wire.calls == []


@pytest.mark.parametrize("other", [{"data": {}}, {"files": [pdf()]}], ids=["data", "files"])
def test_a_request_has_one_body(other: Any) -> None:
    with pytest.raises(errors.InputError, match=r"^json: must be left out"):
        generic.request("POST", "files", json={}, **other)


def with_store(call: Any, path: Path) -> Any:
    @contextmanager
    def whole() -> Iterator[IO[bytes]]:
        path.parent.mkdir(exist_ok=True)
        with draft_of(path) as draft:
            with draft.open("wb") as file:
                yield file
            draft.replace(path)

    return replace(call, store=whole)


def test_an_answer_that_is_a_file_goes_to_a_file(client: Blocking, wire: Wire, tmp_path: Path) -> None:
    wire.will(says(PDF, content_type="application/pdf"))
    got = client.perform(with_store(generic.request("GET", "files/1"), tmp_path / "a" / "bill.pdf"))
    assert (tmp_path / "a" / "bill.pdf").read_bytes() == PDF
    assert (got.status_code, got.size, got.content, got.data) == (200, len(PDF), b"", None)
    assert wire.calls[0].headers["accept"] == "*/*"


def test_a_file_of_json_is_written_as_it_came(client: Blocking, wire: Wire, tmp_path: Path) -> None:
    body = b'{"success": true, "data": [1]}'
    wire.will(says(body, content_type="application/json"))
    client.perform(with_store(generic.request("GET", "files/1"), tmp_path / "x.json"))
    assert (tmp_path / "x.json").read_bytes() == body


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (says({"success": False, "message": "no"}, content_type="application/json"), errors.RejectedError),
        (says(b"<html>", 404, content_type="text/html"), errors.NotFoundError),
    ],
    ids=["refused-with-200", "404"],
)
def test_an_error_becomes_no_file(
    client: Blocking, wire: Wire, tmp_path: Path, reply: Any, error: type[Exception]
) -> None:
    wire.will(reply)
    with pytest.raises(error):
        client.perform(with_store(generic.request("GET", "files/1"), tmp_path / "x"))
    assert list(tmp_path.glob("x*")) == []


def test_a_file_that_is_cut_is_read_again_and_leaves_no_half(
    clients: Clients, wire: Wire, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"before")
    client = clients(wire.url, retries=1)
    wire.will(cuts, cuts)
    with pytest.raises(errors.ConnectionLostError):
        client.perform(with_store(generic.request("GET", "files/1"), tmp_path / "x"))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"before"
    wire.will(cuts, says(PDF, content_type="application/pdf"))
    client.perform(with_store(generic.request("GET", "files/1"), tmp_path / "x"))
    assert (tmp_path / "x").read_bytes() == PDF


def test_the_connection_is_used_again_after_a_file(client: Blocking, wire: Wire, tmp_path: Path) -> None:
    for _ in range(40):  # more than the pool has
        wire.will(says(PDF, content_type="application/pdf"))
        client.perform(with_store(generic.request("GET", "files/1"), tmp_path / "x"))
    client.perform(generic.request("GET", "files"))
    assert len(wire.calls) == 41


def test_an_answer_is_at_hand_whole(client: Blocking, wire: Wire) -> None:
    wire.will(ok([{"id": 1}], has_more=True, meta={"next": 2}))
    got = client.perform(generic.request("GET", "/crm/contacts/"))
    assert (got.status_code, got.data, got.has_more) == (200, [{"id": 1}], True)
    assert got.json()["meta"] == {"next": 2}
    assert json.loads(got.text) == got.json()
    assert "content-length" in got.headers


@pytest.mark.parametrize("status", [201, 202, 204])
def test_an_empty_success_has_no_data(client: Blocking, wire: Wire, status: int) -> None:
    wire.will(says(b"", status))
    got = client.perform(generic.request("DELETE", "files/1"))
    assert (got.status_code, got.data) == (status, None)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([ok([{"id": 1}], has_more=True), ok([{"id": 2}], has_more=False)], [1, 2]),
        ([ok([{"id": 1}]), ok([{"id": 2}]), ok([])], [1, 2]),
        ([ok([{"id": 1}]), ok([{"id": 1}])], [1]),
        ([ok([{"id": 1}]), says(status=404)], [1]),
        ([says({"data": None})], []),
    ],
    ids=["has-more", "until-empty", "page-ignored", "refused", "nothing"],
)
def test_a_list_is_read_to_its_end(
    client: Blocking, wire: Wire, pages: list[Any], expected: list[int]
) -> None:
    wire.will(*pages)
    call = generic.request("GET", "/crm/contacts/?sort=id", params={"limit": 1})
    got = client.items(lambda number: generic.page(call, number), paged=True)
    assert [entry["id"] for entry in got] == expected
    assert [seen.path for seen in wire.calls][:2] == [
        "/api/crm/contacts/?sort=id&limit=1",
        "/api/crm/contacts/?sort=id&limit=1&page=2",
    ][: len(wire.calls)]


def test_entries_that_are_no_objects_are_listed_too(client: Blocking, wire: Wire) -> None:
    wire.will(ok(["a", ["b"], {"c": 1}]), ok(["a", ["b"], {"c": 1}]))
    call = generic.request("GET", "/crm/tags")
    assert client.items(lambda number: generic.page(call, number), paged=True) == ["a", ["b"], {"c": 1}]


def test_what_is_no_list_is_said_to_be_none(clients: Clients, wire: Wire) -> None:
    wire.will(ok({"items": []}))
    with pytest.raises(errors.UnreadableAnswerError, match="it holds no list"):
        clients(wire.url, retries=0).items(
            lambda number: generic.page(generic.request("GET", "x"), number), paged=True
        )
