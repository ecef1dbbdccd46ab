"""One send at a time: what it costs, and what each fault, kill and argument leads to."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import (
    ConnectionLostError,
    InputError,
    RateLimitedError,
    RejectedError,
    UnknownOutcomeError,
)
from airflow_provider_wahelp.hooks import WahelpHook
from tests.delivery.sending_task import (
    KILLS,
    KILLS_WITHOUT_LEDGER,
    PHONES,
    SLOW,
    Killed,
    Rig,
    Store,
    Task,
    as_kept,
    outcome,
)

LEDGERS = ("store", "file", "none")
KEEPING = ("store", "file")
CARRIED_OUT: list[tuple[str, dict[str, Any]]] = [
    ("cut_after", {}),
    ("cut_after", {"reset": True}),
    ("error_after", {"status": 500}),
    ("error_after", {"status": 502}),
    ("error_after", {"status": 504}),
    ("html", {}),
    ("truncated", {}),
    SLOW,
]


def once(rig: Rig, task: Task) -> None:
    assert rig.delivered()[task.text] == 1


def test_a_send_costs_one_request_and_two_writes(rig: Rig) -> None:
    task = Task(rig)
    task.attempt()
    assert rig.requests == [f"POST {rig.users[0]}"]
    assert task.store.calls == ["get", "set", "set"]
    once(rig, task)


@pytest.mark.parametrize("ledger", KEEPING)
def test_a_cleared_task_that_had_sent_sends_nothing(rig: Rig, ledger: str) -> None:
    task = Task(rig, ledger)
    sent = task.attempt()
    rig.sandbox.clear_requests()
    task.clear()
    assert task.attempt() == as_kept(sent)
    assert rig.requests == []


def test_without_a_ledger_the_history_tells_that_a_cleared_task_had_sent(rig: Rig) -> None:
    task = Task(rig, "none")
    sent = task.attempt()
    task.clear()
    assert task.attempt()["id"] == sent["id"]
    once(rig, task)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize(("fault", "given"), CARRIED_OUT)
@pytest.mark.parametrize("skew", [-120, 0, 120])
def test_a_lost_answer_is_looked_up(
    rig: Rig, ledger: str, fault: str, given: dict[str, Any], skew: float
) -> None:
    rig.skew(skew)
    rig.sandbox.inject(fault, operation="send_message", count=1, **given)
    task = Task(rig, ledger)
    sent = task.attempt()
    assert sent["text"] == task.text
    assert sent["user_id"] == rig.users[0]
    assert rig.sends() == 1
    once(rig, task)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("skew", [-120, 120])
@pytest.mark.parametrize("late", [False, True], ids=["before the attempt", "in the attempt"])
def test_a_clock_that_is_set_after_the_login(rig: Rig, ledger: str, skew: float, late: bool) -> None:
    """The host's clock was wrong when the server's was learnt, and is corrected."""
    rig.skew(skew)
    hook = rig.hook()
    hook.get_conn()._token()
    rig.sandbox.clear_requests()
    rig.set_clock(skew)
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(rig, ledger)
    task.attempt(hook=hook if late else None)
    assert rig.requests == [f"POST {rig.users[0]}", "GET messages"]
    once(rig, task)


@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("skew", [-120, 120])
def test_a_clock_that_is_set_between_two_attempts(rig: Rig, skew: float, kill: str) -> None:
    rig.skew(skew)
    task = Task(rig)
    with pytest.raises(Killed):
        task.attempt(kill)
    rig.set_clock(skew)
    task.attempt()
    once(rig, task)


@pytest.fixture
def ready_made(rig: Rig, connect: Any) -> Callable[..., WahelpHook]:
    """Return what makes hooks with a token and no login: before a send the server's time is not known."""
    token = rig.hook().get_conn()._token()
    connect(rig.sandbox.url, "ready_made", login="", password="", extra={"access_token": token})
    rig.sandbox.clear_requests()
    return lambda kill="": rig.hook(kill, conn_id="ready_made")


