# ruff: noqa: E501 - a case a line
"""What the documentation confirms, contradicts and adds is told, and nothing in it ends the command."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from airflow_provider_wahelp.client.documentation.comparison import Finding, compare
from airflow_provider_wahelp.client.documentation.document import Document
from airflow_provider_wahelp.client.documentation.facts import FACTS, OPERATIONS
from airflow_provider_wahelp.client.documentation.report import lines_of
from airflow_provider_wahelp.client.errors import InputError

from .known import Json, known_document

CHANNEL = "/api/app/projects/{p}/channels/{c}"
SEND = f"{CHANNEL}/send_message/{{u}}"
Change = Callable[[Json], object]


def findings(document: Json, kind: str) -> list[Finding]:
    return [each for each in compare(Document(document)) if each.kind == kind]


def body(document: Json, path: str, method: str = "post") -> Json:
    found: Json = document["paths"][path][method]["requestBody"]["content"]
    return found["application/json"]["schema"] if "application/json" in found else found


def answered(document: Json, path: str, method: str = "get") -> Json:
    found: Json = document["paths"][path][method]["responses"][200]["content"]["application/json"]["schema"]
    return found["properties"]


def only_multipart(document: Json) -> None:
    content = document["paths"]["/api/app/projects"]["post"]["requestBody"]["content"]
    content["multipart/form-data"] = content.pop("application/json")


def renamed(document: Json) -> None:
    fields = body(document, f"{CHANNEL}/users")["properties"]
    fields["tel"] = fields.pop("phone")


def moved(document: Json) -> None:
    path = document["paths"]["/api/app/projects/{p}/webhooks/"]
    path["put"] = path.pop("post")


# Ten places, each of another kind: what is changed, and what must be said of which operation.
CONTRADICTIONS: list[tuple[Change, str, str]] = [
    (
        lambda d: body(d, SEND)["required"].append("type") or body(d, SEND)["properties"].update(type={"type": "string", "enum": ["text", "file"]}),
        f"POST {SEND}",
        "requires the field `type` (string: text, file), which is not sent",
    ),
    (renamed, f"POST {CHANNEL}/users", "has no field `phone` in its body"),
    (moved, "POST /api/app/projects/{p}/webhooks/", "is not in it; its methods there are GET, PUT"),
    (only_multipart, "POST /api/app/projects", "takes multipart/form-data, and not JSON"),
    (
        lambda d: body(d, "/api/app/projects/{p}/channels")["properties"].update(type={"enum": ["waba", "wa"]}),
        "POST /api/app/projects/{p}/channels",
        "its field `type` is wa or waba, and not 'whatsapp'",
    ),
    (
        lambda d: body(d, "/api/app/projects/{p}/contacts/contact_by_phone")["properties"].update(phone={"type": "integer"}),
        "POST /api/app/projects/{p}/contacts/contact_by_phone",
        "its field `phone` is of type integer, and string is sent",
    ),
    (
        lambda d: d["paths"][f"{CHANNEL}/messages"]["get"].update(parameters=[{"name": "limit", "in": "query"}]),
        f"GET {CHANNEL}/messages",
        "has no query parameter `page`",
    ),
    (
        lambda d: answered(d, f"{CHANNEL}/users").update(data={"type": "object", "properties": {"items": {}}}),
        f"GET {CHANNEL}/users",
        "its `data` is of type object, and not array",
    ),
    (
        lambda d: answered(d, f"{CHANNEL}/messages/{{id}}")["data"]["properties"].update(id={"type": "object"}),
        f"GET {CHANNEL}/messages/{{id}}",
        "its answer's `id` is of type object, which the package cannot read",
    ),
    (
        lambda d: d["components"].update(securitySchemes={"key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}),
        "authorization",
        "is by apiKey X-Api-Key, and not by a bearer token",
    ),
]  # fmt: skip
FURTHER: list[tuple[Change, str, str]] = [
    (lambda d: d["paths"].pop("/api/app/user/"), "GET /api/app/user/", "is not in it"),
    (
        lambda d: d["paths"].update({"/api/app/projects/": {"post": d["paths"]["/api/app/projects"].pop("post")}}),
        "POST /api/app/projects",
        "its path ends in a slash: /api/app/projects/",
    ),
    (
        lambda d: answered(d, "/api/app/user/login", "post").pop("data"),
        "POST /api/app/user/login",
        "its answer has no `data`, but success",
    ),
    (
        lambda d: answered(d, "/api/app/user/login", "post")["data"].update(properties={"jwt": {}}),
        "POST /api/app/user/login",
        "its answer has no `access_token`, which the package needs",
    ),
    (
        lambda d: answered(d, f"{CHANNEL}/messages/{{id}}")["data"]["properties"].update(created_at={"type": "string", "format": "date-time"}),
        f"GET {CHANNEL}/messages/{{id}}",
        "its answer's `created_at` is a time with a zone, and not one of Moscow without",
    ),
    (
        lambda d: answered(d, f"{CHANNEL}/messages/{{id}}")["data"]["properties"].update(destination={"enum": ["in", "out"]}),
        f"GET {CHANNEL}/messages/{{id}}",
        "`destination` is in or out: no word is an incoming one",
    ),
    (
        lambda d: d["paths"][SEND]["post"]["parameters"].append({"name": "X-Signature", "in": "header", "required": True}),
        f"POST {SEND}",
        "requires the header `X-Signature`, which is not sent",
    ),
]  # fmt: skip


def test_a_document_of_what_is_known_is_confirmed_whole() -> None:
    document = known_document()
    assert findings(document, "contradicts") == []
    assert findings(document, "adds") == []
    confirmed = {each.about for each in findings(document, "confirms")}
    assert confirmed == {str(fact) for fact in FACTS if fact.listed} | {"authorization"}
    silent = {each.about for each in findings(document, "does not say")}
    assert {"PUT /api/app/projects/{p}/hook", f"GET {CHANNEL}/settings/whatsapp/qr"} <= silent
    assert silent == {str(fact) for fact in FACTS if not fact.model and not fact.needs}


def test_all_of_ten_contradictions_are_told_and_no_other() -> None:
    document = known_document()
    for change, _, _ in CONTRADICTIONS:
        change(document)
    told = {(each.about, each.words) for each in findings(document, "contradicts")}
    assert told == {(about, words) for _, about, words in CONTRADICTIONS}
    text = "\n".join(lines_of(Document(document), compare(Document(document))))
    assert "Contradicts (10):" in text
    for _, about, words in CONTRADICTIONS:
        assert f"  {about}: {words}" in text


@pytest.mark.parametrize(
    ("change", "about", "words"), FURTHER, ids=lambda value: value if isinstance(value, str) else ""
)
def test_each_other_contradiction_is_told_alone(change: Change, about: str, words: str) -> None:
    document = known_document()
    change(document)
    assert [(each.about, each.words) for each in findings(document, "contradicts")] == [(about, words)]


def test_mailings_that_lie_elsewhere_are_told() -> None:
    document = known_document()
    kept = document["paths"].pop(f"{CHANNEL}/mass_mailings/waba/{{id}}/send")
    below_project = "/api/app/projects/{p}/mass_mailings/waba/{id}/send"
    kept["post"]["requestBody"] = {"content": {"application/json": {"schema": {"properties": {"at": {}}}}}}
    document["paths"][below_project] = kept
    told = [(each.about, each.words) for each in findings(document, "contradicts")]
    assert told == [(f"POST {CHANNEL}/mass_mailings/waba/{{id}}/send", "is not in it")]
    assert [each.about for each in findings(document, "adds")] == [f"POST {below_project}"]


def unknown_told() -> Json:
    """Return the document with an answer to what is not known."""
    document = known_document()
    message = answered(document, f"{CHANNEL}/messages/{{id}}")["data"]
    document["components"]["schemas"] = {"Message": message}
    answered(document, f"{CHANNEL}/messages/{{id}}")["data"] = {"$ref": "#/components/schemas/Message"}
    message["properties"]["status"] = {"type": "string", "enum": ["sent", "in_queue", "not_delivered"]}
    message["properties"]["reaction"] = {"type": "string", "nullable": True}
    content = document["paths"][SEND]["post"]["requestBody"]["content"]
    file = {"type": "string", "format": "binary"}
    content["multipart/form-data"] = {
        "schema": {
            "required": ["attachment"],
            "properties": {"attachment": file, "caption": {"type": "string"}},
        }
    }
    data = {"properties": {"data": {"properties": {"state": {"enum": ["on", "banned"]}}}}}
    document["paths"][f"{CHANNEL}/status"] = {
        "get": {"responses": {"200": {"content": {"application/json": {"schema": data}}}}}
    }
    return document


def test_what_was_unknown_is_told() -> None:
    told = {(each.about, each.words) for each in findings(unknown_told(), "adds")}
    assert told >= {
        (f"POST {SEND}", "takes multipart/form-data too: `attachment` (string binary), `caption`? (string)"),
        (f"GET {CHANNEL}/status", "takes nothing; answers: `state`? (on, banned)"),
        (f"GET {CHANNEL}/messages/{{id}}", "answers `reaction` (string)"),
        (
            f"GET {CHANNEL}/messages/{{id}}",
            "its answer's `status` is in_queue or not_delivered or sent; the package does not know `in_queue`",
        ),
    }
    assert findings(unknown_told(), "contradicts") == []


def test_version_2_says_the_same() -> None:
    paths = {
        "/projects/{project}/channels/{channel}/send_message/{user}": {
            "parameters": [{"name": "project", "in": "path", "required": True}],
            "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [{"name": "file", "in": "formData", "type": "file", "required": True}],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Sent"}}},
            },
        }
    }
    sent = {"properties": {"data": {"type": "object", "properties": {"uuid": {"type": "string"}}}}}
    keys = {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    document = {"swagger": "2.0", "basePath": "/api/app", "paths": paths, "definitions": {"Sent": sent}, "securityDefinitions": keys}  # fmt: skip
    told = {each.words for each in findings(document, "contradicts") if "send_message/" in each.about}
    assert told == {
        "takes multipart/form-data, and not JSON",
        "has no field `text` in its body",
        "requires the field `file` (file), which is not sent",
        "its answer has no `id`, which the package needs",
    }
    assert ("confirms", "authorization") in {each[:2] for each in compare(Document(document))}


@pytest.mark.parametrize("document", [None, [], "x", {}, {"paths": None}, {"paths": []}], ids=repr)
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(InputError, match=r"^documentation: must be an OpenAPI document"):
        Document(document)


def places(value: Any) -> list[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [place for key, inner in pairs for place in [(value, key), *places(inner)]]


def test_a_document_that_is_broken_in_any_place_is_compared_all_the_same() -> None:
    draw = random.Random(6)
    whole = unknown_told()
    odd: list[Any] = [
        None,
        True,
        5,
        "x",
        [],
        ["x"],
        [None],
        {},
        {"$ref": "#/paths"},
        {"allOf": [{"$ref": "#/"}]},
    ]
    for _ in range(60):
        document = copy.deepcopy(whole)
        for holder, key in draw.sample(places(document), 3):
            holder[key] = copy.deepcopy(draw.choice(odd))
        with suppress(InputError):
            found = compare(Document(document))
            assert json.dumps(found)
            assert list(lines_of(Document(document), found))


def test_a_schema_that_holds_itself_ends() -> None:
    document = known_document()
    document["components"]["schemas"] = {"A": {"oneOf": [{"$ref": "#/components/schemas/A"}] * 2}}
    answered(document, CHANNEL)["data"] = {"$ref": "#/components/schemas/A"}
    assert compare(Document(document))


def test_the_number_of_operations_is_that_of_the_page_of_facts() -> None:
    first = next(lines_of(Document(known_document()), []))
    assert (
        first
        == f"Wahelp 1.0.158: {len(FACTS) - 1} operations; the list that the package was made from has {OPERATIONS}."
    )
