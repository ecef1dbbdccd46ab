"""A question: who has answered what, which messages count, and what comes next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.incoming.listener import Listener
from airflow_provider_wahelp.incoming.question import Asked, Decision, Question, Reply, Rules

ASKED_AT = 1_800_000_000.0
QUESTION = 100
RULES = Rules({"yes": ["да"], "no": ["нет"]}, timeout=3600.0, reminder_after=600.0)


def question(people: int = 1, **rules: Any) -> Question:
    asked = [Asked(n, [QUESTION + n], ASKED_AT, ASKED_AT, ASKED_AT) for n in range(people)]
    return Question(replace(RULES, **rules), "c-1", asked, people, ASKED_AT)


def line(number: int, text: str | None, user: int | None = 0, at: float | None = 10, **more: Any) -> Message:
    time = None if at is None else datetime.fromtimestamp(ASKED_AT + at, UTC)
    given = {"direction": "incoming", "destination": "from", "message_type": "text", **more}
    return Message(id=number, user_id=user, text=text, created_at=time, **given)


def sent(number: int, user: int = 0, at: float | None = 0) -> Message:
    return line(number, "Придёте?", user, at, direction="outgoing", destination="from_operator")


def heard(asked: Question, *messages: Message) -> list[Reply]:
    """Return what a listener makes of messages."""
    result = Listener(asked).take(messages)
    return [Reply(**reply) for reply in result["replies"]] if result else []


def answers(asked: Question, *messages: Message) -> list[str | None]:
    return [reply.answer for reply in heard(asked, *messages)]


def reply(user: int, answer: str | None, at: float = 10.0) -> Reply:
    return Reply(user, 1000 + user, ASKED_AT + at, answer)


def test_an_answer_is_told_by_whom_and_when_and_without_its_text() -> None:
    (found,) = heard(question(), sent(QUESTION), line(7, "Да, конечно", user="0"))  # type: ignore[arg-type]
    assert found == Reply(0, 7, ASKED_AT + 10, "yes")


@pytest.mark.parametrize(
    "message",
    [
        line(7, "да", user=1),
        line(7, "да", user=None),
        line(7, "да", direction="outgoing", destination="from_operator"),
        line(7, "да", direction="service", destination="comment"),
        line(7, "_Incoming call_"),
        line(7, "_Message deleted_"),
        line(7, "Сообщение удалено"),
        line(7, None, message_type="sticker"),
        line(7, " ", message_type="image", file_url="https://files.example/1"),
        line(7, "да", at=-1),
        line(7, "да", at=-86400),
    ],
    ids=lambda message: f"{message.text} {message.message_type} {message.destination}",
)
def test_what_is_no_reply_is_nothing(message: Message) -> None:
    assert Listener(question()).take([sent(QUESTION), message]) is None


def test_within_a_second_the_order_decides() -> None:
    before, after = line(99, "да", at=0), line(98, "нет", at=0)
    assert answers(question(), before, sent(QUESTION), after) == ["no"]
    assert answers(question(), after, sent(QUESTION), before) == ["yes"]


def test_within_a_second_the_ids_decide_where_the_question_is_not_shown() -> None:
    assert answers(question(), line(99, "да", at=0), line(101, "нет", at=0)) == ["no"]


@pytest.mark.parametrize("at", [None, 3 * 3600])
def test_the_clock_of_the_history_decides(at: float | None) -> None:
    """It may be hours off the server's, or be missing."""
    asked = question()
    person = replace(asked.people[0], question_at=None, last_at=None)
    asked = replace(asked, people=[person])
    shift = None if at is None else at + 1
    messages = [line(1, "да", at=at and at - 1), sent(QUESTION, at=at), line(3, "нет", at=shift)]
    assert answers(asked, *messages) == ["no"]
    assert Listener(asked).since <= ASKED_AT - 14 * 3600


def test_an_answer_that_is_deleted_before_it_counts_is_none() -> None:
    listener = Listener(question(2, decide="all"))
    assert listener.take([line(7, "да")]) is None
    assert listener.take([line(7, "_Message deleted_"), line(8, "да", user=1)]) is None
    result = listener.take([line(9, "нет")])
    assert result
    assert [each["message_id"] for each in result["replies"]] == [8, 9]


def test_the_first_clear_answer_of_a_person_stays() -> None:
    asked = question().hear(
        heard(question(), line(7, "может быть"), line(8, "да", at=11), line(9, "нет", at=12))
    )
    assert asked.decision() == Decision("yes", Reply(0, 8, ASKED_AT + 11, "yes"))
    assert asked.hear([reply(0, "no", at=1)]).decision() == asked.decision()


def test_a_voice_note_is_told_apart_once() -> None:
    asked = question()
    note = line(7, "", message_type="audio", file_url="https://files.example/1")
    (prompt,) = asked.due(heard(asked, note), ASKED_AT)
    assert (prompt.kind, prompt.number) == ("voice", 1)
    asked = asked.prompted(prompt.person.prompted("voice", 200, ASKED_AT + 20, ASKED_AT + 20))
    assert Listener(asked).take([note]) is None
    another = replace(note, id=9, created_at=datetime.fromtimestamp(ASKED_AT + 30, UTC))
    (prompt,) = asked.due(heard(asked, note, another), ASKED_AT)
    assert (prompt.kind, prompt.number) == ("unclear", 2)


