"""Wahelp's own mailings through both hooks, against the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.platform import mailing_flows
from airflow_provider_wahelp.sandbox import Sandbox
from tests.unit.client.wire import Wire, ok, says

ANNA, BORIS = "79161234567", "79031112233"


@pytest.fixture
def readers(hook: Any, channel: dict[str, Any]) -> None:
    for phone in (ANNA, BORIS):
        hook.create_user("Reader", phone, **channel)


@pytest.fixture
def news(hook: Any, channel: dict[str, Any], readers: None) -> Any:
    return hook.create_platform_mailing("News", {"text": "Spring!"}, **channel)


def got(sandbox: Sandbox) -> list[int]:
    return [len(sandbox.conversation(phone)) for phone in (ANNA, BORIS)]


def test_a_mailing_from_its_draft_to_its_export(
    hook: Any, channel: dict[str, Any], news: Any, wahelp_sandbox: Sandbox, tmp_path: Path
) -> None:
    assert (news.name, news.state) == ("News", "draft")
    assert hook.create_platform_mailing("News", {"text": "Spring!"}, **channel) == news
    assert [each.id for each in hook.list_platform_mailings(**channel)] == [news.id]
    assert list(hook.list_platform_mailings("waba", **channel)) == []
    assert hook.start_platform_mailing(news.id, **channel)[1] is True
    assert hook.start_platform_mailing(news.id, **channel, is_repeated=True)[1] is False
    assert hook.get_platform_mailing(news.id, **channel).state == "running"
    wahelp_sandbox.advance(2)
    assert hook.get_platform_mailing(news.id, **channel).state == "finished"
    assert hook.start_platform_mailing(news.id, **channel)[1] is False
    assert hook.get_platform_mailing_stats(news.id, **channel)["delivered"] == 2
    path = tmp_path / "news.csv"
    exported = hook.export_platform_mailing(news.id, str(path), **channel)
    assert (exported["path"], exported["size"]) == (str(path), path.stat().st_size)
    assert sorted(path.read_text().split()) == [f"{BORIS};delivered", f"{ANNA};delivered", "phone;status"]
    assert got(wahelp_sandbox) == [1, 1]


def test_a_stop_needs_the_name(
    hook: Any, channel: dict[str, Any], news: Any, wahelp_sandbox: Sandbox
) -> None:
    hook.start_platform_mailing(news.id, **channel)
    with pytest.raises(errors.InputError, match=r"^name: must be the name of mailing"):
        hook.stop_platform_mailing(news.id, "Nws", **channel)
    assert hook.get_platform_mailing(news.id, **channel).state == "running"
    assert hook.stop_platform_mailing(news.id, "News", **channel).state == "stopped"


@pytest.mark.parametrize("fault", ["cut_after", "html", "error_after", "truncated"])
def test_a_lost_answer_starts_nothing_twice(
    hook: Any,
    channel: dict[str, Any],
    news: Any,
    wahelp_sandbox: Sandbox,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailing_flows, "LOOKS", (0.0,))
    wahelp_sandbox.inject(fault, operation="send_mailing", count=1)
    mailing, started = hook.start_platform_mailing(news.id, **channel)
    assert (mailing.state, started) == ("running", True)
    assert got(wahelp_sandbox) == [1, 1]


@pytest.fixture
def wire(new_hook: Any, connect: Any) -> Any:
    with Wire() as server:
        connect(server.url, extra={"project_id": 41, "retries": 0})
        yield server


def test_the_path_of_mailings_is_a_setting(
    new_hook: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.InputError, match=r"^channel_uuid: must be given"):
        new_hook().get_platform_mailing(1, "waba")
    monkeypatch.setenv("AIRFLOW__WAHELP__MAILING_PATH", "/projects/{project_id}/mass_mailings/{kind}/")
    monkeypatch.setenv("AIRFLOW__WAHELP__MAILING_STATES", '{"3": "finished"}')
    wire.will(ok([{"id": 5, "status": 3}]), ok({"sent": 1}))
    assert new_hook().get_platform_mailing(5, "waba").state == "finished"
    assert new_hook().get_platform_mailing_stats(5, "waba", project_id=7) == {"sent": 1}
    assert [(seen.path, seen.headers["x-project"]) for seen in wire.calls] == [
        ("/api/app/projects/41/mass_mailings/waba/", "41"),
        ("/api/app/projects/7/mass_mailings/waba/5/stats", "7"),
    ]


@pytest.mark.parametrize("path", ["mass_mailings/{kinds}", "mass_mailings/{", "x/{}"])
def test_a_path_that_is_none_is_refused(
    new_hook: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__MAILING_PATH", path)
    with pytest.raises(errors.InputError, match=r"^\[wahelp\] mailing_path: must be a path like projects"):
        new_hook().get_platform_mailing(1, "waba", "c")
    assert wire.calls == []


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        ({"mailing_id": "a/b"}, "mailing_id"),
        ({"mailing_id": 1, "kind": "user_list"}, "kind"),
        ({"mailing_id": None}, "mailing_id"),
    ],
)
def test_bad_input_is_refused_by_its_name(new_hook: Any, wire: Wire, arguments: Any, refused: str) -> None:
    with pytest.raises(errors.InputError, match=f"^{refused}: must be"):
        new_hook().get_platform_mailing(**arguments, channel_uuid="c")
    assert wire.calls == []


def test_an_export_that_is_a_link_is_fetched_without_the_token(
    new_hook: Any, wire: Wire, tmp_path: Path
) -> None:
    link = {"success": True, "data": {"url": f"{wire.url}/storage/a.xlsx"}}
    wire.will(says(link, content_type="application/json"), says(b"PK", content_type="application/zip"))
    path = str(tmp_path / "a.xlsx")
    exported = new_hook().export_platform_mailing(5, path, "waba", "c")
    assert exported == {"path": path, "size": 2, "content_type": "application/zip"}
    assert Path(path).read_bytes() == b"PK"
    assert "authorization" not in wire.calls[1].headers


def test_an_export_that_is_json_is_kept_as_it_is(new_hook: Any, wire: Wire, tmp_path: Path) -> None:
    wire.will(ok([{"phone": "79161234567"}]))
    path = tmp_path / "a.json"
    assert new_hook().export_platform_mailing(5, str(path), "waba", "c")["size"] == path.stat().st_size
    assert b'"phone": "79161234567"' in path.read_bytes()


def test_a_test_goes_to_the_kind(new_hook: Any, wire: Wire) -> None:
    assert new_hook().test_platform_mailing({"phone": "79161234567"}, channel_uuid="c")["id"] == 1
    assert wire.calls[0].path == "/api/app/projects/41/channels/c/mass_mailings/waba/test"
    with pytest.raises(errors.InputError, match=r"^fields: must be a dict"):
        new_hook().test_platform_mailing(["x"], channel_uuid="c")
