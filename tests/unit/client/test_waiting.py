from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors, waiting
from airflow_provider_wahelp.client.models import Channel, Message
from airflow_provider_wahelp.client.status import STATUSES, delivery_status, latest

KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.WahelpError)
]


def message(status: Any) -> Message:
    return Message.from_api(
        {"id": 7, "status": status, "message": "Hi", "user": {"id": 1, "phone": "79161234567"}}
    )


@pytest.mark.parametrize(
    ("status", "delivered", "read"),
    [
        ("sent", False, False),
        ("delivered", True, False),
        ("read", True, True),
        (None, False, False),
        ("queued", False, False),
        (3, False, False),
    ],
)
def test_a_status_says_how_far_a_message_has_got(status: Any, delivered: bool, read: bool) -> None:
    assert (waiting.arrived(message(status), "delivered") is not None) is delivered
    assert (waiting.arrived(message(status), "read") is not None) is read


@pytest.mark.parametrize(
    ("status", "far"),
    [("sent", "sent"), (None, "sent"), ("queued", "sent"), ("Rejected", "failed"), ("read", "read")],
)
def test_a_delivery_status_is_one_of_four(status: str | None, far: str) -> None:
    assert delivery_status(status) == far


def test_a_delivery_status_never_moves_backwards() -> None:
    for number, far in enumerate(STATUSES):
        for less in STATUSES[: number + 1]:
            assert latest(far, less) == latest(less, far) == far


@pytest.mark.parametrize(
    "status",
    [
        "failed",
        "FAILURE",
        "send_error",
        "undelivered",
        "not_delivered",
        "rejected",
        "expired",
        "не доставлено",
        "ошибка",
    ],
)
def test_whatever_sounds_like_a_failure_is_one(status: str) -> None:
    with pytest.raises(errors.DeliveryFailedError, match=status) as caught:
        waiting.arrived(message(status), "delivered")
    assert not caught.value.temporary


@pytest.mark.parametrize(
    "status",
    [
        "failed: 79161234567 is not there",
        "error at «Your parcel is at the blue door»",
        "rejected: Anna Petrova",
    ],
)
def test_a_status_quotes_nobody(status: str) -> None:
    user = {"id": 1, "phone": "79161234567", "name": "Anna Petrova"}
    failed = {"id": 7, "status": status, "message": "Your parcel is at the blue door", "user": user}
    with pytest.raises(errors.DeliveryFailedError) as caught:
        waiting.arrived(Message.from_api(failed), "delivered")
    shown = f"{caught.value} {caught.value!r} {caught.value.to_dict()}"
    assert not [secret for secret in ("9161234567", "blue door", "Petrova") if secret in shown]
    assert f'its status is "{status[:5]}' in shown


def test_a_result_holds_nothing_personal() -> None:
    result = waiting.arrived(message("read"), "read")
    assert result == {"id": 7, "user_id": 1, "channel_id": None, "status": "read", "created_at": None}
    channel = Channel.from_api(
        {"id": 1, "uuid": "c", "active": True, "settings": {"key": "s3cret"}, "new": 1}
    )
    assert "s3cret" not in repr(waiting.active(channel))
    assert waiting.active(Channel(uuid="c")) is None


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_through_airflows_database(kind: type[errors.WahelpError]) -> None:
    error = kind("look", "so and so")
    error.retry_after = 3.0
    other = errors.error_from_dict(error.to_dict())
    assert (type(other), str(other)) == (kind, str(error))


@pytest.mark.parametrize("said", [{}, {"kind": "Exception"}, {"kind": "annotations"}, {"kind": "NoSuch"}])
def test_an_error_that_is_not_known_is_one_all_the_same(said: dict[str, str]) -> None:
    assert type(errors.error_from_dict(said)) is errors.WahelpError
