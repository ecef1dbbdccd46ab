from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .support import ANNA, BORIS, Api, ChannelCaller

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox


@pytest.mark.parametrize("written", ["+7 (916) 123-45-67", "79161234567", "+79161234567", 79161234567])
def test_a_phone_comes_back_as_digits(channel: ChannelCaller, written: str | int) -> None:
    body = {"name": "Anna", "phone": written, "need_create": True}

    user = channel.data("POST", "/users", json=body)

    assert user.items() >= {"id": 301, "name": "Anna", "phone": ANNA, "blocked": False}.items()
    assert user["channel_id"] == channel.made["id"]
    assert channel.data("GET", f"/users/{user['id']}") == user


@pytest.mark.parametrize("name", [{}, {"name": None}, {"name": ""}], ids=["missing", "null", "empty"])
@pytest.mark.parametrize("need_create", [{}, {"need_create": True}, {"need_create": "true"}], ids=str)
def test_a_person_without_a_name_is_called_by_the_number(
    channel: ChannelCaller, name: dict[str, Any], need_create: dict[str, Any]
) -> None:
    user = channel.data("POST", "/users", json={"phone": "+" + ANNA, **name, **need_create})

    assert (user["name"], user["phone"]) == (ANNA, ANNA)


@pytest.mark.parametrize("name", [7, ["Anna"], " ", "\ud800"], ids=repr)
def test_a_name_that_is_none_is_refused(channel: ChannelCaller, name: Any) -> None:
    answer = channel.ask("POST", "/users", 422, content=json.dumps({"phone": ANNA, "name": name}))

    assert list(answer["errors"]) == ["name"]


@pytest.mark.parametrize(
    "phone", [None, "", "+", "12345", "0123456789", "1" * 16, "7916123456x", "7" + "٣" * 10]
)
def test_an_impossible_phone_is_refused(channel: ChannelCaller, phone: str | None) -> None:
    answer = channel.ask("POST", "/users", 422, json={"name": "Anna", "phone": phone})

    assert list(answer["errors"]) == ["phone"]
    assert channel.data("GET", "/users") == []


def test_users_come_in_pages(channel: ChannelCaller) -> None:
    ids = [channel.user(f"7916000000{number}")["id"] for number in range(5)]

    def page(**query: int) -> tuple[list[int], bool]:
        body = channel.ask("GET", "/users", params=query)
        return [user["id"] for user in body["data"]], body["has_more"]

    assert page(limit=2) == (ids[:2], True)
    assert page(limit=2, page=2) == (ids[2:4], True)
    assert page(limit=2, page=3) == (ids[4:], False)
    assert page(limit=5) == (ids, False)
    assert page(limit=2, page=4) == ([], False)
    assert page() == (ids, False)


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": "x"}, {"page": 0}, {"page": -1}, {"page": "1" * 5000}]
)
@pytest.mark.parametrize("collection", ["/users", "/messages"])
def test_a_page_that_cannot_exist_is_refused(
    channel: ChannelCaller, collection: str, query: dict[str, Any]
) -> None:
    assert list(channel.ask("GET", collection, 422, params=query)["errors"]) == list(query)


@pytest.mark.parametrize("name", [{}, {"name": "Another"}], ids=["nameless", "named"])
def test_adding_a_phone_again_is_an_error_that_names_the_first(
    channel: ChannelCaller, name: dict[str, Any]
) -> None:
    first = channel.user(name="Anna")

    answer = channel.ask(
        "POST", "/users", 422, json={"phone": "+7 916 123-45-67", "need_create": True, **name}
    )

    assert (answer["success"], answer["data"]) == (False, {"id": first["id"]})
    assert list(answer["errors"]) == ["phone"]
    assert channel.data("GET", "/users") == [first]


