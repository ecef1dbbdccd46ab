"""Who has asked not to be written to."""
# ruff: noqa: RUF001 - letters that look alike are what this is about

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.calls import PAGE_SIZE
from airflow_provider_wahelp.client.errors import ServerError, WahelpError
from airflow_provider_wahelp.client.flow import ServerTime
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.delivery.mailing.opt_out_rules import OptOutRules
from airflow_provider_wahelp.delivery.mailing.opt_outs import OVERLAP, OptOuts
from airflow_provider_wahelp.incoming.stop_words import START_WORDS, STOP_WORDS, is_stop, wish
from airflow_provider_wahelp.storage.state.directory import DirectoryState
from tests.delivery.sending_task import PHONES, Rig

STOPS = """
STOP|stop|Stop.|СТОП|СТОП.|стоп!!!|«Стоп»|"стоп"|(стоп)|*стоп*|/stop|#стоп|Стоп?|стоп 🙏
🛑 СТОП 🛑|👎🏽стоп|CTOП|CTOп|STОP|ЅTOP|ST0P|СТ0П|ＳＴＯＰ|𝐒𝐓𝐎𝐏|🅂🅃🄾🄿
s\u200bt\u200do\ufeffp|стоп\ufe0f|s\u0301tóp|сто\u00adп
S T O P|С.Т.О.П.|стооооп|STOPPP|стоп-стоп|Стоп стоп стоп|cnjg|ыещз|STOPALL|stop all
opt-out|OptOut|un-subscribe|Стоп, пожалуйста|please stop|stop ple\u200base|Stop, thank you!|Стоп. Спасибо.
Здравствуйте! Отпишите меня, пожалуйста
Hello, unsubscribe|отписаться|«отписаться»|«Отписатьcя»|отписка|unsubscribe|Unsubscr1be|UNSUBSCRlBE
Отпишите меня!|отмена подписки|Не пишите мне больше|больше не пишите|відписатися|Відпишіть мене, будь ласка
не турбувати|тоқта|токта|ТОҚТАТЫҢЫЗ|тоқтатыныз
жазылудан бас тарту|жазбаңыз|жазбаныз, өтінемін
"""

NO_STOPS = """
stop by tomorrow|Стоп, а сколько это стоит?|не стоп|don't stop|nonstop|stopped|стопка|стопы|автостоп|СТО
хорошо|да|нет|отмена|отказ|cancel|end|ок|0|1|👍|🛑|.|...|!|please|спасибо|пожалуйста|Здравствуйте
Как отписаться от рассылки?|я не хочу отписаться|Отпишусь завтра|отпишись по срокам|Не пишите после 22:00
Хочу подписаться|subscribe|start|старт|завтра приеду, стоп|top|сто|п|жазыңыз
"""


