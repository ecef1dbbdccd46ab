"""Each operation whose path is known reaches the server as it is listed, however people write it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain, cycle, repeat
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client import errors, generic
from airflow_provider_wahelp.client.paths import project_in, resolved

from .wire import PASSWORD, PHONE, TEXT, Blocking, Wire, answer, ok

SERVER = "https://wahelp.ru"
CHANNEL = "app/projects/7/channels/c-1"
PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
# The vendor's list names 376 operations. These are all whose path is known (docs/api.md).
LISTED = f"""
POST app/user/login
GET app/user/refresh-token
GET app/user/
GET app/projects/
POST app/projects
GET app/projects/7/channels/
POST app/projects/7/channels
GET {CHANNEL}
PUT {CHANNEL}
DELETE {CHANNEL}
GET {CHANNEL}/status
GET {CHANNEL}/settings/whatsapp/qr
GET {CHANNEL}/setup
POST {CHANNEL}/setup
POST {CHANNEL}/import_contacts
GET {CHANNEL}/users
POST {CHANNEL}/users
GET {CHANNEL}/users/5
PUT {CHANNEL}/users/5
DELETE {CHANNEL}/users/5
GET {CHANNEL}/messages
GET {CHANNEL}/messages/9
PUT {CHANNEL}/messages/9
DELETE {CHANNEL}/messages/9
POST {CHANNEL}/send_message/5
GET {CHANNEL}/waba_templates
POST {CHANNEL}/waba_templates
GET {CHANNEL}/waba_templates/9
PUT {CHANNEL}/waba_templates/9
DELETE {CHANNEL}/waba_templates/9
POST {CHANNEL}/waba_templates/import
POST app/projects/7/contacts/contact_by_phone
POST app/projects/7/contacts/9/block
POST app/projects/7/contacts/9/clear_dialog
GET app/projects/7/lost_messages
POST app/projects/7/send_message_cascade/
GET app/projects/7/config/cascade
PUT app/projects/7/config/cascade
PUT app/projects/7/hook
GET app/projects/7/webhooks/
POST app/projects/7/webhooks/
PUT app/projects/7/webhooks/w-1
DELETE app/projects/7/webhooks/w-1
GET app/files/
POST app/files/
PUT app/files/1
DELETE app/files/1
GET app/files/directories
GET app/api/documentation
GET app/api/changelog
GET crm/contacts/
POST crm/deals
PATCH crm/deals/7
GET user_access/roles
"""
KINDS = ("waba", "whatsapp", "viber_tg_vk", "user_list")
OF_A_MAILING = [f"POST {{}}/9/{verb}" for verb in ("update", "send", "stop", "copy")] + [
    "GET {}/", "POST {}/", "POST {}/test", "GET {}/variables", "GET {}/9/stats", "GET {}/9/export",
]  # fmt: skip
# The list leaves open whether mailings lie below a channel or a project: both reach the server.
MAILINGS = [
    line.format(f"{place}/mass_mailings/{kind}")
    for place in (CHANNEL, "app/projects/7")
    for kind in KINDS
    for line in OF_A_MAILING
]
OPERATIONS = [line.split() for line in [*LISTED.split("\n"), *MAILINGS] if line]
# How many the vendor's list has: by method, and below each root.
METHODS = {"GET": 153, "POST": 104, "PUT": 67, "DELETE": 51, "PATCH": 1}
ROOTS = {"app": 281, "crm": 95}
WAYS = {
    "listed": "/{path}",
    "bare": "{path}",
    "api": "/api/{path}",
    "api-bare": "api/{path}",
    "address": SERVER + "/api/{path}",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_path_is_read_in_each_way_that_people_write_it(way: str) -> None:
    wrong = [path for _, path in OPERATIONS if resolved(way.format(path=path), SERVER) != f"api/{path}"]
    assert wrong == []


def test_a_path_without_a_root_lies_below_app() -> None:
    for path in [path for _, path in OPERATIONS if path.startswith("app/")]:
        short = path.removeprefix("app/")
        assert resolved(short) == resolved(f"/{short}") == f"api/{path}"


def stand_ins() -> list[list[str]]:
    """Return operations in the place of those whose path nobody here knows: as many, in the list's manner."""
    # Of mailings one place is right and one kind may lack an operation: the others stand for themselves.
    known = [operation for operation in OPERATIONS if "projects/7/mass_mailings" not in operation[1]]
    left = Counter(METHODS) - Counter(method for method, _ in known)
    below_crm = ROOTS["crm"] - sum(path.startswith("crm/") for _, path in known)
    shapes = cycle(("things", "things/", "things/9", "things/9/parts", "things/9/parts/8/", "things-of/9"))
    places = chain(repeat("crm", below_crm), cycle(("app", "app/projects/7", CHANNEL)))
    return [
        [method, f"{place}/{shape.replace('9', str(number))}"]
        for number, (method, place, shape) in enumerate(zip(left.elements(), places, shapes, strict=False))
    ]


def test_there_is_a_stand_in_for_each_operation_whose_path_is_not_known() -> None:
    known = [operation for operation in OPERATIONS if "projects/7/mass_mailings" not in operation[1]]
    assert len(known) + len(stand_ins()) == sum(METHODS.values()) == sum(ROOTS.values()) == 376


