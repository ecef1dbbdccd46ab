"""Every operation, against the sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.calls import PAGE_SIZE
from airflow_provider_wahelp.sandbox import Sandbox
from tests.unit.client.wire import Wire, ok

PHONE = "+71234567890"


def test_creating_a_project_twice_makes_one(hook: Any) -> None:
    first, second = hook.create_project("Shop"), hook.create_project("Shop")
    assert first == second
    assert [project.id for project in hook.list_projects()] == [first.id]


def test_another_project_is_made_when_asked_for(hook: Any) -> None:
    assert hook.create_project("Shop").id != hook.create_project("Shop", if_exists="create").id


def test_an_existing_project_fails_when_asked_to(hook: Any, project: int) -> None:
    with pytest.raises(errors.ExistsError, match="exists already"):
        hook.create_project("Shop", if_exists="fail")


def test_a_channel_is_recognised_by_name_and_type(hook: Any, project: int) -> None:
    whatsapp = hook.create_channel("Support", project_id=project)
    assert whatsapp.active is False
    assert hook.create_channel("Support", "whatsapp", project) == whatsapp
    telegram = hook.create_channel("Support", "telegram", project)
    assert {entry.uuid for entry in hook.list_channels(project)} == {whatsapp.uuid, telegram.uuid}


def test_a_channel_becomes_active_when_its_code_is_scanned(
    hook: Any, project: int, wahelp_sandbox: Sandbox
) -> None:
    uuid = hook.create_channel("Support", project_id=project).uuid
    assert hook.get_channel_qr(uuid, project).content
    wahelp_sandbox.scan(uuid)
    assert hook.get_channel(uuid, project).active is True


def test_an_unknown_channel_is_not_found(hook: Any, project: int) -> None:
    with pytest.raises(errors.NotFoundError, match="channel no-such of project"):
        hook.get_channel("no-such", project)


def test_a_phone_without_a_country_code_is_of_the_region_of_the_hook_or_of_the_connection(
    new_hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, connect: Any
) -> None:
    with pytest.raises(errors.InputError, match=r"^phone: .*default_region"):
        new_hook().create_user("Anna", "9161112233", **channel)
    anna = new_hook(default_region="ru").create_user("Anna", "9161112233", **channel)
    assert anna.phone == "79161112233"
    connect(wahelp_sandbox.url, extra={"default_region": "RU"})
    assert new_hook().find_user("916 111-22-33", **channel).id == anna.id
    sent = new_hook().send_message("Hello", phone="9161112233", **channel)
    assert sent.user_id == anna.id
    assert new_hook(default_region="BY").create_user("B", "80291234567", **channel).phone == "375291234567"
    with pytest.raises(errors.InputError, match=r"^default_region: must be the ISO code"):
        new_hook(default_region="Moscow").find_user("9161112233", **channel)


@pytest.mark.parametrize("spelling", [PHONE, "71234567890", "+7 (123) 456-78-90"])
def test_a_person_is_found_by_digits(hook: Any, channel: dict[str, Any], spelling: str) -> None:
    anna = hook.create_user("Anna", PHONE, **channel)
    assert hook.create_user("Anna", spelling, **channel) == anna
    assert hook.find_user(spelling, **channel).id == anna.id
    assert [user.id for user in hook.list_users(**channel)] == [anna.id]


def test_nobody_is_found_where_nobody_is(hook: Any, channel: dict[str, Any]) -> None:
    assert hook.find_user(PHONE, **channel) is None


def test_a_person_of_another_channel_is_not_one_of_this(
    hook: Any, channel: dict[str, Any], project: int
) -> None:
    other = hook.create_channel("Sales", project_id=project).uuid
    there = hook.create_user("Anna", PHONE, other, project)
    here = hook.create_user("Anna", PHONE, **channel)
    assert here.id != there.id


@pytest.mark.parametrize("status", [404, 400])
def test_nobody_is_found_whatever_the_server_answers(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, status: Any
) -> None:
    wahelp_sandbox.configure(unknown_contact=status)
    assert hook.find_user(PHONE, **channel) is None
    anna = hook.create_user("Anna", PHONE, **channel)
    assert hook.send_message("Hello", phone=PHONE, **channel).user_id == anna.id


@pytest.mark.parametrize("answer", ["error", "existing", "new"])
def test_a_phone_is_added_once_whatever_the_server_answers_to_a_second(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, answer: Any
) -> None:
    wahelp_sandbox.configure(duplicate_users=answer)
    assert hook.create_user("Anna", PHONE, **channel) == hook.create_user("Anna", PHONE, **channel)


@pytest.mark.parametrize(("answer", "requests"), [("error", 1), ("existing", 0)])
@pytest.mark.parametrize("way", ["create", "send"])
def test_a_person_whom_the_look_missed_costs_one_request_more_at_most(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, answer: Any, requests: int, way: str
) -> None:
    """They are on the second page of the users, and the look up by phone fails."""

    def add(phone: str) -> tuple[Any, int]:
        wahelp_sandbox.clear_requests()
        if way == "create":
            added = hook.create_user("Anna", phone, **channel).id
        else:
            added = hook.send_message("Hello", phone=phone, **channel).user_id
        return added, len(wahelp_sandbox.requests)

    wahelp_sandbox.configure(duplicate_users=answer)
    for number in range(PAGE_SIZE):
        hook.create_user(f"Person {number}", f"+7123456{number:04}", **channel, if_exists="create")
    anna = hook.create_user("Anna", PHONE, **channel)
    _boris, usual = add("+79031112233")
    wahelp_sandbox.inject("success_false", operation="contact_by_phone", count=1)
    assert add(PHONE) == (anna.id, usual + requests)


@pytest.mark.parametrize("form", ["http", "success_false"])
def test_a_person_without_the_messenger_is_named_so(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, form: str
) -> None:
    wahelp_sandbox.configure(messenger_error=form)
    wahelp_sandbox.set_messenger(PHONE, present=False)
    with pytest.raises(errors.MessengerMissingError) as caught:
        hook.create_user("Anna", PHONE, **channel)
    assert "+7*****7890" in str(caught.value)
    assert "1234567890" not in str(caught.value)


def test_a_logged_out_channel_is_not_blamed_on_the_person(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    anna = hook.create_user("Anna", PHONE, **channel)
    wahelp_sandbox.set_messenger(PHONE, present=False)  # "the number is not registered": whose?
    with pytest.raises(errors.MessengerMissingError):
        hook.send_message("Hello", anna.id, **channel)
    wahelp_sandbox.log_out(channel["channel_uuid"])
    with pytest.raises(errors.ChannelNotActiveError, match="Authorize the channel"):
        hook.send_message("Hello", anna.id, **channel)


def test_a_message_is_sent_to_a_user(hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox) -> None:
    anna = hook.create_user("Anna", PHONE, **channel)
    message = hook.send_message("Привет, *Анна*\n", anna.id, **channel)
    assert message.status == "sent"
    assert message.direction == "outgoing"
    assert message.text == "Привет, *Анна*\n"
    assert message.user_id == anna.id
    assert [entry["text"] for entry in wahelp_sandbox.conversation(PHONE)] == ["Привет, *Анна*\n"]


def test_a_message_is_sent_to_a_phone_which_is_added_once(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    first = hook.send_message("Hello", phone=PHONE, name="Anna", **channel)
    second = hook.send_message("Again", phone="7 123 456 78 90", **channel)
    assert first.user_id == second.user_id
    assert [user.name for user in hook.list_users(**channel)] == ["Anna"]
    assert len(wahelp_sandbox.conversation(PHONE)) == 2


def test_the_history_has_directions_statuses_and_times_in_utc(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    hook.send_message("Hello", phone=PHONE, **channel)
    wahelp_sandbox.advance(60)
    wahelp_sandbox.receive(PHONE, "Hi!")
    rows = {message.text: message for message in hook.get_messages(**channel)}
    assert {text: row.direction for text, row in rows.items()} == {"Hello": "outgoing", "Hi!": "incoming"}
    assert rows["Hello"].status == "read"
    assert abs(rows["Hello"].created_at - datetime.now(UTC)) < timedelta(seconds=30)
    assert hook.get_message(rows["Hello"].id, **channel).text == "Hello"


@pytest.mark.parametrize(("limit", "expected"), [(None, 230), (1, 1), (100, 100), (130, 130), (500, 230)])
def test_a_long_history_is_read_to_the_limit(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, limit: int | None, expected: int
) -> None:
    hook.create_user("Anna", PHONE, **channel)
    for number in range(230):
        wahelp_sandbox.receive(PHONE, f"text {number}")
    texts = [message.text for message in hook.get_messages(**channel, limit=limit)]
    assert len(set(texts)) == len(texts) == expected


def test_a_span_of_the_history_has_each_message_once_and_in_order(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    hook.create_user("Anna", PHONE, **channel)
    for number in range(6):
        for place in range(60):
            wahelp_sandbox.receive(PHONE, f"{number}.{place}")
        wahelp_sandbox.advance(3600)
    rows = hook.get_messages(**channel)
    moments = sorted({message.created_at.replace(minute=0, second=0) for message in rows})
    wahelp_sandbox.clear_requests()
    spans = [
        hook.get_messages_between(start, end.isoformat(), **channel)
        for start, end in pairwise([*moments, moments[-1] + timedelta(days=1)])
    ]
    texts = [message.text for span in spans for message in span]
    assert texts == [f"{number}.{place}" for number in range(6) for place in range(60)]
    pages = [each for each in wahelp_sandbox.requests if "/messages" in each["path"]]
    assert len(pages) < 4 * len(spans)
    assert hook.get_messages_between(moments[-1] + timedelta(days=1), **channel) == []


@pytest.mark.parametrize("habits", [{"page_ignored": True}, {"times_format": None}])
def test_a_span_that_may_lack_messages_is_an_error(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, habits: dict[str, Any]
) -> None:
    hook.create_user("Anna", PHONE, **channel)
    for number in range(130):
        wahelp_sandbox.receive(PHONE, f"text {number}")
    wahelp_sandbox.set_habits(**habits)
    with pytest.raises(errors.HistoryIncompleteError, match="messages may be missing"):
        hook.get_messages_between(datetime.now(UTC) - timedelta(hours=1), **channel)


@pytest.mark.parametrize(
    ("since", "until", "argument"),
    [
        ("yesterday", None, "since"),
        (datetime(2026, 1, 1), None, "since"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "until"),
    ],
)
def test_a_span_without_a_zone_or_a_length_is_refused(
    hook: Any, channel: dict[str, Any], since: Any, until: Any, argument: str
) -> None:
    with pytest.raises(errors.InputError, match=f"^{argument}: "):
        hook.get_messages_between(since, until, **channel)


def test_a_long_list_of_users_is_read_to_its_end(hook: Any, channel: dict[str, Any]) -> None:
    for number in range(205):
        hook.create_user(f"Person {number}", f"+7123456{number:04}", **channel, if_exists="create")
    assert len({user.id for user in hook.list_users(**channel)}) == 205


def test_the_one_webhook_is_set(hook: Any, project: int) -> None:
    assert hook.set_webhook("https://example.com/in?token=x", project_id=project).url.startswith("https://")


def test_an_address_is_added_to_the_webhooks_once(hook: Any, project: int) -> None:
    first = hook.set_webhook("https://example.com/in", "webhooks", ["channel.message"], project)
    second = hook.set_webhook("https://example.com/in", "webhooks", ["channel.message"], project)
    other = hook.set_webhook("https://example.com/other", "webhooks", ["channel"], project)
    assert first == second
    assert [webhook.uuid for webhook in hook.list_webhooks(project)] == [first.uuid, other.uuid]


@pytest.mark.parametrize("path", ["projects", "/projects/", "/app/projects", "{server}/api/app/projects"])
def test_any_other_operation_is_a_request_away(
    hook: Any, project: int, path: str, wahelp_sandbox: Sandbox
) -> None:
    path = path.format(server=wahelp_sandbox.url)
    assert [entry["id"] for entry in hook.request("get", path)] == [project]
    assert list(hook.request_list(path, limit=1)) == hook.get_response("get", path).data


@pytest.mark.parametrize("path", ["/crm/deals", "api/crm/deals", "api/documentation", "files/"])
def test_an_operation_that_the_sandbox_does_not_imitate_is_said_to_be_one(
    hook: Any, project: int, wahelp_sandbox: Sandbox, path: str
) -> None:
    wahelp_sandbox.clear_requests()
    with pytest.raises(errors.NotFoundError, match=r"HTTP 501.*does not imitate it"):
        hook.request("POST" if "deals" in path else "GET", path, project_id=project)
    (asked,) = wahelp_sandbox.requests
    assert asked["path"] == ("/api/crm/deals" if "crm" in path else f"/api/app/{path}")


def test_a_form_does_what_json_does(hook: Any, project: int) -> None:
    made = hook.request("POST", "/app/projects", data={"name": "By a form"})
    assert hook.request("POST", "/app/projects", json={"name": "By JSON"})["id"] == made["id"] + 1


def test_a_file_is_read_from_storage_or_memory_and_an_answer_written_there(
    hook: Any, project: int, wahelp_sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Hello")
    path = f"file://{tmp_path}/a.txt"
    for upload in (path, tmp_path / "a.txt", b"Hello", ("b.txt", path), ("b.txt", b"Hello", "text/x-b")):
        with pytest.raises(errors.RejectedError, match="HTTP 422"):  # the sandbox takes no files
            hook.request("POST", "projects", files={"file": upload})
    assert {seen["content_type"].partition(";")[0] for seen in wahelp_sandbox.requests[-5:]} == {
        "multipart/form-data"
    }
    got = hook.request("GET", "projects", output_path=f"file://{tmp_path}/out/projects.json")
    assert got == {
        "path": f"file://{tmp_path}/out/projects.json",
        "size": got["size"],
        "content_type": "application/json",
    }
    stored = tmp_path / "out" / "projects.json"
    assert json.loads(stored.read_text("utf-8"))["data"][0]["id"] == project
    assert (stored.stat().st_size, stored.stat().st_mode & 0o77) == (got["size"], 0)


@pytest.mark.parametrize("files", ["a.txt", {"file": 5}, {"file": ""}, {"file": ("a",)}, {"file": None}])
def test_what_is_no_file_is_refused(hook: Any, files: Any) -> None:
    with pytest.raises(errors.InputError, match=r"^files: must map"):
        hook.request("POST", "files", files=files)


def test_the_documentation_and_the_changelog_are_read(new_hook: Any, connect: Any) -> None:
    with Wire() as wire:
        connect(wire.url)
        wire.will(ok({"openapi": "3.0.3", "paths": {}}), ok("1.0.159"))
        assert new_hook().get_documentation() == {"openapi": "3.0.3", "paths": {}}
        assert new_hook().get_changelog() == "1.0.159"


def test_a_voice_note_is_fetched_to_storage(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, tmp_path: Path
) -> None:
    hook.create_user("Anna", PHONE, **channel)
    wahelp_sandbox.receive(PHONE, message_type="audio")
    (message,) = hook.get_messages(**channel)
    path = f"file://{tmp_path}/notes/{message.id}.oga"
    for given in (message, message.to_dict(), message.file_url):  # it answers 400 to one with a token
        got = hook.download(given, path)
        assert got == {"path": path, "size": got["size"], "content_type": "audio/ogg"}
    assert (tmp_path / "notes" / f"{message.id}.oga").read_bytes()[:4] == b"OggS"
    with pytest.raises(errors.InputError, match=r"^message: must be a message with a file"):
        hook.download({"id": 1, "file_url": None}, path)


def test_a_file_is_sent_from_memory_or_from_where_a_link_leads(
    hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox
) -> None:
    user = hook.create_user("Anna", PHONE, **channel).id
    wahelp_sandbox.receive(PHONE, message_type="audio")
    (note,) = hook.get_messages(**channel)
    sent = hook.send_file(file_url=note.file_url, caption="Listen", user_id=user, **channel)
    assert (sent.text, sent.message_type) == ("Listen", "audio")
    assert (
        hook.send_file(b"%PDF-1.7", user_id=user, file_name="bill.pdf", **channel).message_type == "document"
    )
    with pytest.raises(errors.InputError, match=r"^file, file_url: one of the two"):
        hook.send_file(user_id=user, **channel)


def test_the_token_goes_to_no_other_host(hook: Any, wahelp_sandbox: Sandbox) -> None:
    with pytest.raises(errors.InputError, match=r"^path: must be a path, or an address below"):
        hook.request("GET", "https://other.example/api/app/user/")
    assert wahelp_sandbox.requests == []


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [("/crm/deals", None, "41"), ("projects/7/channels", None, "7"), ("projects/7/channels", 5, "5")],
)
def test_x_project_is_what_is_given_or_in_the_path_or_the_connections(
    new_hook: Any, connect: Any, path: str, given: int | None, expected: str
) -> None:
    with Wire() as wire:
        connect(wire.url, extra={"project_id": 41})
        new_hook().request("GET", path, project_id=given)
        assert wire.calls[-1].headers["x-project"] == expected


def test_defaults_of_the_connection_fill_what_is_left_out(
    hook: Any, new_hook: Any, channel: dict[str, Any], wahelp_sandbox: Sandbox, connect: Any
) -> None:
    connect(wahelp_sandbox.url, extra=channel)
    assert new_hook().send_message("Hello", phone=PHONE).status == "sent"


def test_without_a_default_the_argument_is_asked_for(hook: Any) -> None:
    with pytest.raises(errors.InputError, match=r"^project_id: must be given.*'wahelp_default'"):
        hook.list_channels()
