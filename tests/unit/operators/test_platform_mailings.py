"""The operators of Wahelp's own mailings, over real HTTP: none starts a mailing twice."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_wahelp.client import AsyncWahelpClient, errors
from airflow_provider_wahelp.client.platform import mailing_flows
from airflow_provider_wahelp.client.platform.errors import MailingNotSentError
from airflow_provider_wahelp.hooks import WahelpHook, event_loop
from airflow_provider_wahelp.operators import (
    CreatePlatformMailingOperator,
    ExportPlatformMailingOperator,
    StartPlatformMailingOperator,
    StopPlatformMailingOperator,
)
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.triggers import PlatformMailingTrigger

ANNA = "79161234567"


class TaskInstance(SimpleNamespace):
    """What an operator asks of its task instance."""

    def __init__(self, try_number: int = 1, max_tries: int = 0) -> None:
        names = {"dag_id": "dag", "run_id": "run", "task_id": "start", "map_index": -1}
        super().__init__(try_number=try_number, max_tries=max_tries, task=None, xcoms={}, **names)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


def attempt(number: int = 1) -> Any:
    return {"ti": TaskInstance(number)}


@pytest.fixture
def channel(wahelp_sandbox: Sandbox, connect: Any) -> str:
    connect(wahelp_sandbox.url, extra={"retries": 0, "project_id": 101})
    uuid: str = wahelp_sandbox.create_channel()["uuid"]
    connect(wahelp_sandbox.url, extra={"retries": 0, "project_id": 101, "channel_uuid": uuid})
    with WahelpHook() as hook:
        hook.create_user("Anna", ANNA)
    return uuid


@pytest.fixture
def news(channel: str) -> int:
    create = CreatePlatformMailingOperator(task_id="create", name="News", fields={"text": "Spring!"})
    first, again = create.execute(attempt()), create.execute(attempt(2))
    assert first == again
    assert (first["name"], first["state"]) == ("News", "draft")
    assert first.keys() == {"id", "name", "status", "state"}  # the text is nobody's XCom
    return int(first["id"])


def start(news: int, **arguments: Any) -> StartPlatformMailingOperator:
    return StartPlatformMailingOperator(task_id="start", mailing_id=news, **arguments)


def passing(operator: Any, sandbox: Sandbox, most: int = 100) -> list[float]:
    """Let the sandbox's time pass in place of the worker's; return what was waited for."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        assert len(waits) < most
        sandbox.advance(seconds)

    operator.hook.get_conn()._retrying.sleep = sleep
    return waits


def received(sandbox: Sandbox) -> int:
    return len(sandbox.conversation(ANNA))


def test_a_worker_waits_for_the_end(news: int, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.configure(delivered_after=90)
    task = start(news, poll_interval="60")
    waits = passing(task, wahelp_sandbox)
    context = attempt()
    assert task.execute(context) == {
        "id": news,
        "status": "finished",
        "state": "finished",
        "has_started": True,
        "stats": {"total": 1, "sent": 1, "delivered": 1, "read": 1},
    }
    assert waits == [60.0, 60.0]
    assert context["ti"].xcoms == {"id": news}
    assert received(wahelp_sandbox) == 1


def test_a_task_that_ran_before_starts_nothing(news: int, wahelp_sandbox: Sandbox) -> None:
    assert start(news, wait=False).execute(attempt()) == {
        "id": news,
        "status": None,
        "state": "running",
        "has_started": True,
    }
    killed = start(news)  # the worker of the first attempt has died, and the mailing has ended meanwhile
    wahelp_sandbox.advance(5)
    result = killed.execute(attempt(2))
    assert (result["state"], result["has_started"]) == ("finished", False)
    assert received(wahelp_sandbox) == 1


def test_a_start_that_is_under_way_is_not_repeated(news: int, wahelp_sandbox: Sandbox) -> None:
    """The first attempt is killed after its request has left, which arrives ten seconds later."""
    task = start(news)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if sum(waits) >= 10 and received(wahelp_sandbox) == 0:
            with WahelpHook() as other:
                other.start_platform_mailing(news)
        wahelp_sandbox.advance(seconds)

    task.hook.get_conn()._retrying.sleep = sleep
    assert task.execute(attempt(2))["has_started"] is False
    assert received(wahelp_sandbox) == 1


def test_a_draft_that_nothing_has_started_is_started_by_the_retry(news: int, wahelp_sandbox: Sandbox) -> None:
    task = start(news)
    waits = passing(task, wahelp_sandbox)
    assert task.execute(attempt(2))["has_started"] is True
    assert sum(waits) >= 75  # as long as the request of the first attempt may have been under way
    assert received(wahelp_sandbox) == 1


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "error_after"])
def test_a_lost_answer_is_looked_after(news: int, wahelp_sandbox: Sandbox, fault: str) -> None:
    wahelp_sandbox.inject(fault, operation="send_mailing", count=1)
    task = start(news)
    passing(task, wahelp_sandbox)
    assert task.execute(attempt())["has_started"] is True
    assert received(wahelp_sandbox) == 1


