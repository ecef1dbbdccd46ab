"""What the platform can do and the sandbox cannot answers so: it is no path that was mistyped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .support import Api

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox

P = "projects/101"
C = f"{P}/channels/some-uuid"
WORDS = "Wahelp has this operation, but the sandbox does not imitate it"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{P}/contacts/501/clear_dialog"),
        ("GET", f"{C}/setup"),
        ("POST", f"{C}/setup"),
        ("PUT", f"{C}/waba_templates/7"),
        ("GET", f"{P}/mass_mailings/waba/"),
        ("POST", f"{C}/mass_mailings/user_list/7/update"),
        ("POST", f"{P}/mass_mailings/viber_tg_vk/7/send"),
        ("GET", "files"),
        ("POST", "files/"),
        ("GET", "files/directories"),
        ("DELETE", "files/7"),
        ("GET", "api/documentation"),
        ("GET", "api/changelog"),
    ],
)
def test_a_listed_operation_is_known(wahelp_sandbox: Sandbox, api: Api, method: str, path: str) -> None:
    assert api.ask(method, path, 501) == {"success": False, "message": WORDS}
    assert wahelp_sandbox.requests[-1]["status"] == 501
    assert wahelp_sandbox.requests[-1]["path"] == f"/api/app/{path}"
    api.use("no-token")
    api.ask(method, path, 401)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["contacts", "contacts/", "deals/7/whatever"])
def test_everything_below_crm_is_known_and_needs_to_be_told_the_project(
    wahelp_sandbox: Sandbox, api: Api, method: str, path: str
) -> None:
    project = api.data("POST", "projects", json={"name": "Shop"})["id"]
    url = f"{wahelp_sandbox.url}/api/crm/{path}"

    def ask(status: int, **headers: str) -> str:
        message: str = api.ask(method, url, status, headers=headers)["message"]
        return message

    assert ask(501, **{"X-Project": str(project)}) == WORDS
    assert wahelp_sandbox.requests[-1]["path"] == f"/api/crm/{path}"
    assert "X-Project" in ask(400)
    assert "X-Project" in ask(400, **{"X-Project": "Shop"})
    ask(404, **{"X-Project": "999"})
    ask(401, **{"X-Project": str(project), "Authorization": "Bearer no-token"})


@pytest.mark.parametrize("path", ["no-such", f"{P}/no-such", f"{C}/no-such", "api/no-such", "documentation"])
def test_a_path_that_no_list_has_is_not_found(api: Api, path: str) -> None:
    assert "не найдено" in api.ask("GET", path, 404)["message"]
