"""The page of channels: whose, what of them, and that Wahelp's silence holds nobody up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_wahelp.delivery.limits.rate_limit import Pace
from airflow_provider_wahelp.operators import CreateChannelOperator
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.storage.state.shared import shared_state
from tests.pages.conftest import TOLD, Rights, Tell

CONN = "wahelp_default"


@dataclass
class Account:
    """An account with an active channel and one that waits, and how its connection names it."""

    sandbox: Sandbox
    project: int
    active: str
    waiting: str
    asked: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def account(wahelp_sandbox: Sandbox, connect: Callable[..., None], fresh: None) -> Account:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    active = wahelp_sandbox.create_channel("Support")
    project = wahelp_sandbox.snapshot()["projects"][0]["id"]
    waiting = wahelp_sandbox.create_channel("New", project_id=project)["uuid"]
    wahelp_sandbox.log_out(waiting)
    connect(wahelp_sandbox.url, extra={"project_id": project})
    with create_session() as session:
        session.add(Connection(conn_id=CONN, conn_type="wahelp"))
        session.add(Connection(conn_id="other", conn_type="http"))
    return Account(wahelp_sandbox, project, active["uuid"], waiting, {"conn_id": CONN})


@pytest.fixture
def fresh(database: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Forget what was seen; return what forgets it again."""
    from airflow_provider_wahelp.pages import channel_routes
    from airflow_provider_wahelp.pages.glances import Glances

    def forget() -> None:
        monkeypatch.setattr(channel_routes, "_projects", Glances(channel_routes.look_at_project))
        monkeypatch.setattr(channel_routes, "_codes", Glances(channel_routes.look_at_code))

    forget()
    return forget