def test_a_send_with_a_ready_made_token_costs_one_request(
    rig: Rig, ready_made: Callable[..., WahelpHook]
) -> None:
    task = Task(rig)
    task.attempt(hook=ready_made())
    assert rig.requests == [f"POST {rig.users[0]}"]
    ready_made().send_message("By the hook", rig.users[0], **rig.channel)
    assert rig.requests == [f"POST {rig.users[0]}"] * 2


@pytest.mark.parametrize("skew", [-120, 0, 120])
@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_the_servers_time_is_learnt_while_looking(
    rig: Rig, ready_made: Callable[..., WahelpHook], fault: str, skew: float
) -> None:
    """Neither is the message missed, nor another's of a minute ago taken for it."""
    rig.skew(skew)
    Task(rig, text="The same").attempt(hook=ready_made())
    rig.sleep(60)
    rig.sandbox.inject(fault, operation="send_message", count=1)
    Task(rig, text="The same").attempt(hook=ready_made())
    assert rig.delivered()["The same"] == 2


@pytest.mark.parametrize("skew", [-120, 0, 120])
@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("given", [{}, {"if_unclear": "resend"}], ids=["check", "resend"])
def test_a_killed_worker_with_a_ready_made_token(
    rig: Rig, ready_made: Callable[..., WahelpHook], given: dict[str, Any], kill: str, skew: float
) -> None:
    rig.skew(skew)
    task = Task(rig, given=given)
    with pytest.raises(Killed):
        task.attempt(kill, hook=ready_made(kill))
    assert task.attempt(hook=ready_made())["text"] == task.text
    assert rig.delivered()[task.text] == (2 if given and kill in {"after_post", "before_done"} else 1)


@pytest.mark.parametrize("ahead", [-50, 0, 50])
@pytest.mark.parametrize("kill", KILLS)
def test_a_retry_on_another_host_whose_clock_is_another(
    rig: Rig, ready_made: Callable[..., WahelpHook], kill: str, ahead: float
) -> None:
    task = Task(rig)
    with pytest.raises(Killed), rig.elsewhere(ahead):
        task.attempt(kill, hook=ready_made(kill))
    assert task.attempt(hook=ready_made())["text"] == task.text
    once(rig, task)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("skew", [-120, 0, 120])
@pytest.mark.parametrize("kill", KILLS)
def test_a_worker_is_killed(rig: Rig, ledger: str, kill: str, skew: float) -> None:
    if ledger == "none" and kill not in KILLS_WITHOUT_LEDGER:
        pytest.skip("there is no ledger to die at")
    rig.skew(skew)
    task = Task(rig, ledger)
    with pytest.raises(Killed):
        task.attempt(kill)
    assert task.attempt()["text"] == task.text
    once(rig, task)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_the_history_lags(rig: Rig, ledger: str) -> None:
    rig.sandbox.configure(history_lag=9)
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(rig, ledger)
    task.attempt()
    with pytest.raises(Killed):
        (other := Task(rig, ledger)).attempt("after_post")
    other.attempt()
    once(rig, task)
    once(rig, other)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_history_that_cannot_be_read_is_read_by_the_retry(rig: Rig, ledger: str) -> None:
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    rig.sandbox.inject("unavailable", operation="messages")
    task = Task(rig, ledger)
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    with pytest.raises(UnknownOutcomeError):
        task.attempt()
    rig.sandbox.clear_faults()
    task.attempt()
    once(rig, task)
    assert rig.sends() == 1


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_message_that_was_deleted_since_proves_nothing(rig: Rig, ledger: str, language: Any) -> None:
    task = Task(rig, ledger)
    with pytest.raises(Killed):
        task.attempt("after_post")
    rig.sandbox.delete_message(rig.sandbox.conversation(PHONES[0])[0]["id"], language=language)
    for _ in range(2):
        with pytest.raises(UnknownOutcomeError, match="a message to the user was deleted"):
            task.attempt()
    assert rig.sends() == 1


