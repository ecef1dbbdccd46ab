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
from tests.delivery.world import (
    KILLS,
    KILLS_WITHOUT_LEDGER,
    PHONES,
    SLOW,
    Killed,
    Store,
    Task,
    World,
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


def once(world: World, task: Task) -> None:
    assert world.delivered()[task.text] == 1


def test_a_send_costs_one_request_and_two_writes(world: World) -> None:
    task = Task(world)
    task.attempt()
    assert world.requests == [f"POST {world.users[0]}"]
    assert task.store.calls == ["get", "set", "set"]
    once(world, task)


@pytest.mark.parametrize("ledger", KEEPING)
def test_a_cleared_task_that_had_sent_sends_nothing(world: World, ledger: str) -> None:
    task = Task(world, ledger)
    sent = task.attempt()
    world.sandbox.clear_requests()
    task.clear()
    assert task.attempt() == as_kept(sent)
    assert world.requests == []


def test_without_a_ledger_the_history_tells_that_a_cleared_task_had_sent(world: World) -> None:
    task = Task(world, "none")
    sent = task.attempt()
    task.clear()
    assert task.attempt()["id"] == sent["id"]
    once(world, task)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize(("fault", "given"), CARRIED_OUT)
@pytest.mark.parametrize("skew", [-120, 0, 120])
def test_a_lost_answer_is_looked_up(
    world: World, ledger: str, fault: str, given: dict[str, Any], skew: float
) -> None:
    world.skew(skew)
    world.sandbox.inject(fault, operation="send_message", count=1, **given)
    task = Task(world, ledger)
    sent = task.attempt()
    assert sent["text"] == task.text
    assert sent["user_id"] == world.users[0]
    assert world.sends() == 1
    once(world, task)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("skew", [-120, 120])
@pytest.mark.parametrize("late", [False, True], ids=["before the attempt", "in the attempt"])
def test_a_clock_that_is_set_after_the_login(world: World, ledger: str, skew: float, late: bool) -> None:
    """The host's clock was wrong when the server's was learnt, and is corrected."""
    world.skew(skew)
    hook = world.hook()
    hook.get_conn()._token()
    world.sandbox.clear_requests()
    world.set_clock(skew)
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(world, ledger)
    task.attempt(hook=hook if late else None)
    assert world.requests == [f"POST {world.users[0]}", "GET messages"]
    once(world, task)


@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("skew", [-120, 120])
def test_a_clock_that_is_set_between_two_attempts(world: World, skew: float, kill: str) -> None:
    world.skew(skew)
    task = Task(world)
    with pytest.raises(Killed):
        task.attempt(kill)
    world.set_clock(skew)
    task.attempt()
    once(world, task)


@pytest.fixture
def ready_made(world: World, connect: Any) -> Callable[..., WahelpHook]:
    """Return what makes hooks with a token and no login: before a send the server's time is not known."""
    token = world.hook().get_conn()._token()
    connect(world.sandbox.url, "ready_made", login="", password="", extra={"access_token": token})
    world.sandbox.clear_requests()
    return lambda kill="": world.hook(kill, conn_id="ready_made")


def test_a_send_with_a_ready_made_token_costs_one_request(
    world: World, ready_made: Callable[..., WahelpHook]
) -> None:
    task = Task(world)
    task.attempt(hook=ready_made())
    assert world.requests == [f"POST {world.users[0]}"]
    ready_made().send_message("By the hook", world.users[0], **world.channel)
    assert world.requests == [f"POST {world.users[0]}"] * 2


@pytest.mark.parametrize("skew", [-120, 0, 120])
@pytest.mark.parametrize("fault", ["cut_after", "cut_before"])
def test_the_servers_time_is_learnt_while_looking(
    world: World, ready_made: Callable[..., WahelpHook], fault: str, skew: float
) -> None:
    """Neither is the message missed, nor another's of a minute ago taken for it."""
    world.skew(skew)
    Task(world, text="The same").attempt()
    world.sleep(60)
    world.sandbox.inject(fault, operation="send_message", count=1)
    Task(world, text="The same").attempt(hook=ready_made())
    assert world.delivered()["The same"] == 2


@pytest.mark.parametrize("skew", [-120, 0, 120])
@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("given", [{}, {"if_unclear": "resend"}], ids=["check", "resend"])
def test_a_killed_worker_with_a_ready_made_token(
    world: World, ready_made: Callable[..., WahelpHook], given: dict[str, Any], kill: str, skew: float
) -> None:
    world.skew(skew)
    task = Task(world, given=given)
    with pytest.raises(Killed):
        task.attempt(kill, hook=ready_made(kill))
    assert task.attempt(hook=ready_made())["text"] == task.text
    assert world.delivered()[task.text] == (2 if given and kill in {"after_post", "before_done"} else 1)


@pytest.mark.parametrize("ahead", [-50, 0, 50])
@pytest.mark.parametrize("kill", KILLS)
def test_a_retry_on_another_host_whose_clock_is_another(
    world: World, ready_made: Callable[..., WahelpHook], kill: str, ahead: float
) -> None:
    task = Task(world)
    with pytest.raises(Killed), world.elsewhere(ahead):
        task.attempt(kill, hook=ready_made(kill))
    assert task.attempt(hook=ready_made())["text"] == task.text
    once(world, task)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("skew", [-120, 0, 120])
@pytest.mark.parametrize("kill", KILLS)
def test_a_worker_is_killed(world: World, ledger: str, kill: str, skew: float) -> None:
    if ledger == "none" and kill not in KILLS_WITHOUT_LEDGER:
        pytest.skip("there is no ledger to die at")
    world.skew(skew)
    task = Task(world, ledger)
    with pytest.raises(Killed):
        task.attempt(kill)
    assert task.attempt()["text"] == task.text
    once(world, task)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_the_history_lags(world: World, ledger: str) -> None:
    world.sandbox.configure(history_lag=9)
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(world, ledger)
    task.attempt()
    with pytest.raises(Killed):
        (other := Task(world, ledger)).attempt("after_post")
    other.attempt()
    once(world, task)
    once(world, other)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_history_that_cannot_be_read_is_read_by_the_retry(world: World, ledger: str) -> None:
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    world.sandbox.inject("unavailable", operation="messages")
    task = Task(world, ledger)
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    with pytest.raises(UnknownOutcomeError):
        task.attempt()
    world.sandbox.clear_faults()
    task.attempt()
    once(world, task)
    assert world.sends() == 1


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_message_that_was_deleted_since_proves_nothing(world: World, ledger: str, language: Any) -> None:
    task = Task(world, ledger)
    with pytest.raises(Killed):
        task.attempt("after_post")
    world.sandbox.delete_message(world.sandbox.conversation(PHONES[0])[0]["id"], language=language)
    for _ in range(2):
        with pytest.raises(UnknownOutcomeError, match="a message to the user was deleted"):
            task.attempt()
    assert world.sends() == 1


def test_a_deleted_message_does_not_hide_the_one_that_was_sent(world: World) -> None:
    task = Task(world)
    with pytest.raises(Killed):
        task.attempt("after_post")
    other = Task(world)
    world.sandbox.delete_message(other.attempt()["id"])
    assert task.attempt()["text"] == task.text
    once(world, task)


@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_refusal_leaves_nothing_behind(world: World, ledger: str) -> None:
    world.sandbox.inject("success_false", operation="send_message", count=1)
    task = Task(world, ledger)
    with pytest.raises(RejectedError) as caught:
        task.attempt()
    assert isinstance(caught.value, AirflowFailException)
    assert not task.store.kept
    task.clear()
    task.attempt()
    once(world, task)


def test_what_asks_for_patience_leaves_nothing_behind(world: World) -> None:
    world.sandbox.inject("rate_limit", operation="send_message", retry_after=600)
    task = Task(world)
    with pytest.raises(RateLimitedError) as caught:
        task.attempt()
    assert caught.value.retry_after == 600
    assert not task.store.kept
    world.sandbox.clear_faults()
    world.sandbox.clear_requests()
    task.attempt()
    assert world.requests == [f"POST {world.users[0]}"]


def test_sending_is_tried_three_times_where_it_never_happens(world: World) -> None:
    world.sandbox.inject("cut_before", operation="send_message")
    task = Task(world)
    with pytest.raises(ConnectionLostError) as caught:
        task.attempt()
    assert "Nothing was carried out; it may be repeated." in str(caught.value)
    assert world.sends() == 3
    assert not task.store.kept


# A token is not the message: where none can be got, nothing was sent.


@pytest.mark.parametrize("if_unclear", ["check", "fail", "resend"])
def test_a_login_that_fails_midway_is_no_unclear_send(world: World, if_unclear: str) -> None:
    world.hook().get_conn()._token()
    world.sandbox.inject("dead_token", operation="send_message", count=1)
    world.sandbox.inject("error_after", operation="login", status=502)
    task = Task(world, given={"if_unclear": if_unclear})
    with pytest.raises(Exception, match="Could not log in") as caught:
        task.attempt()
    assert not isinstance(caught.value, UnknownOutcomeError | AirflowFailException)
    assert "Nothing was carried out; it may be repeated." in str(caught.value)
    assert not task.store.kept


# if_unclear


def test_fail_fails_for_good_where_an_answer_is_lost(world: World) -> None:
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(world, given={"if_unclear": "fail"})
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert isinstance(caught.value, AirflowFailException)
    with pytest.raises(UnknownOutcomeError, match='if_unclear is "fail"'):
        task.attempt()
    assert world.sends() == 1


def test_fail_fails_for_good_after_a_kill(world: World) -> None:
    task = Task(world, given={"if_unclear": "fail"})
    with pytest.raises(Killed):
        task.attempt("after_begun")
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert isinstance(caught.value, AirflowFailException)
    assert not world.sends()


def test_fail_is_no_reason_not_to_wait_out_a_rate_limit(world: World) -> None:
    world.sandbox.inject("rate_limit", operation="send_message", count=2)
    task = Task(world, given={"if_unclear": "fail"})
    task.attempt()
    once(world, task)


def test_resend_takes_the_risk(world: World) -> None:
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    task = Task(world, given={"if_unclear": "resend"})
    with pytest.raises(ConnectionLostError) as caught:
        task.attempt()
    assert not isinstance(caught.value, AirflowFailException)
    task.attempt()
    assert world.delivered()[task.text] == 2


# on_rerun


@pytest.mark.parametrize("ledger", LEDGERS)
def test_resend_sends_once_more_for_each_clear_and_for_no_retry(world: World, ledger: str) -> None:
    task = Task(world, ledger, {"on_rerun": "resend"})
    first = task.attempt()["id"]
    ids = {first}
    for clears in range(1, 4):
        if ledger == "none":
            world.sleep(2)  # its history has whole seconds, and nothing else tells the two apart
        task.clear()
        with pytest.raises(Killed):
            task.attempt("after_post")
        ids.add(task.attempt()["id"])
        task.attempt()
        assert len(ids) == world.delivered()[task.text] == 1 + clears


@pytest.mark.parametrize("ledger", LEDGERS)
def test_resend_sends_once_more_where_the_run_is_running_still(world: World, ledger: str) -> None:
    task = Task(world, ledger, {"on_rerun": "resend"})
    sent = [task.attempt()["id"]]
    world.sleep(600)
    task.clear(running=True)
    with pytest.raises(Killed):
        task.attempt("after_post")
    sent.append(task.attempt()["id"])
    assert len(set(sent)) == world.delivered()[task.text] == 2


@pytest.mark.parametrize("ledger", KEEPING)
def test_a_message_found_after_a_clear_is_not_sent_again_by_a_retry(world: World, ledger: str) -> None:
    task = Task(world, ledger, {"on_rerun": "resend"})
    with pytest.raises(Killed):
        task.attempt("after_post")
    task.clear()
    with pytest.raises(Killed):
        task.attempt("after_done")
    task.attempt()
    once(world, task)


def test_a_lost_answer_of_a_resend_is_not_taken_for_the_message_before(world: World) -> None:
    task = Task(world, given={"on_rerun": "resend"})
    first = task.attempt()
    task.clear()
    world.sandbox.inject("cut_before", operation="send_message", count=1)
    assert task.attempt()["id"] != first["id"]
    assert world.delivered()[task.text] == 2


# idempotency_key


def test_a_key_of_ones_own_reaches_across_tasks_and_runs(world: World) -> None:
    given = {"idempotency_key": "order 7, ready"}
    first = Task(world, "file", given)
    other = Task(world, "file", given, text=first.text, run_id="manual__2", retries=0)
    assert as_kept(first.attempt()) == other.attempt()
    once(world, first)


def test_a_task_that_was_not_cleared_does_not_resend_what_another_sent(world: World) -> None:
    given = {"idempotency_key": "order 7, ready", "on_rerun": "resend"}
    first = Task(world, "file", given)
    other = Task(world, "file", given, text=first.text, run_id="manual__2", retries=0)
    assert as_kept(first.attempt()) == other.attempt()
    once(world, first)


@pytest.mark.parametrize("ledger", KEEPING)
def test_a_key_may_be_a_number(world: World, ledger: str) -> None:
    """A native template gives the number as it is, and another the same number as words."""
    task = Task(world, ledger, {"idempotency_key": 42})
    sent = task.attempt()
    task.given["idempotency_key"] = " 42 "
    assert task.attempt() == as_kept(sent)
    once(world, task)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("key", ["None", "", " "])
def test_a_key_that_all_would_share_is_refused(world: World, ledger: str, key: str) -> None:
    """As a template makes it of an XCom that is not there: all but the first would be skipped."""
    task = Task(world, ledger, {"idempotency_key": "{{ ti.xcom_pull('order') }}"})
    operator = task.operator()
    operator.idempotency_key = key
    operator.__dict__["hook"] = hook = world.hook()
    with pytest.raises(InputError, match=r"^idempotency_key: "):
        operator.execute(task.context)
    hook.close()
    assert not world.sends()


def test_the_same_key_in_airflows_store_is_another_one(world: World) -> None:
    given = {"idempotency_key": "order 7, ready"}
    first = Task(world, given=given)
    first.attempt()
    Task(world, given=given, text=first.text).attempt()
    assert world.delivered()[first.text] == 2


# The text


@pytest.mark.parametrize("kill", ["after_begun", "after_post"])
def test_a_text_that_changes_between_attempts(world: World, kill: str, task_log: Callable[[], str]) -> None:
    task = Task(world, text="It is 12:00")
    with pytest.raises(Killed):
        task.attempt(kill)
    task_log()
    task.text = "It is 12:05"
    sent = task.attempt()
    was_sent = kill == "after_post"
    assert sent["text"] == ("It is 12:00" if was_sent else "It is 12:05")
    assert ("sent the message with another text" in task_log()) == was_sent
    assert world.delivered().total() == 1


def test_line_ends_and_outer_blanks_do_not_make_another_text(world: World) -> None:
    task = Task(world, text="  Hello \r\nAnna\n")
    with pytest.raises(Killed):
        task.attempt("after_post")
    task.text = "Hello\nAnna"
    task.attempt()
    assert world.delivered().total() == 1


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("kill", ["", "after_done"])
def test_what_was_sent_is_told_with_its_text_by_who_still_has_it(
    world: World, ledger: str, kill: str, task_log: Callable[[], str]
) -> None:
    task = Task(world, ledger, text="It is 12:00 \r\n")
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
    assert world.delivered().total() == 1


# The person


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("kill", ["", "after_post"])
@pytest.mark.parametrize("phone", [PHONES[3], "+79990000001"])
def test_a_person_by_phone(world: World, ledger: str, kill: str, phone: str) -> None:
    task = Task(world, ledger, {"phone": phone, "name": "Anna"})
    if kill:
        with pytest.raises(Killed):
            task.attempt(kill)
    task.attempt()
    assert [line["text"] for line in world.sandbox.conversation(phone)] == [task.text]


def test_the_same_text_to_two_people_is_two_messages(world: World) -> None:
    first, second = (
        Task(world, text="Hello", given={"user_id": user}) for user in (world.users[0], str(world.users[1]))
    )
    first.attempt()
    with pytest.raises(Killed):
        second.attempt("after_begun")
    second.attempt()
    assert world.delivered()["Hello"] == 2


def arrived(world: World) -> list[list[str]]:
    """Return what each person has got."""
    return [[line["text"] for line in world.sandbox.conversation(phone)] for phone in PHONES]


def named(world: World, by: str, person: int) -> dict[str, Any]:
    return {"phone": PHONES[person]} if by == "phone" else {"user_id": world.users[person]}


@pytest.fixture(params=["phone", "user_id"])
def by(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("given", [{}, {"if_unclear": "resend"}], ids=["check", "resend"])
@pytest.mark.parametrize("to", ["phone", "user_id"])
def test_a_send_that_was_begun_for_another_goes_to_the_one_named_now(
    world: World, ledger: str, given: dict[str, Any], by: str, to: str
) -> None:
    """A corrected number; a list that was built anew and has another first row."""
    task = Task(world, ledger, {**named(world, by, 0), **given}, text="Your code is 111")
    with pytest.raises(Killed):
        task.attempt("before_post")
    task.given, task.text = {**named(world, to, 1), **given}, "Your code is 222"
    task.clear()
    assert task.attempt()["user_id"] == world.users[1]
    assert arrived(world)[:2] == [[], ["Your code is 222"]]


@pytest.mark.parametrize("ledger", KEEPING)
def test_what_was_begun_for_another_is_not_dated_back(world: World, ledger: str, by: str) -> None:
    """The same words went to the second person meanwhile: those are another message."""
    task = Task(world, ledger, named(world, by, 0), text="Hello")
    with pytest.raises(Killed):
        task.attempt("before_post")
    world.sleep(60)
    Task(world, ledger, named(world, by, 1), text="Hello").attempt()
    world.sleep(60)
    task.given = named(world, by, 1)
    world.sandbox.inject("cut_before", operation="send_message", count=1)
    task.attempt()
    assert arrived(world)[:2] == [[], ["Hello", "Hello"]]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("to", ["phone", "user_id"])
@pytest.mark.parametrize("kill", ["", "after_post"])
def test_what_another_has_got_is_not_sent_and_a_warning_says_so(
    world: World, task_log: Callable[[], str], ledger: str, by: str, to: str, kill: str
) -> None:
    task = Task(world, ledger, named(world, by, 0))
    outcome(lambda: task.attempt(kill))
    task.given = named(world, to, 1)
    task.clear()
    task_log()
    assert task.attempt()["user_id"] == world.users[0]
    said = task_log()
    assert f"sent the message to user {world.users[0]}. The task now names another person" in said
    assert 'on_rerun="resend"' in said
    assert f"to user {world.users[0]} through channel" in said  # not with the number of somebody else
    assert not re.search(r"7916|\(\+7\*", said)
    assert arrived(world)[:2] == [[task.text], []]
    task.given |= {"on_rerun": "resend"}
    task.clear()
    task.attempt()
    assert arrived(world)[:2] == [[task.text], [task.text]]


@pytest.mark.parametrize("ledger", LEDGERS)
@pytest.mark.parametrize("to", ["phone", "user_id"])
@pytest.mark.parametrize("kill", ["", "after_post"])
def test_the_same_person_named_otherwise_is_no_reason_to_warn(
    world: World, task_log: Callable[[], str], ledger: str, by: str, to: str, kill: str
) -> None:
    task = Task(world, ledger, named(world, by, 0))
    outcome(lambda: task.attempt(kill))
    task.given = {name: str(value) for name, value in named(world, to, 0).items()}
    task.clear()
    task.attempt()
    assert "names another person" not in task_log()
    once(world, task)


def test_a_cleared_task_asks_nothing_about_the_same_phone(world: World) -> None:
    task = Task(world, given=named(world, "phone", 0))
    task.attempt()
    assert PHONES[0][1:] not in "".join(task.store.kept.values())
    world.sandbox.clear_requests()
    task.clear()
    task.attempt()
    assert world.requests == []


def test_a_person_who_cannot_be_looked_up_is_not_doubted(world: World, task_log: Callable[[], str]) -> None:
    task = Task(world, given=named(world, "user_id", 0))
    sent = task.attempt()
    task.given = named(world, "phone", 0)
    world.sandbox.inject("unavailable")
    assert task.attempt() == as_kept(sent)
    assert "names another person" not in task_log()


# The channel


@pytest.fixture
def second(world: World) -> str:
    """Return another channel, whose users have ids of their own."""
    uuid = str(world.hook().create_channel("Second", "telegram", world.project_id).uuid)
    world.sandbox.scan(uuid)
    return uuid


def through(world: World) -> list[str]:
    """Return which channels the first person has got something through."""
    return [line["channel_uuid"] for line in world.sandbox.conversation(PHONES[0])]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("kill", ["", "after_post", "after_done"])
def test_what_was_sent_through_another_channel_is_sent(
    world: World, second: str, task_log: Callable[[], str], ledger: str, kill: str
) -> None:
    """A number was banned, and the connection's default is another channel now."""
    first = world.channel["channel_uuid"]
    task = Task(world, ledger, {"phone": PHONES[0]})
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
    assert through(world) == [first]


@pytest.mark.parametrize("ledger", KEEPING)
@pytest.mark.parametrize("by", ["phone", "user_id"], indirect=True)
def test_what_was_begun_in_another_channel_and_not_sent_goes_through_the_one_named_now(
    world: World, second: str, ledger: str, by: str
) -> None:
    task = Task(world, ledger, named(world, by, 0))
    with pytest.raises(Killed):
        task.attempt("before_post")
    user_id = world.hook().create_user("Anna", PHONES[0], second, world.project_id).id
    task.given = {**({"user_id": user_id} if by == "user_id" else task.given), "channel_uuid": second}
    with pytest.raises(Killed):
        task.attempt("after_post")
    assert task.attempt()["user_id"] == user_id
    assert through(world) == [second]


# A ledger that cannot be written


def test_a_ledger_that_cannot_be_written_keeps_the_message_from_being_sent(
    world: World, tmp_path: Path
) -> None:
    (tmp_path / "ledger").write_text("a file in its way")
    task = Task(world, "file")
    with pytest.raises(OSError, match="ledger"):
        task.attempt()
    assert not world.sends()
    (tmp_path / "ledger").unlink()
    task.attempt()
    once(world, task)


def test_a_store_that_fails_after_the_send_is_settled_by_the_retry(world: World) -> None:
    class Failing(Store):
        def set(self, key: str, value: Any) -> None:
            if value["message"]:
                raise ConnectionError("Airflow's API is away")
            super().set(key, value)

    task = Task(world, store=Failing())
    with pytest.raises(ConnectionError):
        task.attempt()
    task.store.__class__ = Store
    task.attempt()
    once(world, task)


# Creating


@pytest.mark.parametrize(
    ("fault", "given"), [("cut_before", {}), ("cut_after", {}), ("error_after", {"status": 502})]
)
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("if_exists", ["reuse", "create"])
def test_what_is_created_exists_once(
    world: World, fault: str, given: dict[str, Any], count: int, if_exists: str
) -> None:
    hook = world.hook()

    def fail(operation: str) -> None:
        world.sandbox.inject(fault, operation=operation, count=count, **given)

    fail("create_project")
    project = hook.create_project("New", if_exists=if_exists)
    assert [found.id for found in hook.list_projects() if found.name == "New"] == [project.id]
    fail("create_channel")
    channel = hook.create_channel("New", project_id=project.id, if_exists=if_exists)
    assert [found.uuid for found in hook.list_channels(project.id)] == [channel.uuid]
    if if_exists == "reuse":
        world.sandbox.scan(str(channel.uuid))
        fail("create_user")
        user = hook.create_user("Anna", "+79990000001", channel.uuid, project.id)
        assert [found.id for found in hook.list_users(channel.uuid, project.id)] == [user.id]


def test_nothing_secret_is_in_the_errors(world: World) -> None:
    world.sandbox.inject("cut_after", operation="send_message", count=1)
    world.sandbox.inject("unavailable", operation="messages")
    task = Task(world, text="Something personal", given={"phone": PHONES[0]})
    with pytest.raises(UnknownOutcomeError) as caught:
        task.attempt()
    assert not re.search(r"personal|7916", str(caught.value))