def listed(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", [*listed(STOPS), "  \n стоп\n", "стоп" + "!" * 500])
def test_a_stop(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize("text", [*listed(NO_STOPS), "", " \n", None, "\u200b", "stop " * 1000])
def test_no_stop(text: str | None) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize("word", STOP_WORDS)
def test_each_stop_word_is_one(word: str) -> None:
    assert is_stop(word)
    assert is_stop(f"«{word.upper()}».")
    assert not is_stop(f"{word} завтра в семь")


STARTS = """
START|start|Start.|СТАРТ|«Старт»|/start|s t a r t|STАRT|Unstop|subscribe|opt-in|Resume!
подписаться|Хочу подписаться|Подпишите меня, пожалуйста|возобновить|Возобновите рассылку!|cnfhn|ыефке
старт, подписаться|підписатися|відновити|жазылу|бастау
"""
NO_STARTS = """
старт продаж|не старт|Когда старт?|restart|да|ok|спасибо|👍|не подписаться|подписаться не хочу
Как подписаться?|стоп|stop|startup
"""
BOTH_KINDS = "stop start|start, stop|Стоп / старт|Подписаться? Не пишите мне|start please stop"


@pytest.mark.parametrize("text", listed(STARTS))
def test_a_start(text: str) -> None:
    assert wish(text, STOP_WORDS, START_WORDS) == "start"


@pytest.mark.parametrize("text", [*listed(NO_STARTS), "", None])
def test_no_start(text: str | None) -> None:
    assert wish(text, STOP_WORDS, START_WORDS) != "start"


@pytest.mark.parametrize("text", listed(BOTH_KINDS))
def test_of_both_kinds_the_stop_counts(text: str) -> None:
    assert wish(text, STOP_WORDS, START_WORDS) == "stop"


@pytest.mark.parametrize("word", START_WORDS)
def test_each_start_word_is_one_and_no_stop_word(word: str) -> None:
    assert wish(f"«{word.upper()}».", STOP_WORDS, START_WORDS) == "start"
    assert not is_stop(word)
    assert wish(f"{word} завтра в семь", STOP_WORDS, START_WORDS) is None


@pytest.mark.parametrize("text", listed(STOPS))
def test_a_stop_is_one_beside_start_words(text: str) -> None:
    assert wish(text, STOP_WORDS, START_WORDS) == "stop"


def test_the_words_are_the_authors() -> None:
    assert is_stop("Cancel!", (*STOP_WORDS, "cancel"))
    assert not is_stop("stop", ("cancel",))
    assert not is_stop("stop", ())
    assert not is_stop("", ("!", ""))
    assert not is_stop("👍", ("!", "👎"))
    assert is_stop("Спасибо!", ("спасибо",))
    assert is_stop("please stop", iter(["Please, stop"]))


ALIKE = {
    "а": "aа", "с": "cс", "о": "oо0", "р": "pр", "е": "eеё", "т": "tт", "у": "yу", "х": "xх", "к": "kк",
    "і": "iі1", "м": "mм", "н": "hн", "в": "bв", "з": "з3", "қ": "қк", "ң": "ңн", "ү": "үу", "ұ": "ұу",
    "a": "aаá", "c": "cс", "o": "oо0ö", "p": "pр", "e": "eе", "t": "tт", "i": "iі1l", "s": "sѕ5", "u": "uü",
}  # fmt: skip
EDGES = " \t\n.,!?…-–—\"'«»„“”()*_~/#👍🏽🙏❤️\u200b\u200d\u2060\ufeff\u00a0"


@st.composite
def disguised(draw: st.DrawFn) -> str:
    word = draw(st.sampled_from(STOP_WORDS))
    letters = [draw(st.sampled_from(ALIKE.get(letter, letter))) for letter in word]
    letters = [letter.upper() if draw(st.booleans()) else letter for letter in letters]
    hidden = st.sampled_from(["", "", "", "\u200b", "\u0301", "\u00ad", "\u2060"])
    wide = draw(st.booleans())
    letters = [chr(ord(one) + 0xFEE0) if wide and "!" <= one <= "~" else one for one in letters]
    edge = st.text(EDGES, max_size=5)
    return draw(edge) + "".join(letter + draw(hidden) for letter in letters) + draw(edge)


@settings(max_examples=500, deadline=None)
@given(disguised())
def test_a_disguised_stop_word_is_one(text: str) -> None:
    assert is_stop(text)


@settings(deadline=None)
@given(disguised(), st.sampled_from(["tomorrow", "цена", "7"]), st.booleans())
def test_a_disguised_stop_word_with_another_word_is_none(text: str, other: str, before: bool) -> None:
    assert not is_stop(f"{other} {text}" if before else f"{text} {other}")


@settings(deadline=None)
@given(st.text(max_size=50))
def test_any_text_can_be_judged(text: str) -> None:
    assert is_stop(text) in (True, False)
    assert not is_stop(f"{text} завтра в семь")


class Reader:
    """Reads a rig's opt-outs as a mailing does, each time as a new process."""

    def __init__(self, rig: Rig, directory: Path | None) -> None:
        self.rig = rig
        self._directory = directory

    def read(self, words: Sequence[str] = STOP_WORDS, scope: str = "here") -> set[str]:
        """Return the phones that have opted out."""
        self.rig.sandbox.clear_requests()
        opt_outs = OptOuts(DirectoryState(self._directory), scope, OptOutRules(tuple(words)))
        with self.rig.hook() as hook:
            hook.run(opt_outs.read(**self.rig.channel))
        out = {phone for phone, user in zip(PHONES, self.rig.users, strict=True) if user in opt_outs}
        assert len(opt_outs) == len(out)
        return out

    @property
    def pages(self) -> int:
        """Return how many pages the last reading took."""
        return sum(request.startswith("GET messages") for request in self.rig.requests)

    def receive(self, phone: str, text: str) -> None:
        self.rig.sandbox.receive(phone, text, self.rig.channel["channel_uuid"])

    def chat(self, messages: int, apart: float = 120.0) -> None:
        """Let others write for a while."""
        for number in range(messages):
            self.rig.sleep(apart)
            self.receive(PHONES[3], f"Message {number}")


@pytest.fixture
def reader(rig: Rig, own_state: Path) -> Reader:
    return Reader(rig, own_state)


def test_the_last_word_counts(reader: Reader) -> None:
    reader.receive(PHONES[0], "СТОП.")
    reader.receive(PHONES[1], "стоп")
    reader.receive(PHONES[2], "Стоп, а сколько стоит?")
    reader.rig.sleep(60)
    reader.receive(PHONES[1], "Старт")
    assert reader.read() == {PHONES[0]}
    reader.rig.sleep(3600)
    reader.receive(PHONES[0], "Start!")
    reader.receive(PHONES[2], "stop")
    assert reader.read() == {PHONES[2]}


@pytest.mark.parametrize("kind", ["incoming", "missed", "outgoing"])
def test_a_call_is_no_word(reader: Reader, kind: Any) -> None:
    reader.receive(PHONES[0], "stop")
    reader.rig.sleep(60)
    reader.rig.sandbox.call(PHONES[0], kind=kind)
    assert reader.read() == {PHONES[0]}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("read_before", [False, True])
def test_a_deleted_message_is_no_word(reader: Reader, language: Any, read_before: bool) -> None:
    reader.receive(PHONES[0], "stop")
    reader.rig.sleep(60)
    later = reader.rig.sandbox.receive(PHONES[0], "stop!")
    if read_before:
        assert reader.read() == {PHONES[0]}
    reader.rig.sandbox.delete_message(later["id"], language=language)
    assert reader.read() == {PHONES[0]}


def test_what_we_write_counts_for_nothing(reader: Reader) -> None:
    reader.receive(PHONES[0], "stop")
    reader.rig.sleep(60)
    with reader.rig.hook() as hook:
        hook.send_message("Sorry!", user_id=reader.rig.users[0], **reader.rig.channel)
        hook.send_message("Reply STOP", user_id=reader.rig.users[1], **reader.rig.channel)
        hook.send_message("STOP", user_id=reader.rig.users[2], **reader.rig.channel)
    assert reader.read() == {PHONES[0]}


def test_of_one_second_the_stop_counts(reader: Reader) -> None:
    for text in ("stop", "start"):
        reader.receive(PHONES[0], text)
    assert reader.read() == {PHONES[0]}


def test_all_pages_are_read_and_then_only_what_is_new(reader: Reader) -> None:
    reader.receive(PHONES[0], "stop")
    reader.chat(3 * PAGE_SIZE - 3)  # and what the rig begins with
    assert reader.read() == {PHONES[0]}
    assert reader.pages == 4  # the last one is empty
    assert reader.read() == {PHONES[0]}
    assert reader.pages == 1
    reader.rig.sleep(86_400)
    reader.receive(PHONES[1], "отписаться")
    reader.chat(PAGE_SIZE)
    assert reader.read() == {PHONES[0], PHONES[1]}
    assert reader.pages == 2
    reader.receive(PHONES[0], "Start")
    assert reader.read() == {PHONES[1]}
    assert reader.pages == 1
    assert reader.read() == {PHONES[1]}


def test_an_opt_out_outlives_its_message(reader: Reader) -> None:
    """What is remembered stands where the history does not reach back any more."""
    reader.receive(PHONES[0], "stop")
    reader.chat(20)
    assert reader.read() == {PHONES[0]}
    registry = reader.rig.sandbox._state._core.registry
    registry.history_of[reader.rig.channel["channel_uuid"]][:10] = []
    assert reader.read() == {PHONES[0]}


def test_a_history_that_lags(reader: Reader) -> None:
    reader.chat(PAGE_SIZE)
    reader.rig.sandbox.configure(history_lag=30.0)
    reader.receive(PHONES[0], "stop")
    reader.rig.sandbox.configure(history_lag=0.0)
    reader.rig.sleep(20)
    reader.receive(PHONES[3], "Newer, and there at once")
    assert reader.read() == set()
    reader.rig.sleep(20)
    assert reader.read() == {PHONES[0]}
    assert reader.pages == 1


def test_nothing_that_is_not_opted_out_is_kept_nor_any_text(reader: Reader, own_state: Path) -> None:
    reader.receive(PHONES[0], "stop")
    reader.receive(PHONES[1], "secret")
    reader.read()
    content = (own_state / "known.sqlite").read_bytes()
    assert f'"{reader.rig.users[0]}"'.encode() in content
    readable = (
        f'"{reader.rig.users[1]}"',
        "stop",
        "secret",
        PHONES[0][1:],
        reader.rig.channel["channel_uuid"],
    )
    assert not [text for text in readable if text.encode() in content]
    assert (own_state / "known.sqlite").stat().st_mode & 0o777 == 0o600


def test_other_words_and_other_scopes_read_anew(reader: Reader) -> None:
    reader.receive(PHONES[0], "cancel")
    reader.receive(PHONES[1], "stop")
    reader.chat(2 * PAGE_SIZE)
    assert reader.read() == {PHONES[1]}
    assert reader.read((*STOP_WORDS, "cancel")) == {PHONES[0], PHONES[1]}
    assert reader.pages == 4
    assert reader.read(("CANCEL.", *reversed(STOP_WORDS))) == {PHONES[0], PHONES[1]}
    assert reader.pages == 1
    assert reader.read(scope="there") == {PHONES[1]}
    assert reader.pages == 4


def test_without_a_directory_all_is_read(rig: Rig) -> None:
    reader = Reader(rig, None)
    reader.receive(PHONES[0], "stop")
    reader.chat(2 * PAGE_SIZE)
    for _ in range(2):
        assert reader.read() == {PHONES[0]}
        assert reader.pages == 4
    opt_outs = OptOuts(DirectoryState(None), "here")
    with rig.hook() as hook:
        assert hook.run(opt_outs.read(**rig.channel)) == 2 * PAGE_SIZE + 3
        assert hook.run(opt_outs.read(**rig.channel)) == PAGE_SIZE
    assert rig.users[0] in opt_outs
    assert str(rig.users[0]) in opt_outs


@pytest.mark.parametrize("damage", [b"", b"damaged" * 1000])
def test_a_damaged_memory_is_read_anew(reader: Reader, own_state: Path, damage: bytes) -> None:
    reader.receive(PHONES[0], "stop")
    reader.chat(2 * PAGE_SIZE)
    reader.read()
    (own_state / "known.sqlite").write_bytes(damage)
    assert reader.read() == {PHONES[0]}
    assert reader.pages == 4
    assert reader.read() == {PHONES[0]}
    assert reader.pages == 1


def test_a_history_that_cannot_be_read_is_an_error_and_leaves_what_was_known(reader: Reader) -> None:
    reader.receive(PHONES[0], "stop")
    reader.chat(PAGE_SIZE)
    assert reader.read() == {PHONES[0]}
    reader.chat(2 * PAGE_SIZE)
    reader.receive(PHONES[1], "stop")
    reader.rig.sandbox.inject("error_after", operation="messages")
    with pytest.raises(ServerError):
        reader.read()
    reader.rig.sandbox.clear_faults()
    assert reader.read() == {PHONES[0], PHONES[1]}
    assert reader.pages == 3


def test_a_page_that_cannot_be_read_keeps_the_rest_from_being_taken_for_all(reader: Reader) -> None:
    reader.receive(PHONES[0], "stop")
    reader.chat(2 * PAGE_SIZE)
    opt_outs = OptOuts(DirectoryState(reader._directory), "here")
    with reader.rig.hook() as hook:
        conversation = opt_outs.read(**reader.rig.channel)
        client = hook.get_conn()
        assert isinstance(next(conversation), ServerTime)
        first = client.perform(_call(conversation.send(Moment(reader.rig.now()))))
        conversation.send(first)
        with pytest.raises(WahelpError, match="lost"):
            conversation.throw(WahelpError("read the history", "lost"))
    assert reader.read() == {PHONES[0]}
    assert reader.pages == 4


def _call(step: Any) -> Call[Any]:
    assert isinstance(step, Call)
    return step


NOW = datetime(2026, 3, 1, tzinfo=UTC)
APART = timedelta(minutes=12)


def message(number: int, **fields: Any) -> Message:
    """Return an incoming message; what comes first is the oldest."""
    given = {
        "user_id": number,
        "text": "Hello",
        "direction": "incoming",
        "created_at": NOW + number * APART,
    }
    return Message(id=number, **{**given, **fields})


class History:
    """A channel that is not the sandbox's: a list of messages as the server shows it, in pages.

    :param messages: in the server's order.
    """

    def __init__(self, messages: Sequence[Message], size: int = 10, clamps: bool = False) -> None:
        self.messages, self.size, self.clamps = messages, size, clamps
        self.asked = 0

    def read(self, opt_outs: OptOuts, now: datetime = NOW + timedelta(days=30)) -> set[int]:
        """Return who has opted out."""
        self.asked = 0
        conversation = opt_outs.read(1, "uuid")
        answer: Any = None
        try:
            while True:
                step = conversation.send(answer)
                answer = Moment(now.timestamp()) if isinstance(step, ServerTime) else self._page(_call(step))
        except StopIteration:
            return {int(user) for user in opt_outs._known.out}

    def _page(self, call: Call[Any]) -> Page[Message]:
        self.asked += 1
        start = ((call.params or {}).get("page", 1) - 1) * self.size
        if self.clamps:
            start = min(start, len(self.messages) - self.size)
        return Page(self.messages[start : start + self.size])


def newest_first(messages: Sequence[Message]) -> list[Message]:
    return list(reversed(messages))


def shuffled(messages: Sequence[Message]) -> list[Message]:
    return random.Random(7).sample(messages, len(messages))


@pytest.mark.parametrize("order", [newest_first, list, shuffled])
@pytest.mark.parametrize("clamps", [False, True])
def test_no_order_is_relied_on(order: Any, clamps: bool) -> None:
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [message(number) for number in range(100)]
    messages[3] = message(3, user_id=7, text="stop")
    messages[50] = message(50, user_id=50, text="stop")
    messages[60] = message(60, user_id=50, text="start")
    messages[70] = message(70, user_id=70, text="stop")
    history = History(order(messages), clamps=clamps)
    assert history.read(opt_outs) == {7, 70}  # 50 has written a start word
    messages += [message(number) for number in range(100, 110)]
    messages[105] = message(105, user_id=105, text="stop")
    messages[106] = message(106, user_id=70, text="start")
    history.messages = order(messages)
    assert history.read(opt_outs) == {7, 105}
    assert history.asked == 3 if order is newest_first else history.asked >= 11


def test_pages_from_the_oldest_each_with_its_newest_first() -> None:
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [message(number) for number in range(40)]
    history = History(
        [one for start in range(0, 40, 20) for one in reversed(messages[start : start + 20])], 20
    )
    history.read(opt_outs)
    history.messages = [*history.messages, message(41, text="stop"), message(40)]
    assert history.read(opt_outs) == {41}


def test_a_page_out_of_order_does_not_end_the_reading() -> None:
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [message(number) for number in range(40)]
    History(newest_first(messages)).read(opt_outs)
    messages += [message(number) for number in range(40, 60)]
    messages[45] = message(45, text="stop")
    shown = newest_first(messages)
    shown[8:8] = [shown.pop(), shown.pop()]  # the oldest two end the first page, the wrong way round
    assert History(shown).read(opt_outs) == {45}


def test_an_older_message_does_not_opt_in_again() -> None:
    """Not even where the stop itself is gone."""
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [message(number) for number in range(40)]
    messages[37] = message(37, text="start")
    messages[38] = message(38, user_id=37, text="stop")
    assert History(newest_first(messages)).read(opt_outs) == {37}
    del messages[38]
    assert History(newest_first(messages)).read(opt_outs) == {37}


def test_nobody_and_no_time() -> None:
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [
        message(1, user_id=None, text="stop"),
        message(2, text="stop", created_at=None),
        message(3, text="stop"),
        message(4, user_id=2, text="start"),
        message(5, user_id=3, text="start", created_at=None),
        message(6, text="stop", direction="service"),
        message(7, text=None),
    ]
    assert History(newest_first(messages)).read(opt_outs) == {2, 3}
    assert "None" not in opt_outs
    assert None not in opt_outs


def test_a_message_of_the_future_does_not_hide_the_next_ones() -> None:
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [message(number) for number in range(30)]
    future = message(99, created_at=NOW + timedelta(days=999))
    assert not History(newest_first([*messages, future])).read(opt_outs, NOW + 30 * APART)
    messages += [message(number) for number in range(30, 60)]
    messages[31] = message(31, text="stop")
    assert History(newest_first([*messages, future])).read(opt_outs, NOW + 60 * APART) == {31}


def test_the_overlap_is_read_once_more() -> None:
    opt_outs = OptOuts(DirectoryState(None), "here")
    messages = [message(number) for number in range(100)]
    late = 99 - OVERLAP // int(APART.total_seconds())
    History(newest_first(messages)).read(opt_outs)
    messages[late] = message(late, text="stop")
    history = History(newest_first(messages))
    assert history.read(opt_outs) == {late}
    assert history.asked == 2


def test_a_long_history_takes_little_memory() -> None:
    class Long(History):
        def _page(self, call: Call[Any]) -> Page[Message]:
            page = (call.params or {}).get("page", 1)
            first = 12_000 - page * 200
            return Page([message(n, user_id=n % 100) for n in range(first + 199, first - 1, -1) if n >= 0])

    tracemalloc.start()
    try:
        Long([]).read(OptOuts(DirectoryState(None), "here"), NOW + timedelta(days=999))
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()