def test_a_deleted_message_does_not_hide_the_one_that_was_sent(rig: Rig) -> None:
    task = Task(rig)
    with pytest.raises(Killed):
        task.attempt("after_post")
    other = Task(rig)
    rig.sandbox.delete_message(other.attempt()["id"])
    assert task.attempt()["text"] == task.text
    once(rig, task)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_refusal_leaves_nothing_behind(rig: Rig, ledger: str) -> None:
    rig.sandbox.inject("success_false", operation="send_message", count=1)
    task = Task(rig, ledger)
    with pytest.raises(RejectedError) as caught:
        task.attempt()
    assert isinstance(caught.value, AirflowFailException)
    assert not task.store.kept
    task.clear()
    task.attempt()
    once(rig, task)


def test_what_asks_for_patience_leaves_nothing_behind(rig: Rig) -> None:
    rig.sandbox.inject("rate_limit", operation="send_message", retry_after=600)
    task = Task(rig)
    with pytest.raises(RateLimitedError) as caught:
        task.attempt()
    assert caught.value.retry_after == 600
    assert not task.store.kept
    rig.sandbox.clear_faults()
    rig.sandbox.clear_requests()
    task.attempt()
    assert rig.requests == [f"POST {rig.users[0]}"]


def test_sending_is_tried_three_times_where_it_never_happens(rig: Rig) -> None:
    rig.sandbox.inject("cut_before", operation="send_message")
    task = Task(rig)
    with pytest.raises(ConnectionLostError) as caught:
        task.attempt()
    assert "It is not known whether Wahelp carried it out." in str(caught.value)
    assert rig.sends() == 3
    rig.calm()
    task.attempt()  # looks first: what was sent last may still show up
    assert rig.requests[-2:] == ["GET messages", f"POST {rig.users[0]}"]
    once(rig, task)


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize(
    ("text", "other", "told_apart"),
    [
        ("Order 17 is ready", "Order 18 is ready", True),
        ("See you on Monday, Anna", "The parcel has come", True),
        ("Balance: +500", "Balance: -500", False),
        ("Open https://shop.example.com/o/17", "Open https://clck.example/o/18", False),
    ],
)
def test_a_text_that_is_like_another_is_never_lost(
    rig: Rig, ledger: str, text: str, other: str, told_apart: bool
) -> None:
    task = Task(rig, ledger, text=text)
    with pytest.raises(Killed):
        task.attempt("before_post")
    Task(rig, ledger, text=other).attempt()
    result = outcome(task.attempt)
    assert isinstance(result, dict if told_apart else UnknownOutcomeError)
    assert rig.delivered() == {other: 1} | ({text: 1} if told_apart else {})


# A token is not the message: where none can be got, nothing was sent.


@pytest.mark.parametrize("if_unclear", ["check", "fail", "resend"])
def test_a_login_that_fails_midway_is_no_unclear_send(rig: Rig, if_unclear: str) -> None:
    rig.hook().get_conn()._token()
    rig.sandbox.inject("dead_token", operation="send_message", count=1)
    rig.sandbox.inject("error_after", operation="login", status=502)
    task = Task(rig, given={"if_unclear": if_unclear})
    with pytest.raises(Exception, match="Could not log in") as caught:
        task.attempt()
    assert not isinstance(caught.value, UnknownOutcomeError | AirflowFailException)
    assert "Nothing was carried out; it may be repeated." in str(caught.value)
    assert not task.store.kept


# if_unclear


def test_fail_fails_for_good_where_an_answer_is_lost(rig: Rig) -> None:
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(rig, given={"if_unclear": "fail"})
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert isinstance(caught.value, AirflowFailException)
    with pytest.raises(UnknownOutcomeError, match='if_unclear is "fail"'):
        task.attempt()
    assert rig.sends() == 1


def test_fail_fails_for_good_after_a_kill(rig: Rig) -> None:
    task = Task(rig, given={"if_unclear": "fail"})
    with pytest.raises(Killed):
        task.attempt("after_begun")
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert isinstance(caught.value, AirflowFailException)
    assert not rig.sends()