def shown(reader: Any, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = reader.get("data/channels", params=asked).raise_for_status().json()
    return found


def test_channels_of_a_connection_are_shown_and_which_waits_to_be_scanned(
    reader: Any, rights: Rights, account: Account
) -> None:
    rights.connections = True
    assert reader.get("data/places").json() == {"places": [{"conn_id": CONN, "project_id": None}]}
    found = shown(reader, **account.asked)
    states = {each["name"]: (each["uuid"], each["active"], each["scan"]) for each in found["channels"]}
    assert states == {"Support": (account.active, True, False), "New": (account.waiting, False, True)}
    assert (found["project_id"], found["error"], found["shared"]) == (account.project, "", False)
    one = {**account.asked, "project_id": account.project, "channel_uuid": account.waiting}
    assert [each["name"] for each in shown(reader, **one)["channels"]] == ["New"]
    picture = reader.get("data/qr", params=one)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert "sandbox" in picture.headers["content-security-policy"]
    one["channel_uuid"] = account.active
    assert reader.get("data/qr", params=one).status_code == 404


def test_whoever_may_not_read_the_connection_sees_no_channel_and_nothing_is_asked(
    reader: Any, rights: Rights, account: Account
) -> None:
    before = len(account.sandbox.requests)
    one = {**account.asked, "project_id": account.project, "channel_uuid": account.waiting}
    assert reader.get("data/places").json() == {"places": []}
    for path in ("data/channels", "data/qr"):
        assert reader.get(path, params=one).status_code == 403
    reader.app.routes[-1].app.dependency_overrides.clear()
    for path in ("data/places", "data/channels", "data/qr"):
        assert reader.get(path, params=one).status_code == 401
    assert len(account.sandbox.requests) == before


def test_what_was_sent_is_shown_beside_the_cap_that_tasks_keep_to(
    reader: Any, rights: Rights, account: Account
) -> None:
    rights.connections = True
    scope = f"{account.sandbox.url}/{account.project}"
    with closing(shared_state()) as state:
        new = Pace(state, f"{scope}/{account.active}", daily_cap=250, warm_up=True)
        assert [new.take() for _ in range(3)] == [0.0] * 3
        Pace(state, f"{scope}/{account.waiting}").count()
    used = {each["name"]: (each["sent"], each["cap"]) for each in shown(reader, **account.asked)["channels"]}
    assert used == {"Support": (3, 100), "New": (1, None)}


def test_a_channel_that_a_task_has_made_elsewhere_is_shown_to_who_may_see_the_task(
    reader: Any, rights: Rights, account: Account, tell: Tell
) -> None:
    pushed: dict[str, Any] = {}
    project = account.sandbox.create_channel("A client's")["project_id"]

    class Ti:
        def xcom_push(self, key: str, value: Any) -> None:
            pushed[key] = value

    CreateChannelOperator(task_id="make", name="Theirs", project_id=project).execute({"ti": Ti()})  # type: ignore[typeddict-item]
    key = "wahelp_channel_link"
    tell("shop", pushed[key], key=key)
    tell("bank", "wahelp/channels?conn_id=wahelp_default&project_id=77&channel_uuid=x", key=key)
    for number, junk in enumerate((None, 7, [1], "?conn_id=wahelp_default&project_id=all")):
        tell("shop", junk, key=key, task_id=f"junk{number}")
    rights.connections = True
    own = {"conn_id": CONN, "project_id": None}
    assert reader.get("data/places").json()["places"] == [own]
    rights.dags, rights.xcoms = {"shop", "bank"}, {"shop"}
    assert reader.get("data/places").json()["places"] == [own, {"conn_id": CONN, "project_id": project}]
    rights.dags = {"bank"}
    assert reader.get("data/places").json()["places"] == [own]
    [link] = [pushed[key]]
    data = reader.get(link.replace("wahelp/channels", "data/channels")).json()
    assert [each["name"] for each in data["channels"]] == ["Theirs"]


def test_a_connection_that_only_tasks_know_is_found_by_a_mailing(
    reader: Any, rights: Rights, tell: Tell
) -> None:
    rights.connections, rights.dags, rights.xcoms = True, {"shop"}, {"shop"}
    tell("shop", {**TOLD, "conn_id": "vault"})
    assert reader.get("data/places").json() == {"places": [{"conn_id": "vault", "project_id": None}]}


def test_readers_share_a_look_and_looks_a_login(
    reader: Any, rights: Rights, account: Account, fresh: Callable[[], None]
) -> None:
    rights.connections = True
    for _ in range(3):
        shown(reader, **account.asked)
    fresh()
    shown(reader, **account.asked)
    paths = [request["path"] for request in account.sandbox.requests]
    assert (sum("login" in path for path in paths), sum("channels" in path for path in paths)) == (1, 2)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"host": "http://127.0.0.1:9"}, "could not be reached"),
        ({}, "password"),
        ({"extra": {"project_id": "all"}}, "project_id"),
        ({"conn_type": "postgres"}, "of type wahelp"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said_and_no_secret(
    reader: Any,
    rights: Rights,
    account: Account,
    connect: Callable[..., None],
    fields: dict[str, Any],
    words: str,
) -> None:
    rights.connections = True
    known = {"host": account.sandbox.url, "password": "s3cret", "extra": {"project_id": account.project}}
    connect(**{**known, **fields})
    found = shown(reader, **account.asked)
    assert found["channels"] == []
    assert words in found["error"]
    assert "s3cret" not in found["error"]


def test_a_connection_of_another_kind_gives_its_password_to_nobody(
    account: Account, connect: Callable[..., None]
) -> None:
    from airflow_provider_wahelp.pages.wahelp import Spot, look_at_code

    connect(account.sandbox.url, conn_type="postgres")
    logins = account.sandbox.logins
    assert look_at_code(Spot(CONN, account.project, account.waiting)) is None
    assert account.sandbox.logins == logins


def test_a_connection_without_a_project_is_no_error(
    reader: Any, rights: Rights, account: Account, connect: Callable[..., None]
) -> None:
    rights.connections = True
    connect(account.sandbox.url)
    found = shown(reader, **account.asked)
    assert (found["project_id"], found["error"], found["channels"]) == (None, "", [])


def test_a_wahelp_that_is_silent_holds_nobody_up(
    reader: Any, rights: Rights, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_wahelp.pages import channel_routes
    from airflow_provider_wahelp.pages.glances import Glances

    silent = threading.Event()
    looks: list[Any] = []

    def look(place: Any) -> Any:
        looks.append(place)
        silent.wait(60)
        return channel_routes.look_at_project(place)

    glances = Glances(look, patience=0.02)
    monkeypatch.setattr(channel_routes, "_projects", glances)
    rights.connections = True
    for _ in range(45):  # more than the API server has threads
        assert (
            shown(reader, **account.asked)["error"] == "Wahelp has not answered in time. The page asks again."
        )
    assert looks == [(CONN, None)]
    assert reader.get("data/mailings").status_code == 200
    silent.set()
    glances.patience = 30.0
    assert len(shown(reader, **account.asked)["channels"]) == 2


def test_looks_are_joined_kept_for_a_while_and_not_many_at_a_time() -> None:
    from airflow_provider_wahelp.pages import glances

    now, looks, silent = [0.0], [], threading.Event()

    def look(key: int) -> int:
        looks.append(key)
        if key:
            silent.wait(60)
        return key

    async def play() -> None:
        seen = glances.Glances(look, lambda: now[0], patience=30.0)
        assert await asyncio.gather(*[seen.get(0) for _ in range(9)]) == [0] * 9
        now[0] = glances.KEPT - 0.1
        await seen.get(0)
        assert looks == [0]
        now[0] = glances.KEPT + 0.1
        await seen.get(0)
        assert looks == [0, 0]
        asked = [asyncio.create_task(seen.get(key)) for key in range(1, glances.MOST + 1)]
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await seen.get(99)
        now[0] += glances.LONGEST
        again = asyncio.create_task(seen.get(1))
        await asyncio.sleep(0)
        assert looks.count(1) == 2, "the first one is given up"
        silent.set()
        assert await again == 1
        assert await asyncio.gather(*asked) == list(range(1, glances.MOST + 1))
        assert await seen.get(99) == 99

    asyncio.run(play())


def test_a_code_is_dark_on_light_with_a_quiet_zone_whatever_the_page() -> None:
    from airflow_provider_wahelp.client.models import QrCode
    from airflow_provider_wahelp.pages.qr import picture

    drawn = picture(QrCode(content="2@abc"))
    assert drawn
    assert b'fill="#fff"' in drawn.content
    assert b'stroke="#000"' in drawn.content
    assert b'transform="translate(4' in drawn.content or b"M4 4" in drawn.content
    assert picture(QrCode(content="x" * 8000)) is None
    assert picture(QrCode(image=b"png", media_type="image/png")) == (b"png", "image/png")
