from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox.api import routes

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox

    from .support import Api


def test_a_login_answers_a_token_that_opens_the_rest(api: Api) -> None:
    body = api.log_in().json()

    assert body["success"] is True
    assert body["data"].keys() == {"token_type", "access_token", "expires_in"}
    assert (body["data"]["token_type"], body["data"]["expires_in"]) == ("bearer", 3600)
    assert api.data("GET", "user/")["login"] == "demo@example.com"


def test_only_logins_that_succeed_are_counted(wahelp_sandbox: Sandbox, api: Api) -> None:
    refused = api.log_in(password="wrong")

    assert refused.status_code == 401
    assert refused.json() == {"success": False, "message": "Неверный логин или пароль"}
    assert wahelp_sandbox.logins == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic x"])
@pytest.mark.parametrize("path", ["user/", "projects", "user/refresh-token", "no/such/operation"])
def test_everything_else_needs_a_live_token(api: Api, path: str, header: str | None) -> None:
    del api.http.headers["Authorization"]
    headers = {} if header is None else {"Authorization": header}

    assert api.ask("GET", path, 401, headers=headers)["success"] is False


def test_no_operation_forgets_to_ask_for_one(api: Api) -> None:
    api.use("dead")
    asked = [(method, route.path) for route in routes for method in route.methods or ()]
    answers = {
        (method, path): api.http.request(method, re.sub(r"{\w+(:\w+)?}", "1", path).lstrip("/")).status_code
        for method, path in asked
        if path != "/user/login"
    }
    assert len(answers) >= 22
    assert set(answers.values()) == {401}


def test_a_refresh_answers_in_its_own_shape_and_revokes_the_old_token(api: Api) -> None:
    fresh = api.data("GET", "user/refresh-token")

    assert fresh.keys() == {"token"}
    assert fresh["token"].keys() == {"token", "expires_in"}
    api.ask("GET", "user/", 401)
    api.use(fresh["token"]["token"])
    api.ask("GET", "user/")


def test_a_refresh_can_fail_and_leaves_the_token_alive(wahelp_sandbox: Sandbox, api: Api) -> None:
    wahelp_sandbox.configure(refresh_fails=True)

    assert api.ask("GET", "user/refresh-token", 500)["success"] is False
    api.ask("GET", "user/")


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("int", {"expires_in": 60}), ("string", {"expires_in": "60"}), ("missing", {})],
)
def test_the_lifetime_is_spelled_as_chosen(
    wahelp_sandbox: Sandbox, api: Api, spelling: str, expected: dict[str, Any]
) -> None:
    wahelp_sandbox.configure(token_lifetime=60, expires_in=spelling)

    login = api.log_in().json()["data"]
    refreshed = api.data("GET", "user/refresh-token")["token"]

    assert {name: login[name] for name in login.keys() & {"expires_in"}} == expected
    assert {name: refreshed[name] for name in refreshed.keys() & {"expires_in"}} == expected


def test_a_token_dies_of_age(wahelp_sandbox: Sandbox, api: Api) -> None:
    wahelp_sandbox.advance(3500)
    api.ask("GET", "user/")

    wahelp_sandbox.advance(101)
    api.ask("GET", "user/", 401)


def test_all_tokens_die_on_demand(wahelp_sandbox: Sandbox, api: Api) -> None:
    wahelp_sandbox.expire_tokens()

    api.ask("GET", "user/", 401)
    api.log_in()
    api.ask("GET", "user/")