def test_a_stopped_mailing_fails_the_task_for_good(news: int, wahelp_sandbox: Sandbox) -> None:
    start(news, wait=False).execute(attempt())
    stop = StopPlatformMailingOperator(task_id="stop", mailing_id=news, name="{{ name }}")
    stop.render_template_fields({"name": "News"})  # type: ignore[typeddict-unknown-key, arg-type, unused-ignore]
    assert stop.execute(attempt())["state"] == "stopped"
    with pytest.raises(MailingNotSentError) as caught:
        start(news).execute(attempt(2))
    assert isinstance(caught.value, AirflowFailException)
    with pytest.raises(errors.InputError, match=r"^name: must be the name of mailing"):
        StopPlatformMailingOperator(task_id="stop", mailing_id=news, name="Old").execute(attempt())


def test_the_wait_has_an_end(news: int, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    wahelp_sandbox.configure(delivered_after=None)
    now = [1_000_000.0]
    monkeypatch.setattr(mailing_flows, "time", SimpleNamespace(time=lambda: now[0] * 1e6))
    with pytest.raises(errors.DeliveryTimeoutError, match=f"see mailing {news} end"):
        start(news).execute(attempt())


def deferred(task: StartPlatformMailingOperator, number: int = 1) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        task.execute(attempt(number))
    return caught.value


async def first(trigger: PlatformMailingTrigger) -> Any:
    async for event in trigger.run():
        return event.payload
    raise AssertionError("no event")


async def work(trigger: PlatformMailingTrigger, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a trigger. Each of its pauses passes at once, in the sandbox too."""

    async def sleep(seconds: float) -> None:
        sandbox.advance(seconds)

    monkeypatch.setattr(event_loop, "AsyncWahelpClient", partial(AsyncWahelpClient, sleep=sleep))
    return await asyncio.wait_for(first(trigger), 30)


def test_the_triggerer_waits_for_the_end(
    news: int, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = start(news, deferrable=True)
    pause = deferred(task)
    assert pause.method_name == "execute_complete"
    name, arguments = pause.trigger.serialize()
    assert name == "airflow_provider_wahelp.triggers.mailings.PlatformMailingTrigger"
    assert "channel_uuid" not in arguments  # the connection's
    trigger = PlatformMailingTrigger(**arguments)

    event = asyncio.run(work(trigger, wahelp_sandbox, monkeypatch))
    assert event == {
        "result": {"id": news, "status": "finished", "state": "finished"},
        "has_started": True,
    }
    assert task.execute_complete(attempt(), event)["stats"]["sent"] == 1
    again = start(news, deferrable=True)  # killed and tried again: it has ended, and is not waited for
    assert again.execute(attempt(2))["has_started"] is False
    assert received(wahelp_sandbox) == 1


@pytest.mark.parametrize(
    ("arguments", "event"),
    [({"deadline": 1.0}, {"late": True}), ({"kind": "waba"}, {"error": "NotFoundError"})],
)
def test_a_trigger_ends_late_or_with_an_error(news: int, arguments: Any, event: Any) -> None:
    trigger = PlatformMailingTrigger(mailing_id=news, project_id=101, **arguments)
    outcome = asyncio.run(first(trigger))
    if "error" in outcome:
        outcome["error"] = outcome["error"]["kind"]
    assert outcome == {**event, "has_started": False}


def test_numbers_that_cannot_be_read_do_not_fail_the_task(news: int, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.inject("error_before", operation="mailing_stats", status=404)
    task = start(news)
    passing(task, wahelp_sandbox)
    assert task.execute(attempt())["stats"] is None


def test_an_export_goes_to_storage(news: int, wahelp_sandbox: Sandbox, tmp_path: Path) -> None:
    start(news, wait=False).execute(attempt())
    path = f"file://{tmp_path}/news.csv"
    export = ExportPlatformMailingOperator(task_id="export", mailing_id=str(news), output_path=path)
    result = export.execute(attempt())
    assert result["path"] == path
    assert result["content_type"].startswith("text/csv")
    assert (tmp_path / "news.csv").read_text().split() == ["phone;status", f"{ANNA};sent"]


@pytest.mark.parametrize(
    ("make", "refused"),
    [
        (lambda: start("a b"), "mailing_id"),  # type: ignore[arg-type]
        (lambda: start(1, kind="email"), "kind"),
        (lambda: start(1, wait_timeout=0), "wait_timeout"),
        (lambda: CreatePlatformMailingOperator(task_id="t", name=" "), "name"),
        (lambda: CreatePlatformMailingOperator(task_id="t", name="N", fields=["x"]), "fields"),  # type: ignore[arg-type]
        (lambda: StopPlatformMailingOperator(task_id="t", mailing_id=1, name=None), "name"),  # type: ignore[arg-type]
    ],
)
def test_a_dag_file_shows_bad_input_by_its_name(make: Any, refused: str) -> None:
    with pytest.raises(errors.InputError, match=f"^{refused}: must be"):
        make()