def test_fail_is_no_reason_not_to_wait_out_a_rate_limit(rig: Rig) -> None:
    rig.sandbox.inject("rate_limit", operation="send_message", count=2)
    task = Task(rig, given={"if_unclear": "fail"})
    task.attempt()
    once(rig, task)


def test_resend_takes_the_risk(rig: Rig) -> None:
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(rig, given={"if_unclear": "resend"})
    with pytest.raises(ConnectionLostError) as caught:
        task.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    task.attempt()
    assert rig.delivered()[task.text] == 2


# on_rerun


@pytest.mark.parametrize("ledger", LEDGERS)
def test_resend_sends_once_more_for_each_clear_and_for_no_retry(rig: Rig, ledger: str) -> None:
    task = Task(rig, ledger, {"on_rerun": "resend"})
    first = task.attempt()["id"]
    ids = {first}
    for clears in range(1, 4):
        if ledger == "none":
            rig.sleep(2)  # its history has whole seconds, and nothing else tells the two apart
        task.clear()
        with pytest.raises(Killed):
            task.attempt("after_post")
        ids.add(task.attempt()["id"])
        task.attempt()
        assert len(ids) == rig.delivered()[task.text] == 1 + clears


@pytest.mark.parametrize("ledger", LEDGERS)
def test_resend_sends_once_more_where_the_run_is_running_still(rig: Rig, ledger: str) -> None:
    task = Task(rig, ledger, {"on_rerun": "resend"})
    sent = [task.attempt()["id"]]
    rig.sleep(600)
    task.clear(running=True)
    with pytest.raises(Killed):
        task.attempt("after_post")
    sent.append(task.attempt()["id"])
    assert len(set(sent)) == rig.delivered()[task.text] == 2


@pytest.mark.parametrize("ledger", KEEPING)
def test_what_the_first_attempt_sent_is_found_when_the_second_looks_for_its_own(
    rig: Rig, ledger: str
) -> None:
    """It shows up only after the second attempt has looked for it, and has begun to send."""
    rig.sandbox.configure(history_lag=15)
    task = Task(rig, ledger)
    with pytest.raises(Killed):
        task.attempt("after_post")
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    task.attempt()
    once(rig, task)


@pytest.mark.parametrize("ledger", KEEPING)
def test_a_message_found_after_a_clear_is_not_sent_again_by_a_retry(rig: Rig, ledger: str) -> None:
    task = Task(rig, ledger, {"on_rerun": "resend"})
    with pytest.raises(Killed):
        task.attempt("after_post")
    task.clear()
    with pytest.raises(Killed):
        task.attempt("after_done")
    task.attempt()
    once(rig, task)


def test_a_lost_answer_of_a_resend_is_not_taken_for_the_message_before(rig: Rig) -> None:
    task = Task(rig, given={"on_rerun": "resend"})
    first = task.attempt()
    task.clear()
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    assert task.attempt()["id"] != first["id"]
    assert rig.delivered()[task.text] == 2


# idempotency_key


def test_a_key_of_ones_own_reaches_across_tasks_and_runs(rig: Rig) -> None:
    given = {"idempotency_key": "order 7, ready"}
    first = Task(rig, "file", given)
    other = Task(rig, "file", given, text=first.text, run_id="manual__2", retries=0)
    assert as_kept(first.attempt()) == other.attempt()
    once(rig, first)


def test_a_task_that_was_not_cleared_does_not_resend_what_another_sent(rig: Rig) -> None:
    given = {"idempotency_key": "order 7, ready", "on_rerun": "resend"}
    first = Task(rig, "file", given)
    other = Task(rig, "file", given, text=first.text, run_id="manual__2", retries=0)
    assert as_kept(first.attempt()) == other.attempt()
    once(rig, first)


@pytest.mark.parametrize("ledger", KEEPING)
def test_a_key_may_be_a_number(rig: Rig, ledger: str) -> None:
    """A native template gives the number as it is, and another the same number as words."""
    task = Task(rig, ledger, {"idempotency_key": 42})
    sent = task.attempt()
    task.given["idempotency_key"] = " 42 "
    assert task.attempt() == as_kept(sent)
    once(rig, task)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("key", ["None", "", " "])
