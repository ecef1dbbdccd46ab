"""Which answer a text means."""
# ruff: noqa: RUF001 - letters that look alike are what this is about

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.incoming.choices import check_answers, choices_of
from airflow_provider_wahelp.incoming.vocabulary import AROUND, FIRM, NO_WORDS, YES_WORDS

COMING = {"yes": ["да", "приду"], "no": ["нет"]}

YES = """
да|Да.|ДА!!!|Да)|да 😊|Да, конечно|да конечно!
конечно|Конечно же|Да, пожалуйста|да, спасибо|Спасибо, да|дааа|д а|Д.А.
да-да|Да да да|«да»|ну да|Приду|приду!|Да, приду|да, обязательно приду
Я приду|ага|угу|ок|ОК|oк|OK!|okay|окей
хорошо|Ладно|согласна|подтверждаю|без проблем|так точно|1|1.|1)|№1|вариант 1
1️⃣|１|①|+|++|➕|👍|👍🏽|👍👍|👍🏻 да|✅
✔️|🆗|yes|YES!|Yes, please|yep|sure
Of course|of course, yes|I do|I confirm|no problem|y|так|Так, звичайно
гаразд|згодна|Добре, дякую|иә|Иә, рахмет|иа|әрине|жарайды
жарайды, рахмет|мақұл|макул|lf|нуы|дa|Дa|yеs
Здравствуйте! Да, приду. Спасибо большое!|Добрый день, да|1 да
да 1|д\u200bа|да\ufe0f
"""

NO = """
нет|Нет.|НЕТ!|нет(|нет, спасибо|Нет, к сожалению не приду, спасибо но нет
неа|не-а|Не смогу|не могу|не получится|нет, не смогу
нееет|Н Е Т|нет-нет|ну нет|Конечно нет|точно нет|ни в коем случае
2|2.|вариант 2|2️⃣|-|—|➖|👎|👎🏿
❌|🙅‍♀️|no|No!|nope|No, thanks|No thank you|of course not|absolutely not
n|I don't|ні|Ні, дякую|ни, нi|нi|не можу
жоқ|жок|Жоқ, рахмет|болмайды|ytn|Hет|нeт|nо
"""

UNCLEAR = """
да нет|Да нет, наверное|нет, да|да/нет|да и нет|1 2
1-2|1 нет|👍👎|да 👎|нет 👍|+/-|+-
не знаю|Да, но позже?|да, но позже|Да?|приду?|Нет?|？
да？|не приду|да, не приду|Нет, приду|нет проблем|не да|не нет
наверное|может быть|возможно|позже|подумаю|да 🤔|🤔
🤷|🤷‍♂️|да ладно|да ладно!|ну да, ну да|ага, конечно|да уж|да бы
hi|HI|Hi!|hello|thanks|спасибо|Здравствуйте|добрый день|ну|я|мы|😊|❤️
🙏|.|...|!|)|0|3|10|11|12|22|21|-2-1
not sure|maybe|yes and no|yes no|y n|yeah right|no idea
know|yesterday|дата|дай|данет|но|не|но да, наверное
_Incoming call_|_Message deleted_|Сообщение удалено
Приду завтра в 10:00|буду через час|Перенесите на завтра
"""


def listed(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


def meaning(text: str | None, answers: Any = COMING) -> str | None:
    return choices_of(check_answers(answers)).meaning(text)


NOT_AFTER_ALL = {"Нет, к сожалению не приду, спасибо но нет", "ни, нi"}
"""A person would see what is meant; the words beside it are not known, so it is asked again."""


@pytest.mark.parametrize("text", listed(YES))
def test_yes(text: str) -> None:
    assert meaning(text) == "yes"


@pytest.mark.parametrize("text", [text for text in listed(NO) if text not in NOT_AFTER_ALL])
def test_no(text: str) -> None:
    assert meaning(text) == "no"


@pytest.mark.parametrize(
    "text", [*listed(UNCLEAR), *NOT_AFTER_ALL, "", " \n", None, "\u200b", "да " * 100, "да, " + "очень " * 9]
)
def test_unclear(text: str | None) -> None:
    assert meaning(text) is None


@pytest.mark.parametrize("word", YES_WORDS)
def test_each_known_word_for_yes(word: str) -> None:
    assert meaning(word, ["yes", "no"]) == "yes"


@pytest.mark.parametrize("word", NO_WORDS)
def test_each_known_word_for_no(word: str) -> None:
    assert meaning(word, ["yes", "no"]) == "no"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:00", "early"),
        ("11:00", "late"),
        ("в 11:00", "late"),
        ("1", None),
        ("2", None),
        ("10:00 или 11:00", None),
        ("11:00, спасибо", "late"),
        ("1100", None),
    ],
)
def test_numbers_of_the_authors_own_are_not_those_of_the_options(text: str, expected: str | None) -> None:
    assert meaning(text, {"early": ["10:00", "в 10:00"], "late": ["11:00", "в 11:00"]}) == expected