def test_each_operation_reaches_the_server_as_it_is_listed(client: Blocking, wire: Wire) -> None:
    ways = [way.replace(SERVER, "{server}") for way in WAYS.values()]
    wire.will(ok(), to="user/refresh-token")
    expected = []
    for number, (method, path) in enumerate([*OPERATIONS, *stand_ins()]):
        written = ways[number % len(ways)].format(path=path, server=wire.url)
        client.perform(generic.request(method.lower(), written, project_id=None, base_url=wire.url))
        expected.append((method, f"/api/{path}", "7" if "/projects/7/" in path else None))
    came = [*wire.calls, *wire.seen["user/login"][1:], *wire.seen["user/refresh-token"]]
    seen = [(each.method, each.path, each.headers.get("x-project")) for each in came]
    assert sorted(map(str, seen)) == sorted(map(str, expected))


def test_the_table_has_each_path_that_the_page_of_facts_lists() -> None:
    told = {
        found.replace("{m}", "projects/{p}/channels/{c}/mass_mailings/waba")
        .replace("{p}", "7")
        .replace("{c}", "c-1")
        .replace("{u}", "5")
        .replace("{uuid}", "w-1")
        for line in PAGE.splitlines()
        if line.startswith("| `")
        for found in re.findall(r"`(?:GET|PUT|POST|DELETE) ([^`]+)`", line.split("|")[1])
    }
    known = {path.removeprefix("app/").rstrip("/") for _, path in OPERATIONS}
    missing = {path for path in told if path.rstrip("/").replace("{id}", "9") not in known}
    assert len(told) > 15
    assert missing == set()


@pytest.mark.parametrize("base", ["https://wahelp.ru", "https://wahelp.ru:443", "http://wahelp.ru"])
@pytest.mark.parametrize(
    "address",
    ["https://wahelp.ru/api/crm/deals?x=1", "https://WAHELP.ru:443/api/crm/deals?x=1", "http://wahelp.ru/api/crm/deals?x=1"],
)  # fmt: skip
def test_an_address_of_the_same_host_is_taken_as_it_is(base: str, address: str) -> None:
    assert resolved(address, base) == "api/crm/deals?x=1"


def test_an_address_behind_a_gateway_is_one_below_the_gateway() -> None:
    base = "https://gate.example/wahelp"
    assert resolved("https://gate.example/wahelp/storage/a.pdf", base) == "storage/a.pdf"
    for other in ("https://gate.example/api/app/user/", "https://gate.example/wahelper/x"):
        with pytest.raises(errors.InputError, match=r"^path: must be a path, or an address below"):
            resolved(other, base)


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/api/app/user/",
        "https://wahelp.ru@evil.example/api/app/user/",
        "https://me@wahelp.ru/api/app/user/",
        "https://wahelp.ru.evil.example/",
        "https://wahelp.ru:8443/api/app/user/",
        "ftp://wahelp.ru:21x/",
        "projects/../../crm/x",
        "projects/%2e%2e/x",
        "projects/./x",
        "/api/app/../crm",
        "https://wahelp.ru/api/app/../../x",
        "projects#frag",
        "https://wahelp.ru/api/app/x#frag",
        "projects\\x",
        "a\nb",
        "a%0d%0ab",
        "",
        "/",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(errors.InputError, match=r"^path: must"):
        resolved(path, SERVER)


@pytest.mark.parametrize(
    ("path", "project"),
    [
        ("app/projects/7/channels", 7),
        ("projects/7", 7),
        ("projects/7?x=1", 7),
        ("projects", None),
        ("projects/x/1", None),
        ("crm/myprojects/7/x", None),
    ],
)
def test_the_project_is_read_from_the_path(path: str, project: int | None) -> None:
    assert project_in(path) == project


@pytest.mark.parametrize(("project_id", "expected"), [(None, 7), (5, 5)])
def test_what_is_given_counts_before_the_path(project_id: Any, expected: int) -> None:
    assert generic.request("GET", "projects/7/channels", project_id=project_id).project_id == expected


@pytest.mark.parametrize(
    ("method", "repeatable"),
    [("get", True), ("PUT", True), ("DELETE", True), ("POST", False), ("PATCH", False)],
)
def test_the_generic_call_is_repeatable_by_its_method(method: str, repeatable: bool) -> None:
    assert generic.request(method, "x").repeatable is repeatable


def test_a_method_that_there_is_not_is_refused() -> None:
    with pytest.raises(errors.InputError, match=r"^method: must be one of 'GET'"):
        generic.request("FETCH", "x")


def test_the_generic_call_shows_nothing_of_its_query_and_no_phone() -> None:
    call = generic.request(
        "GET", f"contacts/{PHONE}?q={PASSWORD}", params={"name": "Анна"}, json={"a": [TEXT]}
    )
    with pytest.raises(errors.RejectedError) as caught:
        call.result(answer({"message": f"{TEXT} for Анна"}, 422))
    for secret in (PHONE[1:], PASSWORD, TEXT, "Анна"):
        assert secret not in f"{call.what} {caught.value}"
