"""Looking before creating, and explaining a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors, operations
from airflow_provider_wahelp.client.answers import Answer

from .script import CHANNELS, GET_CHANNEL, NOT_THERE, SHOPS, data, fails, outcome, play


def test_a_project_of_the_same_name_is_reused() -> None:
    assert play(operations.ensure_project("Shop"), ("GET projects", SHOPS)).id == 2


@pytest.mark.parametrize(
    "listed", [data([]), data(None), fails(404), fails(405)], ids=["none", "null", "404", "405"]
)
def test_a_project_that_is_not_there_is_created(listed: Answer) -> None:
    made = play(
        operations.ensure_project("Shop"), ("GET projects", listed), ("POST projects", data({"id": 9}))
    )
    assert made.id == 9


def test_every_page_is_looked_through_before_a_project_is_created() -> None:
    script = [("GET projects", data([{"id": 1, "name": "a"}], has_more=True)), ("GET projects", SHOPS)]
    assert play(operations.ensure_project("Shop"), *script).id == 2


def test_a_project_is_created_beside_another_of_its_name_when_asked_to() -> None:
    script = (("GET projects", SHOPS), ("POST projects", data({"id": 9})))
    assert play(operations.ensure_project("Shop", "create"), *script).id == 9


def test_a_project_that_exists_fails_when_asked_to() -> None:
    assert (
        type(outcome(operations.ensure_project("Shop", "fail"), ("GET projects", SHOPS)))
        is errors.ExistsError
    )
    empty = (("GET projects", data([])), ("POST projects", data({"id": 9})))
    assert play(operations.ensure_project("Shop", "fail"), *empty).id == 9


def test_a_list_that_cannot_be_read_is_no_reason_to_create() -> None:
    error = outcome(operations.ensure_project("Shop"), ("GET projects", fails(403)))
    assert type(error) is errors.ForbiddenError


@pytest.mark.parametrize(
    ("listed", "uuid"),
    [
        ([{"uuid": "a"}, {"uuid": "b", "active": True}], "b"),
        ([{"id": 1, "active": True}, {"uuid": "b"}], "b"),
        ([{"uuid": "a", "type": "telegram"}, {"uuid": "b", "type": "WhatsApp"}], "b"),
        ([{"uuid": "a", "name": "M"}, {"uuid": "b"}], "b"),
    ],
    ids=["active-first", "without-uuid-last", "type-in-any-case", "name"],
)
def test_the_best_channel_of_a_name_is_reused(listed: list[dict[str, Any]], uuid: str) -> None:
    entries = [{"name": "N", "type": "whatsapp", **entry} for entry in listed]
    assert play(operations.ensure_channel(1, "N", "whatsapp"), (CHANNELS, data(entries))).uuid == uuid


def test_a_channel_without_a_uuid_cannot_be_reused_and_is_not_doubled() -> None:
    listed = data([{"id": 1, "name": "N", "type": "whatsapp"}])
    error = outcome(operations.ensure_channel(1, "N", "whatsapp"), (CHANNELS, listed))
    assert isinstance(error, errors.InputError)


@pytest.mark.parametrize("if_exists", ["reuse", "fail", "create"])
def test_a_channel_that_is_not_there_is_created(if_exists: Any) -> None:
    script = [(CHANNELS, data([])), ("POST projects/1/channels", data({"id": 2, "uuid": "u"}))]
    assert play(operations.ensure_channel(1, "N", "whatsapp", if_exists), *script).uuid == "u"


def test_a_channel_that_exists_fails_when_asked_to() -> None:
    listed = data([{"uuid": "a", "name": "N", "type": "whatsapp"}])
    error = outcome(operations.ensure_channel(1, "N", "whatsapp", "fail"), (CHANNELS, listed))
    assert type(error) is errors.ExistsError


def test_a_channel_is_found_in_the_list_where_it_cannot_be_read_alone() -> None:
    listed = data([{"id": 1}, {"id": 2, "uuid": "c"}])
    assert play(operations.get_channel(1, "c"), (GET_CHANNEL, fails(405)), (CHANNELS, listed)).id == 2


@pytest.mark.parametrize("listed", [data([]), data([{"id": 1, "uuid": "d"}]), fails(404)])
def test_a_channel_that_is_nowhere_does_not_exist(listed: Answer) -> None:
    error = outcome(operations.get_channel(1, "c"), (GET_CHANNEL, NOT_THERE), (CHANNELS, listed))
    assert (type(error), error.words) == (errors.NotFoundError, "Not found")


HOOKS, URL = "projects/1/webhooks/", "https://example.com/in?token=s3cret"


@pytest.mark.parametrize("listed", [data([]), fails(404), data([{"uuid": "w", "url": "https://b.test"}])])
def test_a_webhook_that_is_not_there_is_added(listed: Answer) -> None:
    made = play(
        operations.ensure_webhook(1, URL, ["channel"]), (f"GET {HOOKS}", listed), (f"POST {HOOKS}", data({}))
    )
    assert made.url == URL


def test_a_webhook_of_the_same_address_is_not_added_again() -> None:
    listed = data([{"url": "https://b.test"}, {"url": URL}])
    assert play(operations.ensure_webhook(1, URL, ["channel"]), (f"GET {HOOKS}", listed)).url == URL