def test_a_key_that_all_would_share_is_refused(rig: Rig, ledger: str, key: str) -> None:
    """As a template makes it of an XCom that is not there: all but the first would be skipped."""
    task = Task(rig, ledger, {"idempotency_key": "{{ ti.xcom_pull('order') }}"})
    operator = task.operator()
    operator.idempotency_key = key
    operator.__dict__["hook"] = hook = rig.hook()
    with pytest.raises(InputError, match=r"^idempotency_key: "):
        operator.execute(task.context)
    hook.close()
    assert not rig.sends()


def test_the_same_key_in_airflows_store_is_another_one(rig: Rig) -> None:
    given = {"idempotency_key": "order 7, ready"}
    first = Task(rig, given=given)
    first.attempt()
    Task(rig, given=given, text=first.text).attempt()
    assert rig.delivered()[first.text] == 2


# The text


@pytest.mark.parametrize("kill", ["after_begun", "after_post"])
def test_a_text_that_changes_between_attempts(rig: Rig, kill: str, task_log: Callable[[], str]) -> None:
    task = Task(rig, text="It is 12:00")
    with pytest.raises(Killed):
        task.attempt(kill)
    task_log()
    task.text = "It is 12:05"
    sent = task.attempt()
    was_sent = kill == "after_post"
    assert sent["text"] == ("It is 12:00" if was_sent else "It is 12:05")
    assert ("sent the message with another text" in task_log()) == was_sent
    assert rig.delivered().total() == 1


def test_line_ends_and_outer_blanks_do_not_make_another_text(rig: Rig) -> None:
    task = Task(rig, text="  Hello \r\nAnna\n")
    with pytest.raises(Killed):
        task.attempt("after_post")
    task.text = "Hello\nAnna"
    task.attempt()
    assert rig.delivered().total() == 1


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("kill", ["", "after_done"])
def test_what_was_sent_is_told_with_its_text_by_who_still_has_it(
    rig: Rig, ledger: str, kill: str, task_log: Callable[[], str]
) -> None:
    task = Task(rig, ledger, text="It is 12:00 \r\n")
    if kill:
        with pytest.raises(Killed):
            task.attempt(kill)
    else:
        task.attempt()
    task.text = "It is 12:00"
    same = task.attempt()
    assert (same["text"], same["status"], same["direction"]) == ("It is 12:00", "sent", "outgoing")
    assert "with another text" not in task_log()
    task.text = "It is 12:05"
    assert task.attempt() == {**same, "text": None}
    assert "sent the message with another text" in task_log()
    assert rig.delivered().total() == 1


# The person


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("kill", ["", "after_post"])
@pytest.mark.parametrize("phone", [PHONES[3], "+79990000001"])
def test_a_person_by_phone(rig: Rig, ledger: str, kill: str, phone: str) -> None:
    task = Task(rig, ledger, {"phone": phone, "name": "Anna"})
    if kill:
        with pytest.raises(Killed):
            task.attempt(kill)
    task.attempt()
    assert [line["text"] for line in rig.sandbox.conversation(phone)] == [task.text]


def test_the_same_text_to_two_people_is_two_messages(rig: Rig) -> None:
    first, second = (
        Task(rig, text="Hello", given={"user_id": user}) for user in (rig.users[0], str(rig.users[1]))
    )
    first.attempt()
    with pytest.raises(Killed):
        second.attempt("after_begun")
    second.attempt()
    assert rig.delivered()["Hello"] == 2


def arrived(rig: Rig) -> list[list[str]]:
    """Return what each person has got."""
    return [[line["text"] for line in rig.sandbox.conversation(phone)] for phone in PHONES]


def named(rig: Rig, by: str, person: int) -> dict[str, Any]:
    return {"phone": PHONES[person]} if by == "phone" else {"user_id": rig.users[person]}