def test_grades() -> None:
    grades = {str(grade): [] for grade in range(5, 0, -1)}
    assert [meaning(str(grade), grades) for grade in range(1, 6)] == ["1", "2", "3", "4", "5"]
    assert meaning("55", grades) is None


def test_options_are_numbered_in_their_order() -> None:
    options = {"pickup": ["самовывоз"], "courier": ["курьер", "курьером"], "post": ["почта", "почтой"]}
    texts = ("1", "2", "3", "курьером, пожалуйста", "4", "да", "Почта!", "postt")
    assert [meaning(text, options) for text in texts] == [
        "pickup", "courier", "post", "courier", None, None, "post", "post",
    ]  # fmt: skip


def test_emoji_of_the_authors_own() -> None:
    moods = {"good": ["😀", "❤️"], "bad": ["😡"]}
    assert [meaning(text, moods) for text in ("😀", "❤", "😡😡", "😀😡", "👍")] == [
        "good", "good", "bad", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "text", "expected"),
    [
        ({"yes": [], "other": ["ок"]}, "ок", "other"),
        ({"yes": ["приду"], "no": ["не приду"]}, "не приду", "no"),
        ({"yes": ["приду"], "no": ["не приду"]}, "нет, не приду", "no"),
        ({"yes": ["приду"], "no": ["не приду"]}, "нет, приду", None),
        ({"yes": ["приду"], "no": ["не приду"]}, "да, не приду", None),
        ({"yes": ["да"], "later": ["да, но позже"], "no": []}, "Да, но позже", "later"),
        ({"yes": ["да"], "later": ["позже"], "both": ["да позже"]}, "да, позже!", "both"),
        ({"thanks": ["спасибо"], "no": []}, "Спасибо", "thanks"),
        ({"a": [], "b": []}, "да", None),
        ({"a": [], "b": []}, "конечно", None),
        ({"a": [], "b": []}, "B", "b"),
    ],
)
def test_the_authors_words_come_first(answers: Any, text: str, expected: str | None) -> None:
    assert meaning(text, answers) == expected


@pytest.mark.parametrize(
    "answers",
    [
        None, 7, "yes", [], ["yes"], {"yes": []}, {"yes": [], "no": 5}, {"yes": [], "no": [""]},
        {"yes": [], "no": [5]}, {"": [], "no": []}, {1: [], 2: []}, {"yes": ["да"], "no": ["ДА!"]},
        {"yes": [], "no": ["yes"]}, {"yes": [], "no": ["..."]}, {"да": [], "дa": []},
    ],
)  # fmt: skip
def test_answers_that_could_not_be_told_apart_are_refused(answers: Any) -> None:
    with pytest.raises(InputError, match="answers"):
        check_answers(answers)


def test_one_word_and_names_alone_are_enough() -> None:
    assert check_answers({"yes": "да", "no": []}) == {"yes": ["да"], "no": []}
    assert check_answers(("yes", "no")) == {"yes": [], "no": []}


words = st.sampled_from([*YES_WORDS, *NO_WORDS, *AROUND, *FIRM, "не", "но", "?", "позже", "1", "2", "🤔"])


@given(st.text())
def test_any_text_means_something_or_nothing(text: str) -> None:
    assert meaning(text) in {"yes", "no", None}


@given(st.lists(words, max_size=8).map(" ".join))
def test_what_negates_or_asks_is_never_a_yes(text: str) -> None:
    said = set(text.split())
    if said & {"не", "но", "?", "позже", "🤔"}:
        assert meaning(text) != "yes"


@example("згоден", "не згоден", True)
@given(st.sampled_from(YES_WORDS), st.sampled_from(NO_WORDS), st.booleans())
def test_yes_and_no_together_are_no_answer(one: str, other: str, swapped: bool) -> None:
    if one != "+" and other != "-":  # signs mean something only where they stand alone
        assert meaning(f"{other}, {one}" if swapped else f"{one}, {other}") is None


@given(st.sampled_from([*YES_WORDS, *NO_WORDS]), st.sampled_from(["{}!", "  {} ", "{}, спасибо", "Ну {}."]))
def test_what_stands_around_changes_nothing(word: str, around: str) -> None:
    if word.isalpha():
        assert meaning(around.format(word.upper())) == meaning(word)