def test_or_it_answers_the_first(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    wahelp_sandbox.configure(duplicate_users="existing")
    first = channel.user(name="Anna")

    assert channel.user("+7 916 123-45-67", name="Another") == first
    assert channel.data("GET", "/users") == [first]


def test_or_it_becomes_another_user_of_the_same_contact(
    wahelp_sandbox: Sandbox, channel: ChannelCaller
) -> None:
    wahelp_sandbox.configure(duplicate_users="new")

    first, second = channel.user(), channel.user()

    assert first["id"] != second["id"]
    assert first["contact_id"] == second["contact_id"]


@pytest.mark.parametrize(("kind", "status"), [("http", 422), ("success_false", 200)])
@pytest.mark.parametrize("words", ["номер не зарегистрирован", "Мессенджер не подключен"])
def test_a_phone_without_the_messenger_cannot_be_added(
    wahelp_sandbox: Sandbox, channel: ChannelCaller, kind: str, status: int, words: str
) -> None:
    wahelp_sandbox.configure(
        messenger_error=kind, messenger_error_text=words, lacks_messenger=["+7 916 123-45-67"]
    )

    answer = channel.ask("POST", "/users", status, json={"name": "Anna", "phone": ANNA})

    assert answer == {"success": False, "message": words}
    assert channel.data("GET", "/users") == []


def test_a_phone_can_get_the_messenger(wahelp_sandbox: Sandbox, channel: ChannelCaller) -> None:
    wahelp_sandbox.configure(lacks_messenger=[ANNA])
    wahelp_sandbox.set_messenger("+" + ANNA, True)

    assert channel.user()["phone"] == ANNA


def find(api: Api, channel: ChannelCaller, status: int = 200, **body: Any) -> Any:
    path = f"{channel.project_path}/contacts/contact_by_phone"
    return api.ask("POST", path, status, json={"phone": ANNA, **body})


@pytest.mark.parametrize("body", [{}, {"need_create": False}])
@pytest.mark.parametrize("status", [404, 400])
def test_an_unknown_contact_is_not_found(
    wahelp_sandbox: Sandbox, api: Api, channel: ChannelCaller, body: dict[str, Any], status: Any
) -> None:
    wahelp_sandbox.configure(unknown_contact=status)
    assert find(api, channel, status, **body)["success"] is False
    assert channel.data("GET", "/users") == []


def test_a_contact_shows_its_users_across_channels(api: Api, channel: ChannelCaller) -> None:
    user = channel.user()

    contact = find(api, channel, need_create=False)["data"]

    assert contact["id"] == user["contact_id"]
    assert [(u["id"], u["channel_id"]) for u in contact["users"]] == [(user["id"], channel.made["id"])]
    assert contact["users"][0].keys() == {"id", "channel_id", "uid", "blocked", "last_message"}


@pytest.mark.parametrize("known", [True, False])
def test_a_wanted_contact_stays_where_it_is_or_joins_a_channel_of_the_platforms_choice(
    wahelp_sandbox: Sandbox, api: Api, known: bool
) -> None:
    """The trap of ``need_create``: whoever wants the person in a channel does not get them there."""
    channel = api.channel(active=False)
    path = f"{channel.project_path}/channels"
    second, third = (
        api.data("POST", path, json={"name": name, "type": "telegram"}) for name in ("Second", "Third")
    )
    wahelp_sandbox.scan(second["uuid"])
    wahelp_sandbox.scan(third["uuid"])
    if known:
        wahelp_sandbox.receive(ANNA, "Hello", third["uuid"])

    contact = find(api, channel, need_create=True)["data"]

    assert [u["channel_id"] for u in contact["users"]] == [third["id"] if known else second["id"]]
    assert find(api, channel, need_create=True)["data"] == contact


def test_contacts_belong_to_a_project(api: Api, channel: ChannelCaller) -> None:
    channel.user()

    find(api, api.channel(), 404)


def test_a_wanted_contact_without_the_messenger_has_no_users(
    wahelp_sandbox: Sandbox, api: Api, channel: ChannelCaller
) -> None:
    wahelp_sandbox.set_messenger(ANNA, False)

    assert find(api, channel, need_create=True)["data"]["users"] == []


def test_the_last_message_is_the_latest_of_that_user(channel: ChannelCaller) -> None:
    anna, boris = channel.user(ANNA), channel.user(BORIS)
    assert anna["last_message"] is None
    for user, text in ((anna, "one"), (anna, "two"), (boris, "three")):
        channel.send(user, text)

    assert channel.data("GET", f"/users/{anna['id']}")["last_message"]["message"] == "two"
