"""The documentation is read in whatever shape it comes, by both clients, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.documentation.reading import get_changelog, get_documentation

from ..wire import Blocking, Clients, Wire, ok, says
from .known import known_document

BARE = {"openapi": "3.0.3", "paths": {}}
PAGE = """<!DOCTYPE html><title>Wahelp</title><script>
const ui = SwaggerUIBundle({{ dom_id: '#swagger-ui', url: "{link}", deepLinking: true }})</script>"""


def asked(client: Blocking, wire: Wire) -> Any:
    return client.run(get_documentation(wire.url))


@pytest.mark.parametrize(
    "body",
    [
        BARE,
        {"success": True, "data": BARE},
        {"success": True, "data": json.dumps(BARE)},
        {"success": True, "data": {"documentation": BARE}},
        {"swagger": "2.0", "paths": {}},
    ],
    ids=["bare", "envelope", "text", "deeper", "version-2"],
)
def test_a_document_is_found_in_each_shape(client: Blocking, wire: Wire, body: Any) -> None:
    wire.will(says(body))
    assert asked(client, wire)["paths"] == {}
    assert [(seen.path, seen.token) for seen in wire.calls] == [("/api/app/api/documentation", "token-1")]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("/docs/api-docs.json", "/docs/api-docs.json"),
        ("{server}/docs?api-docs.json", "/docs?api-docs.json"),
        ("{server}\\/docs\\/x.json", "/docs/x.json"),
        ("json", "/api/app/api/json"),
    ],
)
def test_a_page_leads_to_the_document(client: Blocking, wire: Wire, link: str, path: str) -> None:
    page = PAGE.format(link=link.format(server=wire.url)).encode()
    wire.will(says(page, content_type="text/html; charset=utf-8"), says(known_document()))
    assert asked(client, wire)["info"]["title"] == "Wahelp"
    assert [seen.path for seen in wire.calls] == ["/api/app/api/documentation", path]


@pytest.mark.parametrize("tag", ['<redoc spec-url="/x.json">', "<elements-api apiDescriptionUrl='/x.json'/>"])
def test_pages_of_other_kinds_lead_there_too(client: Blocking, wire: Wire, tag: str) -> None:
    wire.will(says(f"<html>{tag}".encode(), content_type="text/html"), says(BARE))
    assert asked(client, wire) == BARE
    assert wire.calls[1].path == "/x.json"


def test_the_token_goes_to_no_other_host(client: Blocking, wire: Wire) -> None:
    page = PAGE.format(link="https://docs.example/openapi.json?key=s3cret").encode()
    wire.will(says(page, content_type="text/html"))
    with pytest.raises(errors.InputError, match=r"is on docs\.example$"):
        asked(client, wire)
    assert len(wire.calls) == 1


@pytest.mark.parametrize(
    "replies",
    [
        [ok([{"method": "GET", "path": "/app/projects"}])],
        [says(b"<html>", content_type="text/html")],
        [says(PAGE.format(link="/x").encode(), content_type="text/html")] * 2,
    ],
    ids=["list", "page-without", "page-to-page"],
)
def test_what_is_no_document_is_said_to_be_none(clients: Clients, wire: Wire, replies: list[Any]) -> None:
    wire.will(*replies)
    with pytest.raises(errors.UnreadableAnswerError, match="read the API's documentation"):
        asked(clients(wire.url, retries=0), wire)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (ok([{"version": "1.0.159"}]), [{"version": "1.0.159"}]),
        (says(b"## 1.0.159", content_type="text/markdown"), "## 1.0.159"),
        (says(b"<html>1.0.159", content_type="text/html"), "<html>1.0.159"),
    ],
    ids=["json", "markdown", "html"],
)
def test_a_changelog_is_json_or_text(client: Blocking, wire: Wire, reply: Any, expected: Any) -> None:
    wire.will(reply)
    assert client.perform(get_changelog()) == expected
    assert wire.calls[0].path == "/api/app/api/changelog"


def test_a_refused_changelog_is_an_error(client: Blocking, wire: Wire) -> None:
    wire.will(says({"success": False, "message": "no"}))
    with pytest.raises(errors.RejectedError):
        client.perform(get_changelog())
