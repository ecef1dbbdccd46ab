# ruff: noqa: E501 - a call a line
from __future__ import annotations

import base64
from typing import Any

import pytest

from airflow_provider_wahelp.client import calls, errors
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.models import Message, Webhook

from .wire import PHONE, TEXT, answer

HOOK = "https://example.com/in?token=s3cret"
WEBHOOKS = "projects/1/webhooks/"


@pytest.mark.parametrize(
    ("call", "line", "json", "params", "project"),
    [
        (calls.log_in("l", "p"), "POST user/login", {"login": "l", "password": "p"}, None, None),
        (calls.refresh_token("t"), "GET user/refresh-token", None, None, None),
        (calls.get_account(), "GET user/", None, None, None),
        (calls.list_projects(), "GET projects", None, {}, None),
        (calls.list_projects(3), "GET projects", None, {"page": 3}, None),
        (calls.create_project("Shop"), "POST projects", {"name": "Shop"}, None, None),
        (calls.list_channels(1), "GET projects/1/channels", None, {}, 1),
        (calls.create_channel(1, "N", "whatsapp"), "POST projects/1/channels", {"name": "N", "type": "whatsapp"}, None, 1),
        (calls.get_channel(1, "c"), "GET projects/1/channels/c", None, None, 1),
        (calls.get_channel_qr(1, "c"), "GET projects/1/channels/c/settings/whatsapp/qr", None, None, 1),
        (calls.list_users(1, "c", 2, 50), "GET projects/1/channels/c/users", None, {"limit": 50, "page": 2}, 1),
        (calls.create_user(1, "c", "A", PHONE), "POST projects/1/channels/c/users", {"name": "A", "phone": PHONE}, None, 1),
        (calls.get_user(1, "c", 5), "GET projects/1/channels/c/users/5", None, None, 1),
        (calls.find_contact(1, PHONE), "POST projects/1/contacts/contact_by_phone", {"phone": PHONE, "need_create": False}, None, 1),
        (calls.send_message(1, "c", 5, TEXT), "POST projects/1/channels/c/send_message/5", {"text": TEXT}, None, 1),
        (calls.get_messages(1, "c"), "GET projects/1/channels/c/messages", None, {"limit": 100}, 1),
        (calls.get_messages(1, "c", 2), "GET projects/1/channels/c/messages", None, {"limit": 100, "page": 2}, 1),
        (calls.get_message(1, "c", "m"), "GET projects/1/channels/c/messages/m", None, None, 1),
        (calls.set_hook(1, HOOK), "PUT projects/1/hook", {"url": HOOK}, None, 1),
        (calls.list_webhooks(1), f"GET {WEBHOOKS}", None, {}, 1),
        (calls.add_webhook(1, HOOK, ("channel",)), f"POST {WEBHOOKS}", {"url": HOOK, "entities": ["channel"]}, None, 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_call_is_what_the_contract_says(
    call: Call[Any], line: str, json: Any, params: Any, project: Any
) -> None:
    assert f"{call.method} {call.path}" == line
    assert (call.json, call.params, call.project_id) == (json, params, project)
    for secret in (PHONE[1:], TEXT, "s3cret", "'p'"):
        assert secret not in repr(call)


def test_a_part_of_a_path_cannot_lead_elsewhere() -> None:
    assert (
        calls.get_user(1, "../x", "5/../6?a#b").path == "projects/1/channels/..%2Fx/users/5%2F..%2F6%3Fa%23b"
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"access_token": "t", "expires_in": 60}, ("t", 60)),
        ({"access_token": "t", "expires_in": "60"}, ("t", 60)),
        ({"access_token": "t"}, ("t", 3600)),
        ({"access_token": "t", "expires_in": "soon"}, ("t", 3600)),
        ({"access_token": "t", "expires_in": None}, ("t", 3600)),
        ({"access_token": "t", "expires_in": -5}, ("t", 3600)),
        ({"access_token": "t", "expires_in": [1]}, ("t", 3600)),
        ({"access_token": "t", "expires_in": 10**400}, ("t", 3600)),
        ({"token": {"token": "t", "expires_in": "60"}}, ("t", 60)),
        ({"token": {"access_token": "t"}}, ("t", 3600)),
        ({"token": "t", "expires_in": 60}, ("t", 60)),
    ],
    ids=repr,
)
def test_a_token_is_read_from_every_shape(data: Any, expected: tuple[str, float]) -> None:
    shapes = [calls.refresh_token("old")] + [calls.log_in("l", "p")] * ("access_token" in data)
    for call in shapes:
        assert call.result(answer({"success": True, "data": data})) == expected