@pytest.fixture(params=["phone", "user_id"])
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("given", [{}, {"if_unclear": "resend"}], ids=["check", "resend"])
@pytest.mark.parametrize("to", ["phone", "user_id"])
def test_a_send_that_was_begun_for_another_goes_to_the_one_named_now(
    rig: Rig, ledger: str, given: dict[str, Any], by: str, to: str
) -> None:
    """A corrected number; a list that was built anew and has another first row."""
    task = Task(rig, ledger, {**named(rig, by, 0), **given}, text="Your code is 111")
    with pytest.raises(Killed):
        task.attempt("before_post")
    task.given, task.text = {**named(rig, to, 1), **given}, "Your code is 222"
    task.clear()
    assert task.attempt()["user_id"] == rig.users[1]
    assert arrived(rig)[:2] == [[], ["Your code is 222"]]


@pytest.mark.parametrize("ledger", KEEPING)
def test_what_was_begun_for_another_is_not_dated_back(rig: Rig, ledger: str, by: str) -> None:
    """The same words went to the second person meanwhile: those are another message."""
    task = Task(rig, ledger, named(rig, by, 0), text="Hello")
    with pytest.raises(Killed):
        task.attempt("before_post")
    rig.sleep(60)
    Task(rig, ledger, named(rig, by, 1), text="Hello").attempt()
    rig.sleep(60)
    task.given = named(rig, by, 1)
    rig.sandbox.inject("cut_before", operation="send_message", count=1)
    task.attempt()
    assert arrived(rig)[:2] == [[], ["Hello", "Hello"]]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("to", ["phone", "user_id"])
@pytest.mark.parametrize("kill", ["", "after_post"])
def test_what_another_has_got_is_not_sent_and_a_warning_says_so(
    rig: Rig, task_log: Callable[[], str], ledger: str, by: str, to: str, kill: str
) -> None:
    task = Task(rig, ledger, named(rig, by, 0))
    outcome(lambda: task.attempt(kill))
    task.given = named(rig, to, 1)
    task.clear()
    task_log()
    assert task.attempt()["user_id"] == rig.users[0]
    said = task_log()
    assert f"sent the message to user {rig.users[0]}. The task now names another person" in said
    assert 'on_rerun="resend"' in said
    assert f"to user {rig.users[0]} through channel" in said  # not with the number of somebody else
    assert not re.search(r"7916|\(\+7\*", said)
    assert arrived(rig)[:2] == [[task.text], []]
    task.given |= {"on_rerun": "resend"}
    task.clear()
    task.attempt()
    assert arrived(rig)[:2] == [[task.text], [task.text]]


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("to", ["phone", "user_id"])
@pytest.mark.parametrize("kill", ["", "after_post"])
def test_the_same_person_named_otherwise_is_no_reason_to_warn(
    rig: Rig, task_log: Callable[[], str], ledger: str, by: str, to: str, kill: str
) -> None:
    task = Task(rig, ledger, named(rig, by, 0))
    outcome(lambda: task.attempt(kill))
    task.given = {name: str(value) for name, value in named(rig, to, 0).items()}
    task.clear()
    task.attempt()
    assert "names another person" not in task_log()
    once(rig, task)


def test_a_cleared_task_asks_nothing_about_the_same_phone(rig: Rig) -> None:
    task = Task(rig, given=named(rig, "phone", 0))
    task.attempt()
    assert PHONES[0][1:] not in "".join(task.store.kept.values())
    rig.sandbox.clear_requests()
    task.clear()
    task.attempt()
    assert rig.requests == []


def test_a_person_who_cannot_be_looked_up_is_not_doubted(rig: Rig, task_log: Callable[[], str]) -> None:
    task = Task(rig, given=named(rig, "user_id", 0))
    sent = task.attempt()
    task.given = named(rig, "phone", 0)
    rig.sandbox.inject("unavailable")
    assert task.attempt() == as_kept(sent)
    assert "names another person" not in task_log()


# The channel


@pytest.fixture
def second(rig: Rig) -> str:
    """Return another channel, whose users have ids of their own."""
    uuid = str(rig.hook().create_channel("Second", "telegram", rig.project_id).uuid)
    rig.sandbox.scan(uuid)
    return uuid


