"""The notifier over real HTTP: its arguments and templates, who gets what, and what it swallows."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseNotifier

from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    CredentialsError,
    InputError,
    MessengerMissingError,
)
from airflow_provider_wahelp.notifications import WahelpNotifier, send_wahelp_notification

from .conftest import (
    OTHER,
    PHONE,
    Rig,
    of_task,
)

FAILED = ValueError("no rows in orders\nand much more")


def test_it_is_what_airflow_and_users_expect() -> None:
    assert send_wahelp_notification is WahelpNotifier
    assert issubclass(WahelpNotifier, BaseNotifier)


def test_a_failure_is_told_in_a_few_lines(rig: Rig) -> None:
    WahelpNotifier(phone=PHONE)(of_task(map_index=7, exception=FAILED))
    (text,) = rig.texts()
    what, why, attempt, run, link = text.splitlines()
    assert what == "Failed: shop, task load [7]"
    assert why == "ValueError: no rows in orders"
    assert attempt.startswith("Try 1 of 3, ")
    assert attempt.endswith(" MSK")
    assert run == "Run scheduled__2026-11-22"
    assert link == "http://airflow.test/dags/shop/log"


def test_a_failure_whose_words_cannot_be_encoded_is_told_all_the_same(rig: Rig) -> None:
    """As those that name a file whose name is no UTF-8."""
    WahelpNotifier(phone=PHONE)(of_task(exception=FileNotFoundError("no \udcff.csv")))
    (text,) = rig.texts()
    assert "FileNotFoundError: no ?.csv" in text


@pytest.mark.parametrize(
    ("argument", "extra"),
    [({"default_region": "RU"}, {}), ({}, {"default_region": "RU"}), ({"default_region": "{{ 'RU' }}"}, {})],
    ids=["argument", "connection", "template"],
)
def test_a_phone_without_a_country_code_is_of_the_default_region(rig: Rig, argument: Any, extra: Any) -> None:
    rig.connect(rig.sandbox.url, **extra)
    WahelpNotifier(text="boom", to=["9161112233", "916 111-22-33", PHONE], **argument)(of_task())
    assert rig.texts() == ["boom"]


def test_without_a_default_region_such_a_phone_is_refused_by_the_name_of_what_is_missing(
    rig: Rig, task_log: Any
) -> None:
    WahelpNotifier(text="boom", phone="9161112233")(of_task())
    said = task_log()
    assert "default_region" in said
    assert "9161112233" not in said
    with pytest.raises(InputError, match=r"^default_region: "):
        WahelpNotifier(phone=PHONE, default_region="Russia")


def test_a_template_sees_the_context(rig: Rig) -> None:
    notifier = WahelpNotifier(text="{{ ti.task_id }}: {{ exception }}", to=["{{ oncall }}"])
    notifier(of_task(exception="boom", oncall=f"{PHONE}, {OTHER}"))
    assert rig.texts() == rig.texts(OTHER) == ["load: boom"]


@pytest.mark.parametrize(
    ("template", "value", "told"),
    [
        ("{{ value }}", ValueError("no rows"), "no rows"),
        ("{{ value }}", "{{ 7*7 }} {% x %} 100%", "{{ 7*7 }} {% x %} 100%"),
        ("Failed: {{ value }}", ValueError("{{ 7*7 }}"), "Failed: {{ 7*7 }}"),
        ("{{ value }}", "10.50", "10.50"),
        ("{{ value }}", "1_000", "1_000"),
        ("{{ value }}", '"quoted"', '"quoted"'),
        ("{{ value }}", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01 00:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("native", [True, False])
def test_a_value_is_told_to_the_letter(rig: Rig, template: str, value: Any, told: str, native: bool) -> None:
    dag = DAG("shop", schedule=None, render_template_as_native_obj=native)
    given = {"phone": "{{ phone }}", "name": "{{ phone }}", "group_by": "{{ value }}"}
    notifier = WahelpNotifier(text=template, throttle=timedelta(hours=1), raise_on_error=True, **given)
    notifier(of_task(dag=dag, value=value, phone=PHONE))
    assert rig.texts() == [told]


@pytest.mark.parametrize("native", [True, False])
def test_phones_stay_phones_and_lists_lists(rig: Rig, native: bool) -> None:
    dag = DAG("shop", schedule=None, render_template_as_native_obj=native)
    WahelpNotifier(to=["{{ phone }}"])(of_task(dag=dag, phone=PHONE))
    WahelpNotifier(to="{{ phones }}")(of_task(dag=dag, phones=OTHER))
    assert [len(rig.texts()), len(rig.texts(OTHER))] == [1, 1]


@pytest.mark.parametrize("native", [True, False])
def test_an_exception_that_is_not_known_is_no_word(rig: Rig, native: bool) -> None:
    """A task that was killed has none."""
    dag = DAG("shop", schedule=None, render_template_as_native_obj=native)
    WahelpNotifier(text="{{ exception }}", phone=PHONE)(of_task(dag=dag, exception=None))
    (text,) = rig.texts()
    assert text.startswith("Failed: shop, task load")


def test_a_text_that_cannot_be_rendered_is_replaced(rig: Rig, task_log: Any) -> None:
    WahelpNotifier(text="{{ ti.nothing.here }}", phone=PHONE)(of_task())
    (text,) = rig.texts()
    assert text.startswith("Failed: shop, task load")
    assert "cannot be rendered (UndefinedError)" in task_log()


def test_an_object_serves_two_tasks_and_the_context_stays_as_it_is(rig: Rig) -> None:
    notifier = WahelpNotifier(text="{{ ti.task_id }}", to=["{{ phone }}"])
    for task in ("one", "two"):
        context = of_task(task_id=task, phone=PHONE)
        known = set(context)
        notifier(context)
        assert set(context) == known
    assert rig.texts() == ["one", "two"]
    assert (notifier.text, notifier.to) == ("{{ ti.task_id }}", ["{{ phone }}"])


def test_an_object_serves_many_threads(rig: Rig) -> None:
    notifier = WahelpNotifier(text="{{ ti.task_id }}", phone=PHONE)
    tasks = [f"task-{number}" for number in range(8)]
    threads = [threading.Thread(target=notifier, args=(of_task(task_id=task),)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rig.texts()) == tasks


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))],
    ids=["copy", "deep", "pickle"],
)
def test_a_copy_does_the_same(rig: Rig, again: Any) -> None:
    again(WahelpNotifier(text="{{ ti.task_id }}", phone=PHONE))(of_task())
    assert rig.texts() == ["load"]


def test_a_loop_that_runs_is_no_hindrance(rig: Rig) -> None:
    async def task() -> None:
        WahelpNotifier(text="from a loop", phone=PHONE)(of_task())

    asyncio.run(task())
    assert rig.texts() == ["from a loop"]


def test_it_can_be_awaited(rig: Rig) -> None:
    async def triggerer() -> None:
        try:
            notifier = WahelpNotifier(text="late", phone=PHONE, context=of_task())
        except TypeError:
            pytest.skip("before Airflow 3.1")
        await notifier
        await notifier.async_notify(of_task())

    asyncio.run(triggerer())
    assert rig.texts() == ["late"]


def test_what_goes_wrong_is_raised_if_that_is_wanted(rig: Rig) -> None:
    rig.sandbox.set_messenger(PHONE, present=False)
    with pytest.raises(MessengerMissingError):
        WahelpNotifier(phone=PHONE, raise_on_error=True)(of_task())
    rig.sandbox.log_out(rig.channel)
    with pytest.raises(ChannelNotActiveError):
        WahelpNotifier(phone=OTHER, raise_on_error=True)(of_task())


def test_a_wrong_password_is_said_once_and_swallowed(rig: Rig, task_log: Any) -> None:
    rig._connect(rig.sandbox.url, password="wrong-word", extra={"project_id": 1, "channel_uuid": "x"})
    WahelpNotifier(text="a secret", phone=PHONE)(of_task())
    log = task_log()
    assert "the credentials are refused" in log
    assert log.count("A notifier failed") == log.count("the credentials are refused")
    assert not [secret for secret in ("wrong-word", PHONE[2:], "a secret") if secret in log]
    with pytest.raises(CredentialsError):
        WahelpNotifier(phone=PHONE, raise_on_error=True)(of_task())


def test_a_connection_that_does_not_exist_is_swallowed(rig: Rig, task_log: Any) -> None:
    WahelpNotifier(phone=PHONE, wahelp_conn_id="nowhere")(of_task())
    assert "nowhere" in task_log()


def test_no_log_gives_anything_away(rig: Rig, task_log: Any) -> None:
    notifier = WahelpNotifier(text="the blue door", phone=PHONE, throttle=60)
    notifier(of_task())
    notifier(of_task(try_number=2))
    log = task_log()
    assert "+7*****2233" in log
    assert not [secret for secret in ("blue door", PHONE[2:]) if secret in log + repr(notifier)]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "to, phone, user_id"),
        ({"phone": PHONE, "user_id": 1}, "to, phone, user_id"),
        ({"phone": "12"}, "phone"),
        ({"user_id": "a/b"}, "user_id"),
        ({"to": []}, "to, phone, user_id"),
        ({"to": ["12"]}, "to"),
        ({"to": [None]}, "to"),
        ({"to": {"phone": PHONE}}, "to"),
        ({"phone": PHONE, "text": " "}, "text"),
        ({"phone": PHONE, "throttle": "soon"}, "throttle"),
        ({"phone": PHONE, "throttle": timedelta(0)}, "throttle"),
        ({"phone": PHONE, "timeout": 0}, "timeout"),
        ({"phone": PHONE, "quiet_hours": "at night"}, "quiet_hours"),
        ({"phone": PHONE, "quiet_zone": "mine"}, "quiet_zone"),
        ({"phone": PHONE, "timezone": "Nowhere"}, "timezone"),
        ({"phone": PHONE, "fallback": [""]}, "fallback"),
        ({"phone": PHONE, "urgent": "yes"}, "urgent"),
        ({"phone": PHONE, "channel_uuid": "a b"}, "channel_uuid"),
        ({"phone": PHONE, "project_id": "x"}, "project_id"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError) as caught:
        WahelpNotifier(**arguments)
    assert caught.value.argument == named
    assert PHONE not in str(caught.value)


def test_an_argument_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError):
        WahelpNotifier(phone=PHONE, thr0ttle=1)


def test_what_a_template_makes_is_checked_when_it_is_known(rig: Rig, task_log: Any) -> None:
    WahelpNotifier(phone="{{ who }}")(of_task(who="nobody"))
    assert "phone: must be a phone number" in task_log()
    assert rig.sends == []


def at_a_deadline(**arguments: Any) -> None:
    """Do what Airflow's triggerer does."""
    run = {"dag_id": "shop", "dag_run_id": "manual__1", "logical_date": None, "state": "running"}
    context = {"dag_run": run, "deadline": {"id": "7", "deadline_time": "2026-11-22T19:05:00+00:00"}}

    async def triggerer() -> None:
        try:
            notifier = WahelpNotifier(context=context, **arguments)
        except TypeError:
            pytest.skip("before Airflow 3.1")
        await notifier

    asyncio.run(triggerer())


