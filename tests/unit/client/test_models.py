from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_wahelp.client.models import (
    Account,
    Channel,
    Contact,
    Message,
    Model,
    Project,
    User,
    Webhook,
    direction_of,
    parse_time,
)
from airflow_provider_wahelp.client.status import status_reached

KINDS = [Account, Channel, Contact, Message, Project, User, Webhook]
PERSONAL = {
    "id": 1,
    "name": "Анна",
    "phone": "79161234567",
    "login": "anna@example.com",
    "text": "Привет",
    "user": {"phone": "79161234567", "name": "Анна"},
    "users": [{"id": 2, "name": "Анна", "phone": "79161234567"}],
    "last_message": {"message": "Привет"},
    "settings": {"api_key": "s3cret"},
    "url": "https://example.com/?token=s3cret",
    "added_in_2027": "s3cret",
}

LONG = "9" * 5000  # more digits than Python makes a number of


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (Project, {"id": "101", "name": "Shop"}, {"id": 101, "name": "Shop"}),
        (Project, {"id": "007"}, {"id": "007"}),
        (Project, {"id": "a-1", "name": 5}, {"id": "a-1", "name": "5"}),
        (Project, {"id": "", "name": None}, {"id": None, "name": None}),
        (Message, {"id": 2**63 - 1, "user_id": 2**63}, {"id": 2**63 - 1, "user_id": str(2**63)}),
        (Message, {"id": str(2**63), "user_id": LONG}, {"id": str(2**63), "user_id": LONG}),
        (Project, {"id": True, "name": ["x"]}, {"id": None, "name": None}),
        (Account, {"email": "a@b.c"}, {"login": "a@b.c"}),
        (Channel, {"id": 201, "active": 1}, {"uuid": None, "active": True}),
        (Channel, {"active": "false"}, {"active": False}),
        (Channel, {"active": "1", "settings": []}, {"active": True, "settings": []}),
        (Channel, {}, {"active": False, "type": None}),
        (User, {"phone": 79161234567, "blocked": 0}, {"phone": "79161234567", "blocked": False}),
        (User, {"blocked": None, "channel_id": "201"}, {"blocked": None, "channel_id": 201}),
        (Contact, {"users": None}, {"users": ()}),
        (Contact, {"users": [None, {"id": "3"}]}, {"users": (User(id=3),)}),
        (Message, {"message": "m"}, {"text": "m", "extra": {}}),
        (Message, {"text": "t", "message": "m"}, {"text": "t"}),
        (Message, {"text": None, "message": "m"}, {"text": "m"}),
        (Message, {"text": "", "message": ""}, {"text": ""}),
        (Message, {"user": {"id": "301"}}, {"user_id": 301}),
        (Message, {"user_id": 300, "user": {"id": 301}}, {"user_id": 300}),
        (Message, {"id": "m-1", "user": "?"}, {"id": "m-1", "user_id": None}),
        (Webhook, {"entities": "channel.message"}, {"entities": ()}),
    ],
)
def test_odd_shapes_are_read_for_what_they_say(
    kind: type[Model], data: dict[str, Any], expected: dict[str, Any]
) -> None:
    model = kind.from_api(data)
    assert {name: getattr(model, name) for name in expected} == expected


@pytest.mark.parametrize("value", [None, True, 1.5, "", "x", [1], {"a": 1}, [{"a": [None]}]], ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_no_value_in_any_field_makes_a_model_fail(kind: type[Model], value: Any) -> None:
    fields = [*kind.__dataclass_fields__, "message", "email"]
    made = kind.from_api(dict.fromkeys(fields, value)).to_dict()
    assert json.loads(json.dumps(made)).keys() == made.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_kept_and_become_json_beside_the_known(kind: type[Model]) -> None:
    model = kind.from_api({**PERSONAL, "created_at": "2026-03-01 00:30:00"})
    made = json.loads(json.dumps(model.to_dict()))
    assert made["added_in_2027"] == model.extra["added_in_2027"] == "s3cret"
    assert "extra" not in made
    assert made.get("id", 1) == 1


def test_a_message_becomes_json_with_its_time_in_utc() -> None:
    made = Message.from_api({"id": 1, "message": "Привет", "created_at": "2026-03-01 00:30:00"}).to_dict()
    assert (made["created_at"], made["text"]) == ("2026-02-28T21:30:00+00:00", "Привет")


def test_a_contact_becomes_json_with_its_users() -> None:
    made = Contact.from_api({"id": 1, "users": [{"id": 2, "uid": "x"}]}).to_dict()
    assert (made["users"][0]["id"], made["users"][0]["uid"]) == (2, "x")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_printed_of_a_model_is_nothing_personal(kind: type[Model]) -> None:
    data = (
        {**PERSONAL, "name": "Shop"} if kind in {Project, Channel} else PERSONAL
    )  # a thing's name, not a person's
    shown = repr(kind.from_api(data))
    for secret in ("Анна", "9161234567", "Привет", "s3cret", "anna@"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01 00:30:00", datetime(2026, 2, 28, 21, 30, tzinfo=UTC)),
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 9, tzinfo=UTC)),
        ("2026-07-01T12:00:00Z", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("2026-07-01T12:00:00.5+05:00", datetime(2026, 7, 1, 7, 0, 0, 500_000, tzinfo=UTC)),
        (1_782_896_400, datetime(2026, 7, 1, 9, tzinfo=UTC)),
    ],
    ids=["Moscow-winter", "Moscow-summer", "UTC", "zone", "epoch"],
)
def test_times_are_utc_and_moscow_where_they_name_no_zone(value: Any, expected: datetime) -> None:
    parsed = parse_time(value)
    assert parsed == expected
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "yesterday",
        True,
        {},
        "0000-00-00 00:00:00",
        "0001-01-01 00:00:00",
        1e300,
        float("nan"),
        -(10**20),
    ],
    ids=repr,
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert parse_time(value) is None


@pytest.mark.parametrize(
    ("destination", "direction"),
    [
        ("from", "incoming"),
        ("from_operator", "outgoing"),
        ("from_whatsapp", "outgoing"),
        ("contact_in_work", "service"),
        ("notice_from_x", "service"),
        ("fromage", "service"),
        (None, "service"),
    ],
)
def test_a_destination_tells_the_direction(destination: Any, direction: str) -> None:
    assert direction_of(destination) == direction


@pytest.mark.parametrize(
    ("status", "wanted", "reached"),
    [
        ("read", "delivered", True),
        ("delivered", "delivered", True),
        ("sent", "delivered", False),
        ("sent", "sent", True),
        ("failed", "sent", False),
        (None, "sent", False),
    ],
)
def test_a_later_status_includes_the_earlier(status: Any, wanted: str, reached: bool) -> None:
    assert status_reached(status, wanted) is reached
