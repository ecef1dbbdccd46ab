"""Triggers: many waits, one poll, over real HTTP."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import RateLimitedError, ServerError
from airflow_provider_wahelp.client.waiting import LONGEST_TOLD
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.triggers import ChannelActiveTrigger, MessageStatusTrigger, poll, poller
from tests import timelapse

INTERVAL = 60.0
DEADLINE = 30.0
Place = dict[str, Any]


@pytest.fixture
def place(wahelp_sandbox: Sandbox, connect: Any) -> Place:
    connect(wahelp_sandbox.url)
    wahelp_sandbox.configure(activation_delay=None, delivered_after=10, read_after=20)
    return new_channel("Support")


def new_channel(name: str) -> Place:
    with WahelpHook() as hook:
        project = hook.create_project("Shop").id
        return {"project_id": project, "channel_uuid": hook.create_channel(name, project_id=project).uuid}


def send(place: Place, count: int = 1) -> list[Any]:
    with WahelpHook() as hook:
        return [hook.send_message(f"Hello {n}", phone="+79161234567", **place).id for n in range(count)]


def waits_for(*places: Place) -> list[ChannelActiveTrigger]:
    return [ChannelActiveTrigger(poke_interval=INTERVAL, **place) for place in places]


async def first(trigger: Any) -> Any:
    async for event in trigger.run():
        return event.payload
    raise AssertionError("no event")


def run_all(triggers: list[Any], meanwhile: Callable[[], Awaitable[None]]) -> list[Any]:
    async def work() -> list[Any]:
        waiting = [asyncio.create_task(first(trigger)) for trigger in triggers]
        await meanwhile()
        return await asyncio.wait_for(asyncio.gather(*waiting), 20 * INTERVAL)

    return timelapse.run(work())


async def looks(count: int) -> None:
    """Wait until there have been so many looks in all, the first of which is at once."""
    await asyncio.sleep((count - 0.5) * INTERVAL - asyncio.get_running_loop().time())


def asked(sandbox: Sandbox) -> Counter[str]:
    return Counter(
        request["path"].rpartition("/channels")[2].rstrip("/") or "list"
        for request in sandbox.requests
        if request["method"] == "GET"
    )


def test_many_waits_for_channels_are_one_list(place: Place, wahelp_sandbox: Sandbox) -> None:
    other = new_channel("Sales")
    wahelp_sandbox.clear_requests()

    async def meanwhile() -> None:
        await looks(2)
        wahelp_sandbox.scan(place["channel_uuid"])
        wahelp_sandbox.scan(other["channel_uuid"])

    events = run_all(waits_for(*[place, other] * 100), meanwhile)
    assert {event["result"]["uuid"] for event in events} == {place["channel_uuid"], other["channel_uuid"]}
    assert asked(wahelp_sandbox) == {"list": 3}
    assert poller._pollers == {}


def test_many_waits_for_messages_are_one_page_of_history(place: Place, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.scan(place["channel_uuid"])
    ids = send(place, 20)
    wahelp_sandbox.clear_requests()

    async def meanwhile() -> None:
        await looks(2)
        wahelp_sandbox.advance(11)

    triggers = [MessageStatusTrigger(message_id=each, poke_interval=INTERVAL, **place) for each in ids]
    events = run_all(triggers, meanwhile)
    assert [event["result"]["id"] for event in events] == ids
    assert asked(wahelp_sandbox) == {f"/{place['channel_uuid']}/messages": 3}


def test_messages_too_old_for_the_page_take_turns(place: Place, wahelp_sandbox: Sandbox) -> None:
    wahelp_sandbox.scan(place["channel_uuid"])
    ids = send(place, 25)
    for number in range(100):
        wahelp_sandbox.receive("+79161234567", f"Hello {number}", place["channel_uuid"])
    wahelp_sandbox.clear_requests()

    async def meanwhile() -> None:
        await looks(5)
        assert len(wahelp_sandbox.requests) == 5 * poll.BUDGET
        wahelp_sandbox.advance(11)

    triggers = [MessageStatusTrigger(message_id=each, poke_interval=INTERVAL, **place) for each in ids]
    events = run_all(triggers, meanwhile)
    assert len([event["result"] for event in events]) == 25
    single = [n for path, n in asked(wahelp_sandbox).items() if "/messages/" in path]
    assert len(single) == 25


def test_a_list_without_uuids_is_made_up_for(
    place: Place, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_wahelp.sandbox.state import views

    shown = views.channel

    async def meanwhile() -> None:
        monkeypatch.setattr(
            type(wahelp_sandbox._state.channels),
            "channels",
            lambda self, project_id: [
                {k: v for k, v in shown(c).items() if k != "uuid"}
                for c in self._core.registry.channels_of[project_id]
            ],
        )
        await looks(2)
        wahelp_sandbox.scan(place["channel_uuid"])

    (event,) = run_all(waits_for(place), meanwhile)
    assert event["result"]["active"] is True


def test_no_such_channel_ends_its_own_waits_only(place: Place, wahelp_sandbox: Sandbox) -> None:
    nowhere = {**place, "channel_uuid": "no-such"}

    async def meanwhile() -> None:
        await looks(3)
        wahelp_sandbox.scan(place["channel_uuid"])

    of_channel = MessageStatusTrigger(message_id=7, poke_interval=INTERVAL, **nowhere)
    here, there, message = run_all([*waits_for(place, nowhere), of_channel], meanwhile)
    assert here["result"]["active"] is True
    assert there["error"]["kind"] == message["error"]["kind"] == "NotFoundError"


def test_the_last_who_leaves_ends_the_poll(place: Place, wahelp_sandbox: Sandbox) -> None:
    async def work() -> None:
        one, two = (asyncio.create_task(first(each)) for each in waits_for(place, place))
        await looks(2)
        one.cancel()
        await looks(4)
        assert not two.done()
        assert asked(wahelp_sandbox) == {"list": 4}
        two.cancel()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=DEADLINE)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    wahelp_sandbox.clear_requests()
    timelapse.run(work())
    assert poller._pollers == {}


async def first_look(sandbox: Sandbox) -> None:
    async with asyncio.timeout(DEADLINE):
        while not asked(sandbox):  # noqa: ASYNC110  # a server in another thread has no event for it
            await asyncio.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Python says so too
def test_each_event_loop_has_its_own_poll(place: Place, wahelp_sandbox: Sandbox) -> None:
    loop = asyncio.new_event_loop()  # a loop that is dropped without a word
    task = loop.create_task(first(waits_for(place)[0]))
    wahelp_sandbox.clear_requests()
    loop.run_until_complete(first_look(wahelp_sandbox))
    loop.close()

    async def meanwhile() -> None:
        wahelp_sandbox.scan(place["channel_uuid"])

    (event,) = run_all(waits_for(place), meanwhile)
    assert event["result"]["active"] is True
    assert loop not in poller._pollers
    del task
    gc.collect()  # now, and not in the middle of another test


@pytest.mark.parametrize("fault", ["expired", "dead_token", "rate_limit", "error_after", "cut_before"])
def test_a_fault_makes_no_hot_loop_and_the_waits_go_on(
    place: Place, wahelp_sandbox: Sandbox, connect: Any, fault: str
) -> None:
    """With the shortest interval that there is, a second: a minute would have 60 looks."""
    triggers = [ChannelActiveTrigger(poke_interval=0.0, **place) for _ in range(50)]
    count: list[int] = []

    async def meanwhile() -> None:
        await asyncio.sleep(0.5)
        wahelp_sandbox.clear_requests()
        if fault == "expired":
            wahelp_sandbox.expire_tokens()
        else:
            status = {"status": 502} if fault == "error_after" else {}
            wahelp_sandbox.inject(fault, operation="channels", **status)
        await asyncio.sleep(60)
        # One that is refused in passing is healed by a login at once; then the interval counts again.
        struck = [each for each in wahelp_sandbox.requests if fault != "expired" or each["status"] == 401]
        count.append(len(struck))
        wahelp_sandbox.clear_faults()
        wahelp_sandbox.scan(place["channel_uuid"])

    events = run_all(triggers, meanwhile)
    assert 0 < count[0] < 15
    assert all(event["result"]["active"] for event in events)


def test_a_dead_host_is_not_hammered_and_the_waits_go_on(
    place: Place, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []
    look = poll.Poll.run_once

    async def counted(self: Any, *hints: Any) -> Any:
        tries.append(asyncio.get_running_loop().time())
        return await look(self, *hints)

    async def meanwhile() -> None:
        await asyncio.sleep(0.5)
        wahelp_sandbox.stop()
        monkeypatch.setattr(poll.Poll, "run_once", counted)
        await asyncio.sleep(60)
        port = int(wahelp_sandbox.url.rpartition(":")[2])
        monkeypatch.setattr(wahelp_sandbox, "_address", ("127.0.0.1", port))
        wahelp_sandbox.scan(place["channel_uuid"])
        wahelp_sandbox.start()

    triggers = [ChannelActiveTrigger(poke_interval=0.0, **place) for _ in range(50)]
    events = run_all(triggers, meanwhile)
    assert all(event["result"]["active"] for event in events)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert [int(pause) for pause in pauses] == [2, 4, 8, 16, 32]


def test_the_log_of_each_task_tells_of_a_fault_and_of_its_end(
    place: Place, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def meanwhile() -> None:
        await looks(2)
        wahelp_sandbox.inject("rate_limit", operation="channels", count=1, retry_after=1)
        await looks(4)
        wahelp_sandbox.scan(place["channel_uuid"])

    triggers = waits_for(place, place)
    said: list[tuple[int, str]] = []
    monkeypatch.setattr(
        ChannelActiveTrigger,
        "log",
        property(lambda self: SimpleNamespace(warning=lambda words: said.append((id(self), words)))),
    )
    run_all(triggers, meanwhile)
    for trigger in triggers:
        fault, end = [words for who, words in said if who == id(trigger)]
        assert "too many requests" in fault
        assert "Looking again in" in fault
        assert end == "Wahelp answers again."


def test_retry_after_is_honoured(
    place: Place, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(poller.random, "random", lambda: 0.0)
    wahelp_sandbox.inject("rate_limit", operation="channels", count=1, retry_after=500)
    wahelp_sandbox.scan(place["channel_uuid"])

    async def work() -> float:
        await first(waits_for(place)[0])
        return asyncio.get_running_loop().time()

    assert timelapse.run(work()) == 500


def test_who_is_more_impatient_does_not_wait_for_who_came_first(
    place: Place, wahelp_sandbox: Sandbox
) -> None:
    async def work() -> float:
        patient = asyncio.create_task(first(ChannelActiveTrigger(poke_interval=600.0, **place)))
        await asyncio.sleep(10)
        test_settings = asyncio.create_task(first(ChannelActiveTrigger(poke_interval=20.0, **place)))
        await asyncio.sleep(5)
        wahelp_sandbox.scan(place["channel_uuid"])
        await asyncio.gather(patient, test_settings)
        return asyncio.get_running_loop().time()

    assert timelapse.run(work()) == 20  # counted from the look at the beginning


def test_pauses_do_not_grow_while_others_can_be_read(place: Place, wahelp_sandbox: Sandbox) -> None:
    bad, good = place, new_channel("Sales")
    for each in (bad, good):
        wahelp_sandbox.scan(each["channel_uuid"])
    triggers = [
        MessageStatusTrigger(message_id=send(each)[0], poke_interval=1.0, **each) for each in (bad, good)
    ]
    wahelp_sandbox.inject("error_after", path=f"*/{bad['channel_uuid']}/messages")
    wahelp_sandbox.clear_requests()

    async def meanwhile() -> None:
        await asyncio.sleep(60)
        assert asked(wahelp_sandbox)[f"/{good['channel_uuid']}/messages"] >= 60 / 3
        wahelp_sandbox.clear_faults()
        wahelp_sandbox.advance(11)

    run_all(triggers, meanwhile)


def test_pauses_grow_and_end_somewhere() -> None:
    pauses = [poller.pause_after(ServerError("look"), failures, 1) for failures in (1, 2, 3, 20)]
    assert [round(pause - 0.5) for pause in pauses] == [2, 4, 8, 60]
    assert poller.pause_after(RateLimitedError("look", retry_after=1e9), 1, 1) == LONGEST_TOLD
    assert poller.pause_after(ServerError("look"), 1, 300) == 300


def test_a_channel_that_fails_does_not_keep_the_others_waiting(place: Place, wahelp_sandbox: Sandbox) -> None:
    bad, good = place, new_channel("Sales")
    triggers = []
    for each in (bad, good):
        wahelp_sandbox.scan(each["channel_uuid"])
        triggers += [MessageStatusTrigger(message_id=send(each)[0], poke_interval=INTERVAL, **each)]
    old = MessageStatusTrigger(message_id=send(good)[0], poke_interval=INTERVAL, **good)
    for number in range(100):
        wahelp_sandbox.receive("+79161234567", f"Hello {number}", good["channel_uuid"])
    wahelp_sandbox.inject("error_after", path=f"*/{bad['channel_uuid']}/messages")

    async def work() -> None:
        left, *rest = (asyncio.create_task(first(trigger)) for trigger in [*triggers, old])
        wahelp_sandbox.advance(11)
        for event in await asyncio.wait_for(asyncio.gather(*rest), 8 * INTERVAL):
            assert event["result"]["status"] == "delivered"
        assert not left.done()
        left.cancel()

    timelapse.run(work())


def test_a_poll_that_breaks_down_fails_the_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError("nobody has foreseen this")

    monkeypatch.setattr(poll.Poll, "run_once", break_down)
    with pytest.raises(RuntimeError, match="failed unexpectedly") as caught:
        timelapse.run(first(waits_for(place)[0]))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert poller._pollers == {}


def test_an_unknown_connection_fails_the_wait(place: Place) -> None:
    trigger = ChannelActiveTrigger(wahelp_conn_id="no_such", **place)
    with pytest.raises(RuntimeError):
        timelapse.run(first(trigger))


def test_a_connection_that_is_wrong_ends_all_waits_as_what_it_is(place: Place, connect: Any) -> None:
    connect("https://wahelp.invalid", extra={"ca_bundle": "/no/such.pem"})
    events = run_all(waits_for(place, place), lambda: asyncio.sleep(0))
    assert [event["error"]["argument"] for event in events] == ["ca_bundle"] * 2


def test_a_server_that_is_not_wahelp_ends_all_waits_as_what_it_is(
    place: Place, wahelp_sandbox: Sandbox, connect: Any
) -> None:
    connect(f"{wahelp_sandbox.url}/elsewhere")
    message = MessageStatusTrigger(message_id=1, poke_interval=INTERVAL, **place)
    wahelp_sandbox.clear_requests()
    events = run_all([*waits_for(place, place), message], lambda: asyncio.sleep(0))
    assert [event["error"]["kind"] for event in events] == ["NotWahelpError"] * 3
    assert len(wahelp_sandbox.requests) == 1


@pytest.mark.parametrize(
    "trigger",
    [
        ChannelActiveTrigger(7, "c-1", 5.0, "other"),
        MessageStatusTrigger(42, "read", project_id=7, channel_uuid="c-1"),
    ],
    ids=lambda trigger: type(trigger).__name__,
)
def test_a_trigger_is_made_again_from_what_it_says(trigger: Any) -> None:
    path, arguments = trigger.serialize()
    assert path == f"{type(trigger).__module__}.{type(trigger).__name__}"
    assert type(trigger)(**arguments).serialize() == (path, arguments)


WITHOUT_REQUESTS = """
import sys
import airflow.triggers.base
from airflow.providers.common.compat.sdk import BaseHook

class Refuse:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "requests":
            raise ImportError("there is no requests here")

for name in [name for name in sys.modules if name.partition(".")[0] == "requests"]:
    del sys.modules[name]
sys.meta_path.insert(0, Refuse())
import airflow_provider_wahelp.triggers.channels
import airflow_provider_wahelp.triggers.messages
"""


def test_a_triggerer_needs_no_requests() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_REQUESTS], check=True, capture_output=True)
