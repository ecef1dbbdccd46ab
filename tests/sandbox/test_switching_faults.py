"""Switching faults on and off, by all doors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import SandboxOptions, changes_api, mailing_api, template_api
from airflow_provider_wahelp.sandbox import api as operations
from airflow_provider_wahelp.sandbox.errors import SandboxError
from airflow_provider_wahelp.sandbox.faults.fault import Fault
from airflow_provider_wahelp.sandbox.faults.operations import ANY, OPERATIONS, is_operation
from airflow_provider_wahelp.sandbox.faults.spelling import parse

from .support import Api, fetch
from .test_server import Outside, address, command, ends_well

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox


def statuses(api: Api, times: int, path: str = "projects") -> list[int]:
    return [api.http.get(path).status_code for _ in range(times)]


def test_a_fault_strikes_always_until_it_is_switched_off(api: Api) -> None:
    api.sandbox.inject("rate_limit")
    assert statuses(api, 3) == [429, 429, 429]

    api.sandbox.clear_faults()
    assert statuses(api, 1) == [200]
    assert api.sandbox.faults == []


def test_a_counted_fault_strikes_the_next_calls_that_it_is_meant_for(api: Api) -> None:
    api.sandbox.inject("rate_limit", operation="projects", count=2)

    assert statuses(api, 1, "user") == [200]
    assert statuses(api, 3) == [429, 429, 200]
    (shown,) = api.sandbox.faults
    assert (shown["count"], shown["struck"], shown["active"]) == (2, 2, False)


def test_the_first_fault_that_strikes_is_the_only_one(api: Api) -> None:
    api.sandbox.inject("rate_limit", count=1)
    api.sandbox.inject("unavailable", count=1)

    assert statuses(api, 3) == [429, 503, 200]


@pytest.mark.parametrize(
    ("meant_for", "struck"),
    [
        ({"method": "GET"}, ["GET user", "GET projects"]),
        ({"path": "*/projects"}, ["GET projects", "POST projects"]),
        ({"method": "POST", "path": "/api/*/projects"}, ["POST projects"]),
        ({"operation": "projects", "method": "POST"}, []),
        ({"operation": "create_project"}, ["POST projects"]),
    ],
)
def test_a_fault_strikes_only_what_it_is_meant_for(
    api: Api, meant_for: dict[str, Any], struck: list[str]
) -> None:
    api.sandbox.inject("rate_limit", **meant_for)
    calls = ["GET user", "GET projects", "POST projects"]

    failed = [
        call for call in calls if api.http.request(*call.split(), json={"name": "Shop"}).status_code == 429
    ]

    assert failed == struck


def test_neither_the_page_nor_the_controls_ever_fail(wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.inject("cut_before")

    assert fetch("GET", wahelp_sandbox.url).status_code == 200
    assert fetch("GET", f"{wahelp_sandbox.url}/sandbox/health").status_code == 200


def test_a_seed_makes_chance_reproducible(api: Api) -> None:
    def draw(**chance: Any) -> list[int]:
        api.sandbox.clear_faults()
        api.sandbox.inject("rate_limit", operation="projects", probability=0.5, **chance)
        return statuses(api, 40)

    api.sandbox.configure(seed=1)
    first = draw()
    assert set(first) == {200, 429}
    assert draw() == first
    assert draw(seed=7) == draw(seed=7) != first
    api.sandbox.configure(seed=2)
    assert draw() != first


@pytest.mark.parametrize(("probability", "status"), [(0, 200), (1, 429), (1.0, 429)])
def test_certain_chances(api: Api, probability: float, status: int) -> None:
    api.sandbox.inject("rate_limit", probability=probability)

    assert statuses(api, 5) == [status] * 5


def test_the_control_routes_switch_like_the_methods(api: Api) -> None:
    url = f"{api.sandbox.url}/sandbox/faults"
    body = {"fault": "rate_limit", "operation": "projects", "count": 3, "retry_after": 5}

    assert fetch("POST", url, json=body).json() == {"success": True, "id": 1}
    assert api.http.get("projects").headers["retry-after"] == "5"

    shown = fetch("GET", url).json()
    assert shown == api.sandbox.faults
    assert shown == [
        {
            "id": 1,
            "fault": "rate_limit",
            "operation": "projects",
            "method": None,
            "path": None,
            "probability": None,
            "count": 3,
            "seed": None,
            "retry_after": 5,
            "words": "Too Many Requests",
            "struck": 1,
            "active": True,
        }
    ]
    assert fetch("DELETE", url).json() == {"success": True}
    assert fetch("GET", url).json() == []


@pytest.mark.parametrize("way", ["route", "method"])
def test_one_of_several_faults_is_switched_off(api: Api, way: str) -> None:
    ids = [api.sandbox.inject("unavailable", operation=operation) for operation in ("account", "projects")]
    if way == "route":
        answer = fetch("DELETE", f"{api.sandbox.url}/sandbox/faults/{ids[0]}")
        assert answer.json() == {"success": True}
    else:
        api.sandbox.remove_fault(ids[0])

    assert statuses(api, 1, "user") + statuses(api, 1) == [200, 503]
    assert [fault["id"] for fault in api.sandbox.faults] == ids[1:]
    with pytest.raises(SandboxError):
        api.sandbox.remove_fault(ids[0])
    api.sandbox.clear_faults()
    assert api.sandbox.inject("html") not in ids  # whoever has an old list switches nothing else off


WRONG: list[dict[str, Any]] = [
    {},
    {"fault": "no_such"},
    {"fault": ["html"]},
    {"fault": "html", "operation": "no_such"},
    {"fault": "html", "operation": ["any"]},
    {"fault": "html", "probability": 0.5, "count": 1},
    {"fault": "html", "probability": 1.5},
    {"fault": "html", "probability": "0.5"},
    {"fault": "html", "probability": True},
    {"fault": "html", "count": 0},
    {"fault": "html", "count": 1.5},
    {"fault": "html", "count": True},
    {"fault": "html", "seed": "x"},
    {"fault": "html", "path": 5},
    {"fault": "html", "method": ["GET"]},
    {"fault": "html", "status": 500},
    {"fault": "html", "name": "cut_after"},
    {"fault": "html", "parameters": {}},
    {"fault": "error_after", "status": 200},
    {"fault": "error_after", "status": "500"},
    {"fault": "error_after", "status": [500]},
    {"fault": "rate_limit", "retry_after": -1},
    {"fault": "rate_limit", "retry_after": 1.5},
    {"fault": "rate_limit", "words": ""},
    {"fault": "slow", "seconds": -1},
    {"fault": "slow", "seconds": None},
    {"fault": "cut_after", "reset": 1},
]


@pytest.mark.parametrize("body", WRONG, ids=str)
def test_nonsense_is_refused_by_both_doors(wahelp_sandbox: Sandbox, body: dict[str, Any]) -> None:
    response = fetch("POST", f"{wahelp_sandbox.url}/sandbox/faults", json=body)
    assert (response.status_code, response.json()["success"]) == (422, False)

    with pytest.raises(ValueError, match=r"must|no parameter|not both"):
        wahelp_sandbox.inject(body.pop("fault", ""), **body)
    assert wahelp_sandbox.faults == []


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("html", Fault(name="html")),
        ("html:messages", Fault(name="html", operation="messages")),
        ("html:0.25", Fault(name="html", probability=0.25)),
        ("html:.25", Fault(name="html", probability=0.25)),
        ("html:messages:1", Fault(name="html", operation="messages", probability=1.0)),
        ("html:messages:x1", Fault(name="html", operation="messages", count=1)),
        ("html:method=GET:path=*/status", Fault(name="html", method="GET", path="*/status")),
        ("html:0.5:seed=7", Fault(name="html", probability=0.5, seed=7)),
        ("cut_after:reset=true", Fault(name="cut_after", parameters={"reset": True})),
        ("error_after:x3:status=502", Fault(name="error_after", count=3, parameters={"status": 502})),
        ("slow:any:seconds=2.5", Fault(name="slow", parameters={"seconds": 2.5})),
        (
            "rate_limit:login:x3:retry_after=5:words=Слишком много попыток",
            Fault(
                name="rate_limit",
                operation="login",
                count=3,
                parameters={"retry_after": 5, "words": "Слишком много попыток"},
            ),
        ),
    ],
)
def test_a_fault_in_one_line(written: str, fault: Fault) -> None:
    assert parse(written) == fault


@pytest.mark.parametrize(
    "written",
    [
        "",
        "no_such",
        "html:no_such",
        "html:3",
        "html:x0",
        "html:-1",
        "html:0.5:x3",
        "html:0.5:0.6",
        "html:any:messages",
        "html:status=500",
        "html:probability=0.5",
        "error_after:status=soon",
        "cut_after:reset=maybe",
    ],
)
def test_a_wrong_line_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"fault {written}: ")):
        SandboxOptions(faults=[written])


@pytest.mark.parametrize("changes", [{"history_lag": -1}, {"clock_skew": float("nan")}, {"clock_skew": 1e9}])
def test_wrong_options_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        SandboxOptions(**changes)


def test_a_reset_brings_back_the_faults_of_the_start(api: Api) -> None:
    api.sandbox.configure(faults=["rate_limit:projects"])
    api.sandbox.inject("unavailable")
    assert [shown["fault"] for shown in api.sandbox.faults] == ["rate_limit", "unavailable"]

    api.sandbox.reset()
    assert api.sandbox.faults == []


def test_the_command_starts_with_faults() -> None:
    options = ("--fault", "rate_limit:projects:x1:retry_after=5", "--fault", "html:messages:0.5")
    wrong = ("--history-lag", "30", "--clock-skew", "-120", "--seed", "7")
    with command(*options, *wrong) as (process, line):
        outside = Outside(address(line))
        assert outside.call("GET", "projects").headers["retry-after"] == "5"
        shown = fetch("GET", f"{outside.url}/sandbox/faults").json()
        assert [(fault["fault"], fault["struck"]) for fault in shown] == [("rate_limit", 1), ("html", 0)]

        outside.control("POST", "/reset")
        assert [fault["struck"] for fault in fetch("GET", f"{outside.url}/sandbox/faults").json()] == [0, 0]
        assert ends_well(process)


@pytest.mark.parametrize("arguments", [("--fault", "no_such"), ("--seed", "x"), ("--history-lag", "-1")])
def test_wrong_faults_end_the_command_at_once(arguments: tuple[str, ...]) -> None:
    with command(*arguments) as (process, line):
        assert line == ""
        assert process.wait(10) == 2


def test_every_imitated_operation_has_one_name() -> None:
    found = []
    modules = (operations, changes_api, mailing_api, template_api)
    routes = [route for module in modules for route in module.routes]
    for route in routes:
        path = "/api/app" + re.sub(r"{\w+(:int)?}", "1", route.path)
        for method in (route.methods or set()) - {"HEAD"}:
            found += [(name, path) for name in OPERATIONS if name != ANY and is_operation(name, method, path)]

    assert [name for name, _ in found] == list(dict.fromkeys(name for name, _ in found))
    assert {name for name, _ in found} == set(OPERATIONS) - {ANY}
    assert len(found) == len(routes)