@pytest.mark.parametrize(
    "call", [calls.log_in("l", "p"), calls.refresh_token("old")], ids=["login", "refresh"]
)
@pytest.mark.parametrize(
    "data",
    [None, [], "t", {}, {"token": None}, {"token": {}}, {"access_token": 5}, {"access_token": ""}, {"access_token": "a\nb"}],
    ids=repr,
)  # fmt: skip
def test_an_answer_without_a_token_is_unreadable(call: Call[Any], data: Any) -> None:
    with pytest.raises(errors.UnreadableAnswerError, match="it holds no token"):
        call.result(answer({"success": True, "data": data}))


@pytest.mark.parametrize(
    ("call", "data"),
    [
        (calls.create_project("x"), {"name": "x"}),
        (calls.create_channel(1, "x", "whatsapp"), {"id": 5}),
        (calls.create_user(1, "c", "x", PHONE), {"name": "x"}),
    ],
    ids=["project-id", "channel-uuid", "user-id"],
)
def test_what_was_made_must_say_what_the_next_call_needs(call: Call[Any], data: Any) -> None:
    with pytest.raises(errors.UnreadableAnswerError, match=r"holds no (id|uuid)"):
        call.result(answer({"success": True, "data": data}))


def test_a_send_is_answered_by_a_message() -> None:
    sent = calls.send_message(1, "c", 5, TEXT).result(answer({"data": {"id": "9", "status": "sent"}}))
    assert sent == Message(id=9, status="sent")


@pytest.mark.parametrize("data", [None, {"success": True}, {"data": []}, {"data": {}}], ids=repr)
def test_nobody_is_found_in_an_answer_without_a_contact(data: Any) -> None:
    assert calls.find_contact(1, PHONE).result(answer(data or b"")) is None


@pytest.mark.parametrize("data", [None, [], "ok", {"uuid": "w"}], ids=repr)
def test_a_registration_is_what_was_asked_for_whatever_is_answered(data: Any) -> None:
    made = calls.add_webhook(1, HOOK, ["channel"]).result(answer({"data": data}))
    assert made == Webhook(uuid="w" if isinstance(data, dict) else None, url=HOOK, entities=("channel",))


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 10
BARE = base64.b64encode(PNG).decode()
DATA_URL = f"data:image/png;base64,{BARE}"


@pytest.mark.parametrize(
    ("data", "content"),
    [
        ("2@abc", "2@abc"),
        ({"qr": "2@abc"}, "2@abc"),
        ({"status": "a status that is longer", "qr_code": {"code": "2@abc"}}, "2@abc"),
        ({"unheard_of": ["x", "2@abc,longer"]}, "2@abc,longer"),
        (DATA_URL, None),
        ({"image": DATA_URL}, None),
        ({"qr": None, "image": DATA_URL}, None),
        ({"code": 200, "base64": BARE}, None),
        ({"image": None, "data": {"qr": "2@abc"}}, "2@abc"),
        ({"status": "done", "picture": f"data:image/png;charset=utf 8;base64,{BARE}"}, None),
        ({"qr": BARE}, None),
        ({"qr": base64.encodebytes(PNG).decode()}, None),
    ],
    ids=[
        "string",
        "qr",
        "nested",
        "longest",
        "data-url",
        "image",
        "second",
        "number",
        "deeper",
        "blank",
        "bare",
        "in-lines",
    ],
)
def test_a_qr_code_is_found_in_every_shape(data: Any, content: str | None) -> None:
    code = calls.get_channel_qr(1, "c").result(answer({"data": data}))
    assert code.content == content
    assert (code.image, code.media_type) == ((None, None) if content else (PNG, "image/png"))
    assert "2@abc" not in repr(code)


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        {"qr": ""},
        {"qr": None, "status": "loading"},
        {"qr": "", "hint": "the-code-is-not-ready-yet"},
        {"status": "pending"},
        {"channel": {"state": "waiting_for_qr", "text": "It is not ready yet"}},
        "data:image/png;base64,%%%",
        f"{BARE}%",
    ],
    ids=repr,
)
def test_no_qr_code_is_an_unreadable_answer(data: Any) -> None:
    with pytest.raises(errors.UnreadableAnswerError):
        calls.get_channel_qr(1, "c").result(answer({"data": data}))


@pytest.mark.parametrize(
    "quoted",
    ["{url}", "/in/s3cr3t-path?token=s3cr3t-token", "token=s3cr3t-token", "s3cr3t-token", "in/s3cr3t-path"],
)
@pytest.mark.parametrize(
    "register", [lambda url: calls.set_hook(1, url), lambda url: calls.add_webhook(1, url, ["project"])]
)
def test_an_error_quotes_no_part_of_a_webhooks_address_that_may_be_secret(quoted: str, register: Any) -> None:
    url = "https://me:s3cr3t-password@example.com/in/s3cr3t-path?token=s3cr3t-token"
    refused = answer({"success": False, "message": f"cannot reach {quoted.format(url=url)}"}, 422)
    with pytest.raises(errors.RejectedError) as caught:
        register(url).result(refused)
    assert "s3cr3t" not in str(caught.value)
    assert "cannot reach" in str(caught.value)
