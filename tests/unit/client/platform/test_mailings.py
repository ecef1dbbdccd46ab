"""The platform's own mailings: their calls, their states, and that none is started twice."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.answers import Answer
from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.platform import mailing_flows as flows
from airflow_provider_wahelp.client.platform import mailings
from airflow_provider_wahelp.client.platform.errors import MailingNotSentError
from airflow_provider_wahelp.client.platform.mailings import MailingPlace, PlatformMailing
from tests.unit.client.script import data, fails, outcome, play
from tests.unit.client.wire import TEXT, answer

PATH = "projects/1/channels/c/mass_mailings/waba"
PLACE = MailingPlace(1, "waba", PATH)
LIST, CREATE, SEND = f"GET {PATH}/", f"POST {PATH}/", f"POST {PATH}/7/send"


def listed(status: Any, **beside: Any) -> Answer:
    return data(
        [{"id": 6, "name": "Old", "status": "sent"}, {"id": "7", "name": "News", "status": status}], **beside
    )


@pytest.mark.parametrize(
    ("call", "line", "json", "repeatable"),
    [
        (mailings.list_mailings(PLACE), f"GET {PATH}/", None, True),
        (mailings.create_mailing(PLACE, "N", {"text": TEXT}), CREATE, {"name": "N", "text": TEXT}, False),
        (mailings.try_mailing(PLACE, {"text": TEXT}), f"POST {PATH}/test", {"text": TEXT}, False),
        (mailings.send_mailing(PLACE, 7), f"POST {PATH}/7/send", None, False),
        (mailings.stop_mailing(PLACE, "../7"), f"POST {PATH}/..%2F7/stop", None, True),
        (mailings.mailing_stats(PLACE, 7), f"GET {PATH}/7/stats", None, True),
        (mailings.export_mailing(PLACE, 7), f"GET {PATH}/7/export", None, True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_call_is_what_the_list_says(call: Call[Any], line: str, json: Any, repeatable: bool) -> None:
    assert (f"{call.method} {call.path}", call.json, call.repeatable) == (line, json, repeatable)
    assert call.project_id == 1
    assert TEXT not in repr(call)
    with pytest.raises(errors.RejectedError) as caught:
        call.result(answer({"success": False, "message": f"bad: {TEXT}"}, 422))
    assert json is None or TEXT not in str(caught.value)


def test_files_make_a_new_mailing_multipart() -> None:
    part = FilePart("image", "a.png", lambda: None)  # type: ignore[arg-type, return-value]
    call = mailings.create_mailing(PLACE, "N", {"tags": ["a", "b"]}, [part])
    assert call.json is None
    assert call.form is not None
    assert call.form.fields == (("name", "N"), ("tags", "a"), ("tags", "b"))


@pytest.mark.parametrize(
    ("raw", "status", "state"),
    [
        ({"status": "draft"}, "draft", "draft"),
        ({"status": "In Progress"}, "In Progress", "running"),
        ({"status": "in-queue"}, "in-queue", "running"),
        ({"state": "finished"}, "finished", "finished"),
        ({"status": {"id": 3, "name": "Completed"}}, "Completed", "finished"),
        ({"status": {"id": 3}}, "3", "unknown"),
        ({"status": 3}, "3", "unknown"),
        ({"status": "created"}, "created", "unknown"),
        ({"status": ["x"]}, None, "unknown"),
        ({}, None, "unknown"),
    ],
)
def test_a_state_is_read_tolerantly_and_never_made_up(raw: Any, status: Any, state: str) -> None:
    mailing = mailings.list_mailings(PLACE).result(data([{"id": 7, **raw}])).items[0]
    assert (mailing.status, mailing.state) == (status, state)
    assert mailing.to_dict()["state"] == state


def test_a_user_says_what_a_status_means() -> None:
    states = mailings.read_states('{"3": "finished", "": "draft", "Sent": "running"}')
    said = [PlatformMailing(status=word).meaning(states).state for word in ("3", None, "sent", "draft")]
    assert said == ["finished", "draft", "running", "draft"]


@pytest.mark.parametrize("value", ["3=finished", "[1]", '{"3": "over"}', '"finished"'])
def test_states_that_are_none_are_refused(value: str) -> None:
    with pytest.raises(errors.InputError, match=r"^\[wahelp\] mailing_states: must be JSON"):
        mailings.read_states(value)


def test_a_mailing_is_found_on_each_page_of_the_list() -> None:
    script = ((LIST, data([{"id": 1}])), (LIST, data([{"id": 2}])), (LIST, listed("draft")))
    assert play(flows.get_mailing(PLACE, 7), *script).name == "News"
    missing = outcome(flows.get_mailing(PLACE, 8), (LIST, listed("draft")), (LIST, data([])))
    assert type(missing) is errors.NotFoundError
    assert "find mailing 8 among the waba mailings of project 1" in str(missing)


def test_a_mailing_is_created_once() -> None:
    def ensure(if_exists: Any = "reuse") -> Any:
        return flows.ensure_mailing(PLACE, "News", {"text": TEXT}, (), if_exists)

    old = (LIST, listed("draft")), (LIST, data([]))
    assert play(ensure(), *old).id == 7
    assert type(outcome(ensure("fail"), *old)) is errors.ExistsError
    assert play(ensure("create"), *old, (CREATE, data({"id": 9, "status": "draft"}))).state == "draft"
    lost = play(ensure(), (LIST, data([])), (CREATE, fails(500)), (LIST, listed("draft")), (LIST, data([])))
    assert lost.id == 7


def test_a_draft_is_started() -> None:
    mailing, started = play(flows.start_mailing(PLACE, 7), (LIST, listed("draft")), (SEND, data(None)))
    assert (mailing.id, mailing.state, started) == (7, "running", True)


@pytest.mark.parametrize("status", ["sending", "sent", "stopped"])
@pytest.mark.parametrize("is_repeated", [False, True])
def test_what_was_started_before_is_not_started(status: str, is_repeated: bool) -> None:
    flow = flows.start_mailing(PLACE, 7, is_repeated=is_repeated)
    assert play(flow, (LIST, listed(status)))[1] is False


@pytest.mark.parametrize("status", ["weird", None, 3])
def test_a_state_that_is_not_understood_starts_nothing(status: Any) -> None:
    error = outcome(flows.start_mailing(PLACE, 7), (LIST, listed(status)))
    assert type(error) is errors.UnknownOutcomeError
    assert error.temporary is False
    assert "[wahelp] mailing_states" in str(error)


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a start take three looks to arrive."""
    monkeypatch.setattr("tests.unit.client.script.ServiceFacts", lambda *_, **__: _Facts())