def test_a_deadline_that_is_missed_is_told_once(rig: Rig) -> None:
    anna = rig.user()
    for _ in range(2):  # the triggerer was restarted
        at_a_deadline(user_id=anna)
    (text,) = rig.texts()
    assert text.splitlines()[:3] == ["Deadline missed: shop", "22 Nov 22:05 MSK", "Run manual__1"]


def test_a_deadline_with_a_wrong_argument_is_a_warning(rig: Rig, task_log: Any) -> None:
    at_a_deadline(phone=PHONE, timezone="Nowhere")  # raised, Airflow would log the phone
    assert "timezone: must be the name of a time zone" in task_log()


def test_what_airflow_2_tells_of_a_missed_sla(rig: Rig) -> None:
    dag = SimpleNamespace(dag_id="shop", render_template_as_native_obj=False)
    WahelpNotifier(phone=PHONE)(dag, "load on 2026-11-22", "", [], [])
    (text,) = rig.texts()
    assert text.startswith("SLA missed: shop\nload on 2026-11-22\n")


@pytest.mark.parametrize(
    ("argument", "of_connection", "of_all", "head"),
    [
        ({"language": "ru"}, {"language": "en"}, "en", "Ошибка: shop, задача load"),
        ({"language": "{{ 'ru' }}"}, {}, "", "Ошибка: shop, задача load"),
        ({}, {"language": "ru"}, "en", "Ошибка: shop, задача load"),
        ({}, {}, "ru", "Ошибка: shop, задача load"),
        ({"language": "en"}, {"language": "ru"}, "ru", "Failed: shop, task load"),
        ({}, {}, "", "Failed: shop, task load"),
    ],
)
def test_an_alert_has_the_language_of_its_reader(
    rig: Rig,
    monkeypatch: pytest.MonkeyPatch,
    argument: dict[str, Any],
    of_connection: dict[str, str],
    of_all: str,
    head: str,
) -> None:
    monkeypatch.setenv("AIRFLOW__WAHELP__LANGUAGE", of_all)
    rig.connect(rig.sandbox.url, **of_connection)
    WahelpNotifier(phone=PHONE, **argument)(of_task())
    (text,) = rig.texts()
    assert text.splitlines()[0] == head


def test_a_language_that_is_none_of_ours_is_refused_by_name(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="language: must be one of 'en', 'ru'"):
        WahelpNotifier(phone=PHONE, language="de")  # type: ignore[arg-type]
    monkeypatch.setenv("AIRFLOW__WAHELP__LANGUAGE", "de")
    with pytest.raises(InputError, match=r"\[wahelp\] language: must be one of"):
        WahelpNotifier(phone=PHONE, raise_on_error=True)(of_task())
