"""How long an opt-out lasts, and what may not be taken for a whole history: mailings over real HTTP."""
# ruff: noqa: RUF001 - people write Russian

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_wahelp.client.calls import PAGE_SIZE
from airflow_provider_wahelp.delivery.mailing.opt_outs import OptOutsUnknownError
from tests.delivery.altered_history import Alter, AlteredHistory, ends_early, refuses_with
from tests.delivery.mailing_task import MailingTask
from tests.delivery.sending_task import PHONES, Rig

DAY = 86_400
Behind = Callable[..., None]


@pytest.fixture
def behind(rig: Rig, connect: Any) -> Iterator[Behind]:
    """Return a function that puts a server between the mailings and the sandbox."""
    with ExitStack() as stack:

        def put(alter: Alter | None = None, **options: Any) -> None:
            connect(stack.enter_context(AlteredHistory(rig.sandbox.url, alter, **options)).url)

        yield put


def write(rig: Rig, text: str, phone: str = PHONES[0]) -> None:
    """Let a person write, a minute after all that was written before."""
    rig.sleep(60)
    rig.sandbox.receive(phone, text, rig.channel["channel_uuid"])


def mail(rig: Rig, text: str, **given: Any) -> set[str]:
    """Mail two people; return who got it."""
    rows = [{"phone": phone, "text": f"{text} {phone}"} for phone in PHONES[:2]]
    rig.sleep(60)
    MailingTask(rig, rows, given=given).attempt()
    got = rig.delivered()
    return {row["phone"] for row in rows if got[row["text"]]}


BOTH, SECOND = set(PHONES[:2]), {PHONES[1]}


@pytest.mark.parametrize(
    "later", ["Спасибо!", "👍", "", "_Incoming call_", "Ок", "А когда доставка?", "не старт", "stop / start"]
)
@pytest.mark.parametrize("read_before", [False, True])
def test_no_other_message_lifts_an_opt_out(rig: Rig, later: str, read_before: bool) -> None:
    write(rig, "STOP")
    if read_before:
        assert mail(rig, "First") == SECOND
    write(rig, later or " ")
    assert mail(rig, "Second") == SECOND


@pytest.mark.parametrize("word", ["START", "старт.", "Подписаться", "возобновить, пожалуйста"])
@pytest.mark.parametrize("read_before", [False, True])
def test_a_start_word_lifts_it_and_the_next_stop_counts_again(rig: Rig, word: str, read_before: bool) -> None:
    write(rig, "STOP")
    if read_before:
        assert mail(rig, "First") == SECOND
    write(rig, word)
    if read_before:
        assert mail(rig, "Second") == BOTH
    write(rig, "спасибо")
    assert mail(rig, "Third") == BOTH
    write(rig, "STOP")
    assert mail(rig, "Fourth") == SECOND


def test_the_start_words_are_the_authors(rig: Rig) -> None:
    write(rig, "STOP")
    write(rig, "Снова да")
    assert mail(rig, "First") == SECOND
    assert mail(rig, "Second", start_words=["снова да"]) == BOTH
    write(rig, "START")
    write(rig, "STOP", PHONES[1])
    assert mail(rig, "Third", start_words=False) == set()
    assert mail(rig, "Fourth") == {PHONES[0]}


def test_a_stop_without_stop_words_is_none(rig: Rig) -> None:
    write(rig, "STOP")
    assert mail(rig, "First", stop_words=False) == BOTH


@pytest.mark.parametrize("read_before", [False, True])
def test_an_opt_out_ends_by_itself(rig: Rig, read_before: bool) -> None:
    write(rig, "STOP")
    if read_before:
        assert mail(rig, "First") == SECOND
    rig.sleep(364 * DAY)
    assert mail(rig, "Second") == SECOND
    assert mail(rig, "Short", opt_out_for=timedelta(days=30)) == BOTH
    rig.sleep(2 * DAY)
    assert mail(rig, "Third") == BOTH
    assert mail(rig, "For ever", opt_out_for=None) == SECOND


def test_a_history_is_read_no_further_than_opt_outs_last(rig: Rig) -> None:
    for number in range(3 * PAGE_SIZE):
        write(rig, f"Message {number}", PHONES[3])
    rig.sleep(3 * DAY)
    write(rig, "STOP")
    rig.sandbox.clear_requests()
    assert mail(rig, "First", opt_out_for=timedelta(days=1)) == SECOND
    assert rig.requests.count("GET messages") == 1
    rig.sandbox.clear_requests()
    assert mail(rig, "Second", opt_out_for=timedelta(days=1)) == SECOND
    assert rig.requests.count("GET messages") == 1
    rig.sandbox.clear_requests()
    assert mail(rig, "Third") == SECOND
    assert rig.requests.count("GET messages") == 5


@pytest.mark.parametrize("minutes", [30, 100])
def test_a_stop_that_shows_up_late_is_read(rig: Rig, minutes: int) -> None:
    rig.sandbox.configure(history_lag=60.0 * minutes)
    write(rig, "STOP")
    rig.sandbox.configure(history_lag=0.0)
    for number in range(PAGE_SIZE):  # newer, and there at once
        rig.sleep(0.6 * minutes - 2)
        rig.sandbox.receive(PHONES[3], f"Message {number}", rig.channel["channel_uuid"])
    assert mail(rig, "First") == BOTH
    rig.sleep(300)
    assert mail(rig, "Second") == SECOND


def test_a_list_that_ends_early_is_not_taken_for_whole(rig: Rig, behind: Behind) -> None:
    write(rig, "STOP")
    for number in range(PAGE_SIZE):
        write(rig, f"Message {number}", PHONES[3])
    behind(ends_early)
    with pytest.raises(OptOutsUnknownError, match=r"100 of its messages came, back to 20\d\d-") as caught:
        mail(rig, "First")
    assert "stop_words=False" in str(caught.value)
    assert not rig.sends()
    assert mail(rig, "Second", stop_words=False, suppress=[PHONES[0]]) == SECOND


def test_a_list_without_pages_is_not_taken_for_whole(rig: Rig, behind: Behind) -> None:
    write(rig, "STOP")
    for number in range(PAGE_SIZE):
        write(rig, f"Message {number}", PHONES[3])
    behind(pages=False)
    with pytest.raises(OptOutsUnknownError):
        mail(rig, "First")
    assert not rig.sends()


def test_messages_that_went_missing_since_the_last_reading_are_told(rig: Rig) -> None:
    write(rig, "Hello", PHONES[3])
    assert mail(rig, "First") == BOTH
    write(rig, "STOP")
    write(rig, "Hello again", PHONES[3])
    history = rig.sandbox._state._core.registry.history_of[rig.channel["channel_uuid"]]
    history[:-1] = []
    rig.sandbox.clear_requests()
    with pytest.raises(OptOutsUnknownError, match=r"1 of its messages came, .* may be missing"):
        mail(rig, "Second")
    assert not rig.sends()


@pytest.mark.parametrize("status", [404, 422])
def test_a_refused_page_past_the_end_is_the_end(rig: Rig, behind: Behind, status: int) -> None:
    write(rig, "STOP")
    for number in range(PAGE_SIZE):
        write(rig, f"Message {number}", PHONES[3])
    behind(refuses_with(status))
    assert mail(rig, "First") == SECOND
