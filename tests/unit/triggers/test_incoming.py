"""A watcher of a channel, over real HTTP: what it tells of, and that a restart loses and doubles nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_wahelp.assets import IncomingEvent
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.sandbox import Sandbox
from airflow_provider_wahelp.triggers import incoming
from airflow_provider_wahelp.triggers.cursor import WATCHER, Position, event_time
from airflow_provider_wahelp.triggers.incoming import IncomingMessagesTrigger
from tests import timelapse
from tests.unit.triggers.test_incoming_waiters import PHONE, place, write
from tests.unit.triggers.test_triggers import INTERVAL, Place, looks

__all__ = ["place"]

Meanwhile = Callable[[], Awaitable[None]]


class Store(dict[str, Any]):
    """The state of one asset, as Airflow keeps it: what a listener moves with each event that is stored."""

    async def aget(self, key: str, default: Any = None) -> Any:
        return self.get(key, default)

    async def aset(self, key: str, value: Any) -> None:
        self[key] = value

    def keep(self, payload: dict[str, Any]) -> None:
        position = Position.from_json(self[payload[WATCHER]])
        assert position
        self[payload[WATCHER]] = position.after(payload["key"], event_time(payload)).to_json()


def watch(place: Place, store: Store, meanwhile: Meanwhile, count: int, **options: Any) -> list[Any]:
    """Run a watcher in a triggerer until so many events are stored; what it has yielded beyond is lost."""
    given = IncomingMessagesTrigger(**{**place, "include": ["text"], "poke_interval": INTERVAL, **options})
    trigger = IncomingMessagesTrigger(**given.serialize()[1])  # as it lies in the database
    trigger.asset_state_store = SimpleNamespace(_by_name={"asset": store})
    stored: list[Any] = []

    async def work() -> None:
        async for event in trigger.run():
            if len(stored) < count:
                store.keep(event.payload)
                stored.append(event.payload["text"])
            if len(stored) == count:
                return

    async def all_of_it() -> None:
        task = asyncio.create_task(work())
        await meanwhile()
        await asyncio.wait_for(task, 20 * INTERVAL)

    timelapse.run(all_of_it())
    return stored


async def nothing() -> None:
    """Nothing happens meanwhile."""


def test_what_is_written_from_now_on_is_told_of_in_order(place: Place, wahelp_sandbox: Sandbox) -> None:
    write(wahelp_sandbox, place, "before")

    async def meanwhile() -> None:
        await looks(1)
        write(wahelp_sandbox, place, "one", "two")
        await looks(2)
        write(wahelp_sandbox, place, "three")

    assert watch(place, Store(), meanwhile, 3) == ["one", "two", "three"]


def test_a_restart_goes_on_after_the_last_event_that_was_stored(
    place: Place, wahelp_sandbox: Sandbox
) -> None:
    store = Store()
    write(wahelp_sandbox, place, "before")
    texts = [f"Hello {n}" for n in range(120)]

    async def meanwhile() -> None:
        await looks(1)
        write(wahelp_sandbox, place, *texts)

    stored = watch(place, store, meanwhile, 7)
    for count in (1, 60, 52):
        stored += watch(place, store, nothing, count)
    assert stored == texts


def test_what_came_before_the_first_event_but_after_the_start_survives_a_restart(
    place: Place, wahelp_sandbox: Sandbox
) -> None:
    store = Store()
    write(wahelp_sandbox, place, "before")
    trigger = IncomingMessagesTrigger(**place, poke_interval=INTERVAL, include=["text"])
    trigger.asset_state_store = SimpleNamespace(_by_name={"asset": store})

    async def killed() -> None:
        task = asyncio.create_task(anext(trigger.run()))
        await looks(2)
        task.cancel()

    timelapse.run(killed())
    write(wahelp_sandbox, place, "while it was down")
    assert watch(place, store, nothing, 1) == ["while it was down"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"contains": "ДА"}, ["да, конечно"]),
        ({"regex": r"^\d+$"}, ["12"]),
        ({"from_phones": ["8 (916) 765-43-21", "+7 916 765-43-21"]}, ["from another phone"]),
        ({"kinds": ["call"]}, ["_Incoming call_"]),
    ],
    ids=["contains", "regex", "from_phones", "kinds"],
)
def test_filters(place: Place, wahelp_sandbox: Sandbox, options: dict[str, Any], told: list[str]) -> None:
    write(wahelp_sandbox, place, "нет", "да, конечно", "12", "12a", "_Incoming call_")
    wahelp_sandbox.receive("+79167654321", "from another phone", place["channel_uuid"])
    assert watch(place, Store(), nothing, 1, since="2020-01-01T00:00:00Z", **options) == told


def test_phones_are_not_in_the_database_in_the_clear(place: Place) -> None:
    phones = ["+7 916 765-43-21", "+7 916 765-43-22"]
    path, arguments = IncomingMessagesTrigger(**place, from_phones=phones).serialize()
    assert "91676543" not in "".join(arguments["from_phones"])
    assert IncomingMessagesTrigger(**arguments).serialize() == (path, arguments)


def test_a_fault_never_ends_it(
    place: Place, wahelp_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "PAUSE", 0.0)
    wahelp_sandbox.inject("error_after", path="*/messages", status=404, count=3)
    write(wahelp_sandbox, place, "one")
    options = {"since": "2020-01-01T00:00:00Z", "poke_interval": 0.01}
    assert watch(place, Store(), nothing, 1, **options) == ["one"]
    assert [each["status"] for each in wahelp_sandbox.requests][-5:-1].count(404) == 3


def test_an_event_holds_nothing_personal_unless_asked_for(place: Place, wahelp_sandbox: Sandbox) -> None:
    write(wahelp_sandbox, place, "secret words")
    trigger = IncomingMessagesTrigger(**place, since="2020-01-01T00:00:00Z")
    trigger.asset_state_store = SimpleNamespace(_by_name={"asset": Store()})

    async def first() -> Any:
        return (await anext(trigger.run())).payload

    payload = timelapse.run(first())
    assert "secret words" not in str(payload)
    assert PHONE.strip("+") not in str(payload)
    event = IncomingEvent.from_extra({"from_trigger": True, "payload": payload})
    assert event
    assert event.kind == "message"


def test_what_a_triggerer_logs_of_an_event_is_not_what_people_wrote(
    place: Place, wahelp_sandbox: Sandbox
) -> None:
    write(wahelp_sandbox, place, "secret words")
    trigger = IncomingMessagesTrigger(**place, since="2020-01-01T00:00:00Z", include=["text", "phone"])
    trigger.asset_state_store = SimpleNamespace(_by_name={"asset": Store()})

    async def first() -> Any:
        return await anext(trigger.run())

    event = timelapse.run(first())
    assert event.payload["text"] == "secret words"
    for logged in (repr(event), str(event)):
        assert "message:" in logged
        assert "secret" not in logged
        assert PHONE.strip("+") not in logged


def test_it_is_made_again_from_what_it_says_with_the_same_cursor() -> None:
    trigger = IncomingMessagesTrigger(7, "c-1", contains="да", since="2026-01-01T00:00:00Z")
    path, arguments = trigger.serialize()
    assert path == "airflow_provider_wahelp.triggers.incoming.IncomingMessagesTrigger"
    again = IncomingMessagesTrigger(**arguments)
    assert again.serialize() == (path, arguments)
    assert again.cursor_name == trigger.cursor_name
    assert IncomingMessagesTrigger(7, "c-1").cursor_name != trigger.cursor_name


@pytest.mark.parametrize(
    ("argument", "value"), [("kinds", "message"), ("include", ["name"]), ("regex", "("), ("since", "soon")]
)
def test_bad_input_is_refused_by_the_arguments_name(argument: str, value: Any) -> None:
    with pytest.raises(InputError) as caught:
        IncomingMessagesTrigger(7, "c-1", **{argument: value})
    assert caught.value.argument == argument
