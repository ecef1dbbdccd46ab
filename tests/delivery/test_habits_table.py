"""What becomes of a send of unknown outcome under each habit that docs/exactly-once.md names, row by row."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import ConnectionLostError, UnknownOutcomeError
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Killed, Rig, Task, outcome
from tests.past import OLD_CUSTOMER

BUSY = 30
"""Messages that come in before the history is read: more than a page has, where pages are capped."""
TEXT = "Anna &  «Olga»: your cafe\u0301 table is ready ❤\ufe0f\n\nhttps://shop.example.com/orders/17?from=wa"
LONG = "Ваш заказ готов. " * 400
MINUTES = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Row:
    """A habit, and what the task makes of a message that went and of one that did not.

    :param went: ``found``, ``unclear`` or ``either``.
    :param missing: ``sent`` or ``unclear``: the task sends a message that did not go, or cannot know that.
    :param learnt: whether the answer to an earlier send has shown the history's clock.
    """

    habits: Mapping[str, Any]
    went: str = "found"
    missing: str = "sent"
    text: str = TEXT
    learnt: bool = True


def unlearnt(went: str, missing: str, **habits: Any) -> Row:
    return Row(habits, went, missing, learnt=False)


TABLE = {
    "production": Row({}),
    "each page is the first": Row({"page_ignored": True}),
    "each page is the first, and full": Row({"page_ignored": True, "page_cap": 20}, "unclear", "unclear"),
    "pages are capped": Row({"page_cap": 20}),
    "oldest first": Row({"oldest_first": True}),
    "oldest first, capped": Row({"oldest_first": True, "page_cap": 20}),
    "oldest first, and only a page": Row(
        {"oldest_first": True, "page_ignored": True, "page_cap": 2}, "unclear", "unclear"
    ),
    "keeps too few": Row({"history_keeps": 20}, "unclear", "unclear"),
    "keeps enough": Row({"history_keeps": 50}),
    "a refused page ends it": Row({"oldest_first": True, "past_end": 404}),
    "promises more for ever": Row({"has_more": "always"}),
    "promises more for ever, oldest first": Row(
        {"has_more": "always", "oldest_first": True}, missing="unclear"
    ),
    **{f"a clock {ahead:+g} s": Row({"times_offset": ahead}) for ahead in (-3600, -2, 2, 3600)},
    # By less than the whole second of the times, what is learnt may leave it open.
    **{f"a clock {ahead:+g} s": Row({"times_offset": ahead}, "either") for ahead in (-1, -0.5)},
    "a clock -3 s, not learnt": unlearnt("unclear", "sent", times_offset=-3),
    "a clock -3600 s, not learnt": unlearnt("unclear", "sent", times_offset=-3600),
    "a clock +2 s, not learnt": unlearnt("found", "sent", times_offset=2),
    "a clock +3600 s, not learnt": unlearnt("unclear", "unclear", times_offset=3600),
    "no seconds": Row({"times_format": MINUTES}),
    "no seconds, not learnt": unlearnt("found", "sent", times_format=MINUTES),
    "UTC": Row({"times_utc": True}),
    "UTC, not learnt": unlearnt("unclear", "sent", times_utc=True),
    "UTC without seconds": Row({"times_utc": True, "times_format": MINUTES}, "unclear"),
    "times that cannot be read": Row({"times_format": "%d.%m.%Y %H:%M"}, "unclear", "unclear"),
    "no times": Row({"times_format": None}, "unclear", "unclear"),
    **{
        f"text: {name}": Row({"texts": (name,)})
        for name in ("html", "nbsp", "one-space", "nfc", "no-fe0f", "zero-width", "no-zero-width")
    },
    "text: short-links": Row({"texts": ("short-links",)}, "unclear"),
    "text: no-blank-lines": Row({"texts": ("no-blank-lines",)}),
    "text: cut": Row({"text_limit": 4096}, text=LONG),
    "deleted": Row({"texts": ("deleted",)}, "unclear"),
    "late by 5 s": Row({"late_outgoing": 5}),
    "late by 40 s": Row({"late_outgoing": 40}),
}
OUTCOMES = {"found": dict, "unclear": UnknownOutcomeError, "either": dict | UnknownOutcomeError}
each_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)


def begin(rig: Rig, row: Row, text: str = "") -> Task:
    """Give the service its habits and let it be quiet for a while, before a task sends."""
    rig.sandbox.set_habits(**row.habits)
    for _ in range(2 * row.learnt):  # a time on a full minute alone may have lost its seconds
        Task(rig, given={"user_id": rig.users[1]}).attempt()
        rig.sleep(7)
    rig.sleep(300)
    rig.sandbox.clear_requests()
    return Task(rig, text=text or row.text)


def chat(rig: Rig) -> None:
    for number in range(BUSY):
        rig.sandbox.receive(OLD_CUSTOMER, f"Words {number}", rig.channel["channel_uuid"])
    rig.sleep(5)


@each_row
@pytest.mark.parametrize("ledger", ["store", "none"])
def test_a_message_that_went_is_found_or_unclear_and_never_sent_twice(
    rig: Rig, row: Row, ledger: str
) -> None:
    task = begin(rig, row)
    task.ledger = ledger
    with pytest.raises(Killed):
        task.attempt("after_post")
    chat(rig)
    result = outcome(task.attempt)
    assert isinstance(result, OUTCOMES[row.went]), result
    assert rig.sends() == 1


@each_row
def test_a_message_that_did_not_go_is_sent_or_unclear(rig: Rig, row: Row) -> None:
    task = begin(rig, row)
    with pytest.raises(Killed):
        task.attempt("before_post")
    chat(rig)
    result = outcome(task.attempt)
    assert isinstance(result, UnknownOutcomeError if row.missing == "unclear" else dict), result
    assert rig.sends() == (row.missing == "sent")


@each_row
def test_a_mailing_sends_none_of_them_twice(rig: Rig, row: Row) -> None:
    begin(rig, row)
    rows = [{"user_id": user, "text": row.text} for user in rig.users]
    # Stop words are another question to the history: docs/mailings.md, "Opt-outs".
    given = {"concurrency": 1, "max_failures": len(rows), "max_length": 10_000, "stop_words": False}
    mailing = MailingTask(rig, rows, given=given)
    with pytest.raises(Killed):
        mailing.attempt(4)  # after the first post
    chat(rig)
    result = outcome(mailing.attempt)
    assert isinstance(result, dict), result
    assert result["sent"] + result["failed"] == len(rows)
    unclear = {"found": (0,), "unclear": (1,), "either": (0, 1)}[row.went]
    assert result["failed"] - (row.missing == "unclear") * (len(rows) - 1) in unclear
    assert rig.sends() == 1 + (len(rows) - 1) * (row.missing == "sent")


YESTERDAYS = ("times that cannot be read", "no times", "UTC, not learnt", "a clock +3600 s, not learnt")


@pytest.mark.parametrize("name", YESTERDAYS)
def test_what_was_sent_earlier_does_not_count_where_times_prove_nothing(rig: Rig, name: str) -> None:
    """The task would be green, and nothing sent."""
    row = TABLE[name]
    Task(rig, text=TEXT).attempt()
    rig.skew(0)  # a host that has learnt nothing
    task = begin(rig, row, TEXT)
    with pytest.raises(Killed):
        task.attempt("before_post")
    result = outcome(task.attempt)
    assert isinstance(result, UnknownOutcomeError) or rig.sends() == 1, result


def test_after_three_sends_that_were_never_seen_the_retry_looks_first(rig: Rig) -> None:
    rig.sandbox.set_habits(late_outgoing=600)
    rig.sandbox.inject("cut_after", operation="send_message", count=3)
    task = Task(rig)
    with pytest.raises(ConnectionLostError):
        task.attempt()
    rig.sleep(600)
    assert task.attempt()["text"] == task.text
    assert rig.sends() == 3


def test_a_send_that_takes_longer_than_its_timeout_is_waited_for(rig: Rig) -> None:
    rig.sandbox.inject("delayed", operation="send_message", seconds=45, count=1)
    hook = rig.hook()
    client = hook.get_conn()
    client.settings = replace(client.settings, send_timeout=0.25)  # of the 75 s that it may take

    def sleep(seconds: float) -> None:
        rig.sleep(seconds)
        end = time.monotonic() + 10
        while seconds > 45 and not rig.sends() and time.monotonic() < end:
            time.sleep(0.01)  # the sandbox's clock has jumped: its thread carries the send out now

    client._retrying.sleep = sleep
    task = Task(rig)
    assert task.attempt(hook=hook)["text"] == task.text
    assert rig.sends() == 1
    assert rig.delivered()[task.text] == 1


@pytest.mark.parametrize("written", [0, 1], ids=["empty", "no message from before"])
def test_a_channel_without_a_past(rig: Rig, written: int) -> None:
    uuid = str(rig.hook().create_channel("New", "whatsapp", rig.project_id).uuid)
    rig.sandbox.scan(uuid)
    user = rig.hook().create_user("Anna", PHONES[0], uuid, rig.project_id).id
    task = Task(rig, given={"channel_uuid": uuid, "user_id": user})
    with pytest.raises(Killed):
        task.attempt("before_post")
    for _ in range(written):
        rig.sandbox.receive(OLD_CUSTOMER, "Hello", uuid)
    result = outcome(task.attempt)
    assert isinstance(result, UnknownOutcomeError if written else dict), result


@pytest.mark.parametrize(
    "habits", [{"late_outgoing": 600}, {"text_limit": 40}], ids=["too late", "cut too early"]
)
def test_what_is_not_promised(rig: Rig, habits: Mapping[str, Any]) -> None:
    """Whoever mends one of these changes docs/promises.md, too."""
    task = begin(rig, Row(habits))
    with pytest.raises(Killed):
        task.attempt("after_post")
    task.attempt()
    assert rig.sends() == 2


@pytest.mark.parametrize(
    ("then", "unclear"),
    [
        ("Your order 18 is ready, Anna", False),  # another number
        ("Your order 17 is on its way, Boris", True),  # much the same
        ("Thank you for your visit", False),
    ],
)
def test_another_message_since_then_is_told_apart(rig: Rig, then: str, unclear: bool) -> None:
    task = Task(rig, text="Your order 17 is on its way, Anna")
    with pytest.raises(Killed):
        task.attempt("before_post")
    Task(rig, text=then).attempt()
    result = outcome(task.attempt)
    assert isinstance(result, UnknownOutcomeError if unclear else dict), result
    assert rig.sends() == 2 - unclear