class _Facts:
    arrives_within = 6.0


@pytest.mark.usefixtures("window")
def test_a_retry_looks_at_a_draft_until_a_start_would_have_arrived() -> None:
    draft = (LIST, listed("draft"))
    late = play(flows.start_mailing(PLACE, 7, is_repeated=True), draft, draft, (LIST, listed("sending")))
    assert late[1] is False
    never = play(flows.start_mailing(PLACE, 7, is_repeated=True), *[draft] * 4, (SEND, data(None)))
    assert never[1] is True


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("lost", [fails(502), fails(504), fails(500), answer(b"<html>")])
def test_a_lost_answer_starts_nothing_twice(lost: Answer) -> None:
    draft = (LIST, listed("draft"))
    found = play(flows.start_mailing(PLACE, 7), draft, (SEND, lost), draft, (LIST, listed("sending")))
    assert (found[0].state, found[1]) == ("running", True)
    again = play(flows.start_mailing(PLACE, 7), draft, (SEND, lost), *[draft] * 3, (SEND, data(None)))
    assert again[1] is True


@pytest.mark.usefixtures("window")
def test_a_list_that_cannot_be_read_after_a_lost_answer_leaves_it_open() -> None:
    script = ((LIST, listed("draft")), (SEND, fails(502)), *[(LIST, fails(502))] * 3)
    error = outcome(flows.start_mailing(PLACE, 7), *script)
    assert type(error) is errors.UnknownOutcomeError
    assert error.temporary is True  # a retry looks again


@pytest.mark.parametrize(("status", "started"), [("sending", False), ("draft", None)])
def test_a_refused_start_is_none_unless_somebody_else_has_started_it(status: str, started: Any) -> None:
    script = (LIST, listed("draft")), (SEND, fails(422)), (LIST, listed(status))
    if started is None:
        assert type(outcome(flows.start_mailing(PLACE, 7), *script)) is errors.RejectedError
    else:
        assert play(flows.start_mailing(PLACE, 7), *script)[1] is started


def test_a_stop_asks_for_the_name() -> None:
    other = outcome(flows.stop_mailing(PLACE, 7, "Old"), (LIST, listed("sending")))
    assert type(other) is errors.InputError
    assert str(other) == "name: must be the name of mailing 7: to stop it clears its queue for good"
    stop = ((LIST, listed("sending")), (f"POST {PATH}/7/stop", data(None)), (LIST, listed("stopped")))
    assert play(flows.stop_mailing(PLACE, 7, " News "), *stop).state == "stopped"
    assert play(flows.stop_mailing(PLACE, 7, "News"), (LIST, listed("sent"))).state == "finished"


def test_a_wait_ends_with_the_mailing() -> None:
    def wait(deadline: float | None = None) -> Any:
        return flows.until_ended(PLACE, 7, 60, deadline)

    running = (LIST, listed("sending"))
    assert play(wait(), running, (LIST, fails(502)), (LIST, listed("weird")), (LIST, listed("sent"))) == {
        "result": {"id": 7, "status": "sent", "state": "finished"}
    }
    assert play(wait(deadline=1.0), running) == {"late": True}
    gone = play(wait(), running, (LIST, fails(403)))
    assert gone["error"]["kind"] == "ForbiddenError"
    stopped = errors.error_from_dict(play(wait(), running, (LIST, listed("stopped")))["error"])
    assert type(stopped) is MailingNotSentError
    assert 'send mailing 7 to its end: Wahelp will not send it to its end: its status is "stopped"' in str(
        stopped
    )


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("https://wahelp.ru/x.xlsx", "https://wahelp.ru/x.xlsx"),
        ({"url": "https://wahelp.ru/x"}, "https://wahelp.ru/x"),
        ({"url": None, "link": "http://h/x"}, "http://h/x"),
        ("a;b\nhttps://x", ""),
        ([{"url": "https://h"}], ""),
        ({"url": 5}, ""),
        (None, ""),
    ],
)
def test_an_export_may_be_a_link(value: Any, link: str) -> None:
    assert mailings.link_in(mailings.export_mailing(PLACE, 7).result(data(value))) == link
