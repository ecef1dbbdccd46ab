from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest

from airflow_provider_wahelp.sandbox import webhooks

from .support import ANNA, Api, ChannelCaller, Receiver

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox import Sandbox


def hook(api: Api, channel: ChannelCaller, url: str) -> None:
    api.data("PUT", f"{channel.project_path}/hook", json={"url": url})


def add(api: Api, channel: ChannelCaller, **body: Any) -> dict[str, Any]:
    webhook: dict[str, Any] = api.data("POST", f"{channel.project_path}/webhooks/", json=body)
    return webhook


def test_a_hook_hears_everything_that_happens_in_its_project(
    wahelp_sandbox: Sandbox, api: Api, channel: ChannelCaller, receiver: Receiver
) -> None:
    hook(api, channel, receiver.url)
    other = api.channel()

    second = api.data("POST", f"{channel.project_path}/channels", json={"name": "Two", "type": "vk"})
    wahelp_sandbox.scan(second["uuid"])
    user = channel.user()
    message = channel.send(user)
    other.send(other.user())
    wahelp_sandbox.advance(1000)
    wahelp_sandbox.receive(ANNA, "Thanks", channel.uuid)

    events = [receiver.next() for _ in range(7)]
    assert [event["action"] for event in events] == [
        "channel.created",
        "channel.updated",
        "channel.user.created",
        "channel.message.created",
        "channel.message.updated",
        "channel.message.updated",
        "channel.message.created",
    ]
    payloads = [event["payload"] for event in events]
    assert [payload["active"] for payload in payloads[:2]] == [False, True]
    assert payloads[2]["id"] == user["id"]
    assert [payload["status"] for payload in payloads[3:6]] == ["sent", "delivered", "read"]
    assert {payload["id"] for payload in payloads[3:6]} == {message["id"]}
    assert (payloads[6]["message"], payloads[6]["destination"]) == ("Thanks", "from")
    api.log_in()
    assert channel.data("GET", f"/messages/{message['id']}") == payloads[5]


def test_webhooks_hear_the_entities_they_asked_for(
    api: Api, channel: ChannelCaller, receiver: Receiver
) -> None:
    with Receiver() as everything:
        add(api, channel, url=receiver.url, entities=["channel.message"])
        add(api, channel, url=everything.url)
        channel.send(channel.user())

        assert everything.next()["action"] == "channel.user.created"
        assert everything.next()["action"] == "channel.message.created"
        assert receiver.next()["action"] == "channel.message.created"


def test_webhooks_can_be_listed_changed_and_removed(
    api: Api, channel: ChannelCaller, receiver: Receiver
) -> None:
    path = f"{channel.project_path}/webhooks"
    made = add(api, channel, url="http://127.0.0.1:1/", entities=["channel"])
    assert made.items() >= {"url": "http://127.0.0.1:1/", "entities": ["channel"]}.items()
    assert api.data("GET", path) == [made]

    changed = api.data("PUT", f"{path}/{made['uuid']}", json={"url": receiver.url})
    assert changed == {**made, "url": receiver.url}
    api.data("PUT", f"{path}/{made['uuid']}", json={"entities": ["channel.user"]})
    user = channel.user()
    assert receiver.next()["action"] == "channel.user.created"

    api.data("DELETE", f"{path}/{made['uuid']}")
    assert api.data("GET", path) == []
    # The hook comes after where the webhook was, so an event of the removed one would come first.
    hook(api, channel, receiver.url)
    channel.send(user)
    assert receiver.next()["action"] == "channel.message.created"
    assert receiver.events.empty()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://127.0.0.1/"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://127.0.0.1:99999/"}, "url"),
        ({"url": "http://["}, "url"),
        ({"url": "http://127.0.0.1/", "entities": "channel"}, "entities"),
    ],
)
def test_a_webhook_needs_an_address(
    api: Api, channel: ChannelCaller, body: dict[str, Any], field: str
) -> None:
    answer = api.ask("POST", f"{channel.project_path}/webhooks", 422, json=body)

    assert list(answer["errors"]) == [field]


def test_a_status_is_told_soon_after_its_time_without_being_asked_for(
    wahelp_sandbox: Sandbox, api: Api, channel: ChannelCaller, receiver: Receiver
) -> None:
    wahelp_sandbox.configure(delivered_after=0.3, read_after=None)
    hook(api, channel, receiver.url)
    message = channel.send(channel.user())

    assert (
        receiver.next_of("channel.message.updated").items()
        >= {
            "id": message["id"],
            "status": "delivered",
        }.items()
    )


def test_no_call_waits_for_a_receiver(api: Api, channel: ChannelCaller, receiver: Receiver) -> None:
    user = channel.user()
    receiver.may_answer.clear()
    add(api, channel, url=receiver.url, entities=["channel.message"])
    with Receiver() as quick:
        hook(api, channel, quick.url)

        for text in ("one", "two", "three"):
            channel.send(user, text)

        # The slow one holds its first event still, while the quick one already has them all.
        texts = [quick.next()["payload"]["message"] for _ in range(3)]
        assert texts == ["one", "two", "three"]
        assert receiver.next()["payload"]["message"] == "one"
        assert receiver.events.empty()
        receiver.may_answer.set()
        assert [receiver.next()["payload"]["message"] for _ in range(2)] == ["two", "three"]


def test_what_waits_for_a_receiver_is_dropped_with_a_reset(
    wahelp_sandbox: Sandbox, api: Api, channel: ChannelCaller, receiver: Receiver
) -> None:
    user = channel.user()
    receiver.may_answer.clear()
    hook(api, channel, receiver.url)
    for text in ("one", "two", "three"):
        channel.send(user, text)
    assert receiver.next()["payload"]["message"] == "one"

    wahelp_sandbox.reset()
    api.log_in()
    anew = api.channel()
    user = anew.user()
    hook(api, anew, receiver.url)
    anew.send(user, "after the reset")
    receiver.may_answer.set()

    assert receiver.next()["payload"]["message"] == "after the reset"


def test_failures_are_logged_without_secrets_and_stop_nothing(
    wahelp_sandbox: Sandbox,
    api: Api,
    channel: ChannelCaller,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    receiver.status = 500
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://name:secret-name@127.0.0.1:{closed.getsockname()[1]}/secret-path?token=secret-token"
    add(api, channel, url=nobody)
    hook(api, channel, receiver.url)

    user = channel.user()
    channel.send(user, "secret-text")
    for _ in range(2):
        receiver.next()
    channel.send(user, "again")
    assert receiver.next()["payload"]["message"] == "again"
    wahelp_sandbox.stop()

    ours = [r for r in caplog.records if r.name == "airflow_provider_wahelp.sandbox.webhooks"]
    logged = [record.getMessage() for record in ours]
    assert {record.levelno for record in ours} == {logging.WARNING}
    assert any("was not reached" in line for line in logged)
    assert any("answered HTTP 500" in line for line in logged)
    everything = "\n".join(
        r.getMessage() for r in caplog.records if r.name.startswith("airflow") or "hook" in r.name
    )
    assert "secret" not in everything
    assert ANNA not in everything


def test_a_receiver_that_does_not_answer_is_given_up(
    api: Api,
    channel: ChannelCaller,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(webhooks, "_TIMEOUT", 1.0)
    user = channel.user()
    hook(api, channel, receiver.url)
    receiver.may_answer.clear()

    for text in ("one", "two"):
        channel.send(user, text)

    assert [receiver.next()["payload"]["message"] for _ in range(2)] == ["one", "two"]
    assert "was not reached: TimeoutError" in caplog.text