def through(rig: Rig) -> list[str]:
    """Return which channels the first person has got something through."""
    return [line["channel_uuid"] for line in rig.sandbox.conversation(PHONES[0])]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("kill", ["", "after_post", "after_done"])
def test_what_was_sent_through_another_channel_is_sent(
    rig: Rig, second: str, task_log: Callable[[], str], ledger: str, kill: str
) -> None:
    """A number was banned, and the connection's default is another channel now."""
    first = rig.channel["channel_uuid"]
    task = Task(rig, ledger, {"phone": PHONES[0]})
    outcome(lambda: task.attempt(kill))
    task.given["channel_uuid"] = second
    task.clear()
    task_log()
    message = task.attempt()
    said = task_log()
    assert f"an earlier attempt sent message {message['id']}" in said
    assert f"through channel {first}: sent" in said
    assert "names another person" not in said
    assert task.attempt() == as_kept(message)
    assert through(rig) == [first]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("by", ["phone", "user_id"], indirect=True)
def test_what_was_begun_in_another_channel_and_not_sent_goes_through_the_one_named_now(
    rig: Rig, second: str, ledger: str, by: str
) -> None:
    task = Task(rig, ledger, named(rig, by, 0))
    with pytest.raises(Killed):
        task.attempt("before_post")
    user_id = rig.hook().create_user("Anna", PHONES[0], second, rig.project_id).id
    task.given = {**({"user_id": user_id} if by == "user_id" else task.given), "channel_uuid": second}
    with pytest.raises(Killed):
        task.attempt("after_post")
    assert task.attempt()["user_id"] == user_id
    assert through(rig) == [second]


# A ledger that cannot be written


def test_a_ledger_that_cannot_be_written_keeps_the_message_from_being_sent(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file in its way")
    task = Task(rig, "file")
    with pytest.raises(OSError, match="ledger"):
        task.attempt()
    assert not rig.sends()
    (tmp_path / "ledger").unlink()
    task.attempt()
    once(rig, task)


def test_a_store_that_fails_after_the_send_is_settled_by_the_retry(rig: Rig) -> None:
    class Failing(Store):
        def set(self, key: str, value: Any) -> None:
            if value["message"]:
                raise ConnectionError("Airflow's API is away")
            super().set(key, value)

    task = Task(rig, store=Failing())
    with pytest.raises(ConnectionError):
        task.attempt()
    task.store.__class__ = Store
    task.attempt()
    once(rig, task)


# Creating


@pytest.mark.parametrize(
    ("fault", "given"), [("cut_before", {}), ("cut_after", {}), ("error_after", {"status": 502})]
)
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("if_exists", ["reuse", "create"])
def test_what_is_created_exists_once(
    rig: Rig, fault: str, given: dict[str, Any], count: int, if_exists: str
) -> None:
    hook = rig.hook()

    def fail(operation: str) -> None:
        rig.sandbox.inject(fault, operation=operation, count=count, **given)

    fail("create_project")
    project = hook.create_project("New", if_exists=if_exists)
    assert [found.id for found in hook.list_projects() if found.name == "New"] == [project.id]
    fail("create_channel")
    channel = hook.create_channel("New", project_id=project.id, if_exists=if_exists)
    assert [found.uuid for found in hook.list_channels(project.id)] == [channel.uuid]
    if if_exists == "reuse":
        rig.sandbox.scan(str(channel.uuid))
        fail("create_user")
        user = hook.create_user("Anna", "+79990000001", channel.uuid, project.id)
        assert [found.id for found in hook.list_users(channel.uuid, project.id)] == [user.id]


def test_nothing_secret_is_in_the_errors(rig: Rig) -> None:
    rig.sandbox.inject("cut_after", operation="send_message", count=1)
    rig.sandbox.inject("unavailable", operation="messages")
    task = Task(rig, text="Something personal", given={"phone": PHONES[0]})
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert not re.search(r"personal|7916", str(caught.value))
