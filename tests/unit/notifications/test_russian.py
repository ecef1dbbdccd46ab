"""Every kind of alert in Russian: no English word but names, and each number with its form."""
# ruff: noqa: RUF001 - Cyrillic letters are what this is about

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_wahelp.delivery.alert.store import Action, Claim, Held
from airflow_provider_wahelp.delivery.alert.streaks import Streak
from airflow_provider_wahelp.language import ENGLISH, Words
from airflow_provider_wahelp.notifications.approval import WahelpApprovalNotifier
from airflow_provider_wahelp.notifications.approval_options import in_each_language, shown_options
from airflow_provider_wahelp.notifications.attachment import Attachment
from airflow_provider_wahelp.notifications.event import Event, Kind, event_of
from airflow_provider_wahelp.notifications.event_text import counted, default_text, names
from airflow_provider_wahelp.notifications.failed_tasks import FailedTask, Failures
from airflow_provider_wahelp.notifications.notification import Notification

NOW = datetime(2026, 11, 22, 19, 5, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")
RUSSIAN = Words("ru")
RUN, LINK = "scheduled__2026-11-22T19:00:00+00:00", "https://airflow.test/dags/shop/runs/r1"
LATE = "load on 2026-11-22T10:00:00+00:00\ncheck on 2026-11-22T11:00Z"
BROKEN = {"filename": "shop.py", "stacktrace": "ValueError: мало", "since": 1.0}
NAMES = (LINK, RUN, "shop.py", "shop", "load", "check", "ValueError", "Airflow")

ONE_OF_EACH = {
    kind: Event(
        kind,
        dag_id="shop",
        run_id=RUN,
        task_id="load",
        map_index=3,
        try_number=1,
        tries=3,
        reason="ValueError: в таблице нет строк",
        link=LINK,
    )
    for kind in Kind
} | {
    Kind.SLA: event_of({"slas": [], "task_list": LATE}),
    Kind.BROKEN: event_of({"broken": BROKEN}),
}
MORE = {
    "again": Event(Kind.FAILED, "shop", task_id="load", streak=Streak(1.0, failures=2, days=1)),
    "day 3": Event(Kind.FAILED, "shop", task_id="load", streak=Streak(1.0, failures=9, days=3)),
    "recovered": Event(Kind.RECOVERED, "shop", task_id="load", streak=Streak(NOW.timestamp(), 21)),
    "lost": event_of({"ti": SimpleNamespace(task_id="load", state=None, try_number=2, max_tries=1)}),
    "tried": Event(Kind.FAILED, "shop", task_id="load", try_number=2),
    "nothing known": event_of({}),
    "a deadline": event_of({"deadline": {"id": 7, "deadline_time": "2026-11-22T10:00:00+00:00"}}),
}
RUNS = ("task_failure", "timed_out", "all_tasks_deadlocked", "success")


def latin(text: str) -> list[str]:
    """Return the words in Latin letters that are no name."""
    for name in NAMES:
        text = text.replace(name, "")
    return re.findall(r"[A-Za-z]+", text)


@pytest.mark.parametrize("event", [*ONE_OF_EACH.values(), *MORE.values()], ids=[*ONE_OF_EACH, *MORE])
def test_a_default_text_has_no_english_word(event: Event) -> None:
    text = default_text(event, NOW, MOSCOW, RUSSIAN)
    assert latin(text) == []
    assert text != default_text(event, NOW, MOSCOW, ENGLISH)


@pytest.mark.parametrize("reason", RUNS)
def test_the_end_of_a_run_has_no_english_word(reason: str) -> None:
    failures = Failures(tuple(FailedTask("load", index) for index in range(8)))
    event = event_of({"reason": reason, "run_id": RUN}).because_of(failures)
    assert latin(default_text(event, NOW, MOSCOW, RUSSIAN)) == []


def test_an_alert_reads_as_a_person_would_write_it() -> None:
    assert default_text(ONE_OF_EACH[Kind.FAILED], NOW, MOSCOW, RUSSIAN).splitlines() == [
        "Ошибка: shop, задача load [3]",
        "ValueError: в таблице нет строк",
        "Попытка 1 из 3, 22.11.2026 22:05 МСК",
        f"Запуск {RUN}",
        LINK,
    ]
    late = default_text(ONE_OF_EACH[Kind.SLA], NOW, MOSCOW, RUSSIAN).splitlines()
    assert late[1] == "load (22.11.2026 13:00), check (22.11.2026 14:00)"


FAILURES = {1: "1 ошибка", 2: "2 ошибки", 5: "5 ошибок", 11: "11 ошибок", 21: "21 ошибка", 112: "112 ошибок"}


@pytest.mark.parametrize(("count", "written"), FAILURES.items())
def test_each_number_has_its_form(count: int, written: str) -> None:
    event = Event(Kind.RECOVERED, "shop", streak=Streak(NOW.timestamp(), count))
    assert f" {written}, с 22.11.2026 22:05." in default_text(event, NOW, MOSCOW, RUSSIAN)
    assert counted(ONE_OF_EACH[Kind.FAILED].label, count, RUSSIAN) == f"load: {written}"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("count", [1, 2, 5, 11, 21])
def test_each_kind_is_counted_in_words(kind: Kind, count: int) -> None:
    written = counted(Event(kind, "shop", task_id="load").label, count, RUSSIAN)
    assert written.startswith(f"load: {count} ")
    assert latin(written) == []


def test_the_forms_of_one_few_and_many_differ() -> None:
    for kind in Kind:
        label = Event(kind, "shop").label
        assert len({counted(label, count, RUSSIAN).replace(str(count), "") for count in (1, 2, 5)}) == 3, kind


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_summary_has_the_language_of_its_reader(language: str) -> None:
    at = NOW.timestamp()
    labels = [f"{kind.name} load" for kind in Kind] + ["FAILED check"] * 5
    held = tuple(Held(label, at - 60) for label in labels)
    claim = Claim(Action.SEND, at, more=held[:2], of_run=held)
    made = notification(language)._message(Attachment(), [FailedTask("check", 1)], claim, "en").text
    assert (latin(made) == []) is (language == "ru")
    assert ("check: 5 ошибок" in made) is (language == "ru")


def notification(language: str) -> Notification:
    from airflow_provider_wahelp.notifications import WahelpNotifier

    sent = WahelpNotifier(phone="+79161112233", language=language)  # type: ignore[arg-type]
    context: Any = {"ti": SimpleNamespace(dag_id="shop", task_id="load", state="failed"), "run_id": RUN}
    return sent._notification(context, deadline=0)


def test_an_approval_asks_in_russian() -> None:
    asking = WahelpApprovalNotifier(approvers={"+79161112233": "anna"}, text="Опубликовать цены?")
    asking._question = ("", ["Approve", "Reject"], "1234")
    text = asking._text(Event(Kind.ASKS), MOSCOW, RUSSIAN)
    assert text.splitlines()[:3] == ["Опубликовать цены?", "1. Одобрить", "2. Отклонить"]
    assert latin(text) == []
    assert in_each_language("Approve") == ["Approve", "Одобрить"]
    assert shown_options(["Approve", "Later"], RUSSIAN) == ["Approve", "Later"]


def test_what_an_approver_is_told_has_no_english_word() -> None:
    pytest.importorskip("airflow.models.hitl", reason="Airflow asks people since 3.1")
    from airflow_provider_wahelp.receiver.notices import _TEXTS

    for message in _TEXTS.values():
        assert latin(RUSSIAN.gettext(message, option="Одобрить", code="1234")) == []


def test_a_number_of_tasks_is_told_in_either_language() -> None:
    tasks = [FailedTask("load", index) for index in range(6)]
    assert names(tasks, RUSSIAN).endswith("load [4] и ещё 1")
    assert names(tasks).endswith("load [4] and 1 other")


def test_a_day_long_ago_is_named() -> None:
    at = NOW.timestamp()
    claim = Claim(Action.SEND, at, more=(Held("FAILED load", at - timedelta(days=2).total_seconds()),))
    assert notification("ru")._message(Attachment(), [], claim, None).text.splitlines()[-1] == (
        "и ещё 1 такое же событие с 20.11.2026 22:05"
    )


def test_a_link_is_short_enough_for_a_phone() -> None:
    link = "https://airflow.test/dags/shop/runs/scheduled__2026-11-22T19%3A00%3A00%2B00%3A00/tasks/load?a=%2B"
    ti = SimpleNamespace(dag_id="shop", task_id="load", state="failed", log_url=link)
    assert event_of({"ti": ti}).link == f"https://airflow.test/dags/shop/runs/{RUN}/tasks/load?a=%2B"
