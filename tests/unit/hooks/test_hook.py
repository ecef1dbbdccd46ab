"""How the hooks behave towards Airflow."""

from __future__ import annotations

import asyncio
import inspect
from email.utils import formatdate
from typing import Any

import pytest
import requests_mock
from airflow.providers.common.compat.sdk import AirflowFailException
from asgiref.sync import async_to_sync

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.hooks import WahelpAsyncHook, WahelpHook
from airflow_provider_wahelp.notifications.hook import InterruptibleHook

HOST = "https://wahelp.example"
API = f"{HOST}/api/app"
SEND = f"{API}/projects/7/channels/c-1/send_message/1"
LOGIN = {"success": True, "data": {"token_type": "bearer", "access_token": "t0k3n-one", "expires_in": 3600}}


@pytest.fixture
def api(connect: Any) -> Any:
    connect(HOST, extra={"retries": 0, "project_id": 7, "channel_uuid": "c-1"})
    with requests_mock.Mocker() as mocker:
        mocker.post(f"{API}/user/login", json=LOGIN, headers={"Date": formatdate(usegmt=True)})
        yield mocker


def methods_of(hook: type) -> dict[str, list[str]]:
    return {
        name: list(inspect.signature(member).parameters)
        for name, member in inspect.getmembers(hook, inspect.isfunction)
        if not name.startswith("_") and member.__module__.startswith("airflow_provider_wahelp")
    }


def test_both_hooks_have_the_same_methods_with_the_same_arguments() -> None:
    blocking = methods_of(WahelpHook)
    for for_operators in ("get_conn", "recipient"):
        del blocking[for_operators]
    asynchronous = methods_of(WahelpAsyncHook)
    del asynchronous["server"]  # for notifiers
    assert blocking == asynchronous


def test_a_permanent_error_keeps_its_name_and_is_not_retried(api: Any) -> None:
    api.post(SEND, status_code=403, json={"message": "no"})
    api.get(f"{API}/projects/7/channels/c-1", status_code=403)
    with pytest.raises(errors.ForbiddenError) as caught:
        WahelpHook().send_message("Hello", 1)
    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.status == 403
    assert str(caught.value) == (
        "Could not send a message to user 1 through channel c-1: the account has no right to do this "
        "(HTTP 403): no. Repeating it unchanged will not help. "
        "Check the account's role in the Wahelp project."
    )


def test_a_temporary_error_is_left_to_the_tasks_retries(api: Any) -> None:
    api.get(f"{API}/projects/7/channels", status_code=502, text="<html>")
    with pytest.raises(errors.ServerError, match="a page of HTML") as caught:
        list(WahelpHook().list_channels())
    assert not isinstance(caught.value, AirflowFailException)


def test_a_send_of_which_nothing_is_known_is_not_retried_blindly(api: Any) -> None:
    api.post(SEND, status_code=502, text="<html>")
    api.get(f"{API}/projects/7/channels/c-1/messages", status_code=500)
    with pytest.raises(errors.UnknownOutcomeError, match="Unknown whether the message to user 1 ") as caught:
        WahelpHook().send_message("Hello", 1)
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"text": " ", "user_id": 1}, "text: must be a text"),
        ({"text": "Hello"}, "user_id, phone: exactly one"),
        ({"text": "Hello", "user_id": 1, "phone": "+71234567890"}, "user_id, phone: exactly one"),
        ({"text": "Hello", "phone": "12345"}, "phone: must be a phone number"),
        ({"text": "Hello", "user_id": "../2"}, "user_id: must be the id"),
        ({"text": "Hello", "user_id": "None"}, "user_id: must be the id"),
    ],
)
def test_bad_input_is_refused_before_any_request(api: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(errors.InputError, match=f"^{words}") as caught:
        WahelpHook().send_message(**arguments)
    assert isinstance(caught.value, AirflowFailException)
    assert isinstance(caught.value, ValueError)
    assert not api.called


def test_the_token_and_the_project_go_into_headers(api: Any) -> None:
    api.get(f"{API}/projects/7/channels", json={"success": True, "data": []})
    list(WahelpHook().list_channels())
    assert api.last_request.headers["Authorization"] == "Bearer t0k3n-one"
    assert api.last_request.headers["X-Project"] == "7"


def test_each_token_is_masked_before_it_is_used(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[str] = []
    monkeypatch.setattr("airflow_provider_wahelp.hooks.blocking.mask_secret", masked.append)
    api.get(f"{API}/projects", json={"success": True, "data": []})
    for _ in range(2):  # the second takes it from the host's cache
        list(WahelpHook().list_projects())
    assert masked == ["t0k3n-one", "t0k3n-one"]


def test_a_hook_does_nothing_until_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WahelpHook, "get_connection", classmethod(lambda *_: pytest.fail("looked up")))
    WahelpHook("no_such_connection").close()
    WahelpAsyncHook("no_such_connection")


def test_an_asynchronous_hook_serves_one_event_loop_after_another(wahelp_sandbox: Any, connect: Any) -> None:
    """Without ``async with``: a pool that outlived its loop would answer nothing, or twice."""
    connect(wahelp_sandbox.url)
    hook = WahelpAsyncHook()
    project = asyncio.run(hook.create_project("Shop"))
    assert asyncio.run(hook.create_project("Shop")) == project


def test_coroutines_of_one_hook_log_in_once(wahelp_sandbox: Any, connect: Any) -> None:
    connect(wahelp_sandbox.url)

    async def read(hook: WahelpAsyncHook) -> list[Any]:
        return [project async for project in hook.list_projects()]

    async def read_often() -> None:
        async with WahelpAsyncHook() as hook:
            await asyncio.gather(*(read(hook) for _ in range(32)))

    asyncio.run(read_often())
    assert wahelp_sandbox.logins == 1


def test_several_asynchronous_hooks_of_a_loop_log_in_once(wahelp_sandbox: Any, connect: Any) -> None:
    connect(wahelp_sandbox.url)

    async def read() -> None:
        async with WahelpAsyncHook() as hook:
            _ = [project async for project in hook.list_projects()]

    async def read_often() -> None:
        await asyncio.gather(*(read() for _ in range(16)))

    asyncio.run(read_often())
    assert wahelp_sandbox.logins == 1


def test_a_token_is_masked_through_the_loop_that_talks_to_the_supervisor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Airflow 3.0 to 3.2 does: from another loop, it would take the answers to what this one has asked."""
    from airflow_provider_wahelp.hooks import event_loop

    loops = []

    async def send() -> None:
        loops.append(asyncio.get_running_loop())

    async def mask() -> None:
        await event_loop._mask("t0k3n-one")
        loops.append(asyncio.get_running_loop())

    monkeypatch.setattr(event_loop, "mask_secret", lambda _: async_to_sync(send)())
    asyncio.run(mask())
    assert loops[0] is loops[1]


def test_a_connection_is_looked_up_through_the_loop_that_talks_to_the_supervisor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For the same reason: a deadline's notifier shares the loop of the triggerer."""
    loops = []

    async def send() -> None:
        loops.append(asyncio.get_running_loop())

    async def look_up() -> None:
        await InterruptibleHook("wahelp_default", within=1)._read_connection()
        loops.append(asyncio.get_running_loop())

    monkeypatch.setattr(InterruptibleHook, "_look_up", lambda _: async_to_sync(send)())
    asyncio.run(look_up())
    assert loops[0] is loops[1]