def test_a_person_is_asked_again_so_often_and_not_for_what_was_written_before() -> None:
    asked, at = question(max_repeats=2), 10.0
    for number in (1, 2):
        (prompt,) = asked.due(heard(asked, line(7 + number, "что?", at=at)), ASKED_AT)
        assert (prompt.kind, prompt.number) == ("unclear", number)
        asked = asked.prompted(prompt.person.prompted("unclear", 200 + number, ASKED_AT + at + 1, ASKED_AT))
        assert heard(asked, line(7 + number, "что?", at=at)) == []
        at += 10
    assert heard(asked, line(10, "что?", at=at)) == []
    assert answers(asked, line(10, "что?", at=at), line(11, "да", at=at)) == [None, "yes"]


@pytest.mark.parametrize("rule", ["ignore", "fail"])
def test_what_is_unclear_is_ignored_or_ends_it(rule: Any) -> None:
    found = heard(question(on_unclear=rule), line(7, "что?"))
    assert [each.answer for each in found] == ([None] if rule == "fail" else [])
    assert question(on_unclear=rule).due(found, ASKED_AT) == []


def test_a_reminder_comes_once_so_long_after_the_last_message_and_not_to_who_has_answered() -> None:
    asked = question(2, decide="all").hear([reply(1, "yes")])
    assert asked.wake_at == ASKED_AT + 600
    assert asked.due([], ASKED_AT + 599) == []
    (prompt,) = asked.due([], ASKED_AT + 600)
    assert (prompt.kind, prompt.person.user_id) == ("reminder", 0)
    again = asked.prompted(prompt.person.prompted("unclear", 200, ASKED_AT + 100, ASKED_AT + 100))
    assert again.wake_at == ASKED_AT + 700
    done = asked.prompted(prompt.person.prompted("reminder", 201, ASKED_AT + 600, ASKED_AT + 600))
    assert done.wake_at == done.deadline == ASKED_AT + 3600
    assert done.people[0].repeats == 0


def test_no_reminder_comes_when_it_is_too_late_for_an_answer() -> None:
    assert question(reminder_after=3600.0).wake_at == ASKED_AT + 3600
    assert question(reminder_after=None).wake_at == ASKED_AT + 3600


@pytest.mark.parametrize(
    ("decide", "given_answers", "expected"),
    [
        ("first", [], ...), ("first", ["no"], "no"), ("first", ["no", "yes"], "no"),
        ("all", ["yes", "yes"], ...), ("all", ["no", "yes"], ...), ("all", ["yes"] * 3, "yes"),
        ("all", ["yes", "no", "yes"], None),
        ("majority", ["yes"], ...), ("majority", ["yes", "no"], ...), ("majority", ["yes", "yes"], "yes"),
        ("majority", ["yes", "no", "no"], "no"), ("majority", ["yes", "no", "maybe"], None),
    ],
)  # fmt: skip
def test_who_decides(decide: Any, given_answers: list[str], expected: Any) -> None:
    rules = {"answers": {"yes": [], "no": [], "maybe": []}, "decide": decide}
    asked = question(3, **rules)
    replies = [reply(user, answer, at=user) for user, answer in enumerate(given_answers)]
    decision = asked.hear(replies).decision()
    assert (decision.answer if decision else ...) == expected


def test_a_majority_that_cannot_come_any_more_ends_it() -> None:
    asked = question(4, decide="majority").hear(
        [reply(0, "yes"), reply(1, "yes"), reply(2, "no"), reply(3, "no")]
    )
    assert asked.decision() == Decision(None)
    of_four = replace(question(2, decide="majority"), count=4)  # two could not be reached
    assert of_four.decision() == Decision(None)


def test_it_is_made_anew_from_plain_values() -> None:
    asked = question(2, decide="all").hear([reply(1, "yes")])
    again = Question.of(json.loads(json.dumps(asdict(asked))))
    assert asdict(again) == asdict(asked)
    assert again.wake_at == asked.wake_at


texts = st.sampled_from(["да", "нет", "что?", "", "_Incoming call_", "_Message deleted_"])
written = st.lists(st.tuples(st.integers(0, 3), texts, st.integers(-5, 5)), max_size=30)


@given(written, st.lists(st.integers(0, 30), max_size=5), st.sampled_from(["first", "all", "majority"]))
def test_each_person_has_their_own_first_clear_answer_after_the_question(
    lines: Sequence[tuple[int, str, int]], cuts: list[int], decide: Any
) -> None:
    """However the messages are shown, in one go or in parts, from the beginning or from the last ones on."""
    ordered = sorted(lines, key=lambda each: each[2])
    shown = [line(1000 + n, text, user, at) for n, (user, text, at) in enumerate(ordered)]
    expected: dict[int, str] = {}
    for user, text, at in ordered:
        if at >= 0 and user < 3 and text in ("да", "нет"):
            expected.setdefault(user, "yes" if text == "да" else "no")
    asked = question(3, decide=decide)
    for part in (shown[:cut] for cut in sorted(cuts)):
        asked = asked.hear(heard(asked, *part))
        if asked.decision():
            break
    whole = asked.hear(
        [Reply(**each) for each in (Listener(asked).take(shown) or {"replies": []})["replies"]]
    )
    told = {int(str(person.user_id)): person.reply["answer"] for person in whole.people if person.reply}
    assert told.items() <= expected.items()
    if decide == "all" and len(expected) == 3:
        assert told == expected
    if decide == "first" and expected:
        assert whole.decision()
