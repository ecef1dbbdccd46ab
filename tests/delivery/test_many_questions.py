"""Many questions at once: each task gets the answer of its own person, and all share one poll.

``WAHELP_QUESTIONS=200`` asks 200 people.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_wahelp.client.errors import NoAnswerError
from airflow_provider_wahelp.sandbox.state.messages import Content
from airflow_provider_wahelp.triggers import poll
from tests import timelapse
from tests.delivery.asking_task import QUESTION, AskingTask, Talk, hurried
from tests.delivery.sending_task import Rig, quiet
from tests.delivery.waiting_task import INTERVAL

PEOPLE = int(os.environ.get("WAHELP_QUESTIONS") or 40)
TICKS = 30
"""Polls until it is too late for an answer."""
KILLS = (7, 19)
"""Before these polls the triggerer is killed."""
TEXTS = {
    "yes": ("Да", "да, конечно!", "приду", "1", "👍", "Дa.", "ок, спасибо", "иә"),
    "no": ("нет", "Нет, спасибо", "не приду", "2", "👎", "не смогу", "ні", "жоқ"),
}
UNCLEAR = ("Здравствуйте", "не знаю", "Да, но позже?", "да нет", "🤔")
SILENT = {"sticker": Content("", "sticker", "https://files.example/1"), "call": Content("_Incoming call_")}


@dataclass
class Person:
    """A person, the task that asks them, and what they write at which poll.

    :param answer: the answer that counts; ``None`` if it comes too late.
    """

    phone: str
    task: AskingTask
    answer: str | None = None
    lines: list[tuple[int, Content]] = field(default_factory=list)
    deferred: TaskDeferred | None = None
    running: asyncio.Task[Any] | None = None
    end: Any = None

    def plan(self, dice: Random) -> None:
        """Decide what they write: noise, an answer perhaps, more noise, and another answer in the end."""
        answer = dice.choice(["yes", "no"])
        late = dice.random() < 0.1
        at = TICKS + 1 if late else dice.randrange(1, TICKS - 3)
        self.answer = None if late else answer
        self.lines = [
            (dice.randrange(1, at + 1), dice.choice([*SILENT.values(), *map(Content, UNCLEAR)]))
            for _ in range(dice.randrange(4))
        ]
        other = "no" if answer == "yes" else "yes"
        self.lines += [(at, Content(dice.choice(TEXTS[answer])))]
        self.lines += [(at + dice.randrange(1, 4), Content(dice.choice(TEXTS[other])))]

    def first_clear(self, lines: list[dict[str, Any]]) -> int:
        """Return the id of the message that counts."""
        return next(line["id"] for line in lines if line["text"] in TEXTS[str(self.answer)])


class Triggerer:
    """Runs triggers in one event loop, each made anew from what lies in the database."""

    def __init__(self, talk: Talk, people: list[Person]) -> None:
        self.talk = talk
        self.people = people
        self.deaths = 0

    async def run(self) -> None:
        """Run until every task has ended; people write between two polls."""
        dice = Random(17)
        for tick in range(TICKS + 6):
            if all(person.end for person in self.people):
                return
            if tick in KILLS:
                await self.die()
            self.start()
            await self.half()
            self.write(tick, dice)
            self.talk.rig.sleep(INTERVAL)
            await self.half()
            self.resume()

    async def half(self) -> None:
        """Wait for half an interval, which passes at once while a poller rests."""
        running = [person.running for person in self.people if person.running]
        if not all(each.done() for each in running):
            await asyncio.wait(running, timeout=INTERVAL / 2, return_when=asyncio.ALL_COMPLETED)

    def start(self) -> None:
        for person in self.people:
            if person.deferred and person.running is None:
                person.running = asyncio.create_task(self.event(person.deferred))

    async def event(self, deferred: TaskDeferred) -> Any:
        path, arguments = deferred.trigger.serialize()
        module, _, name = path.rpartition(".")
        trigger = getattr(importlib.import_module(module), name)(**json.loads(json.dumps(arguments)))
        async for event in trigger.run():
            return event.payload
        raise AssertionError("no event")

    def resume(self) -> None:
        """Let a worker go on with each task whose trigger has fired."""
        for person in self.people:
            if person.running and person.running.done() and person.deferred:
                event, method = person.running.result(), person.deferred.method_name
                person.running = person.deferred = None
                go_on(person, method, {"event": json.loads(json.dumps(event))})

    def write(self, tick: int, dice: Random) -> None:
        """Let people write what they write now, in any order."""
        lines = [(person, line) for person in self.people for at, line in person.lines if at == tick]
        dice.shuffle(lines)
        for person, line in lines:
            messages = self.talk.rig.sandbox._state.messages
            messages._between(person.phone[1:], self.talk.rig.channel["channel_uuid"], line)

    async def die(self) -> None:
        """Be killed with all triggers, whatever they have seen by now."""
        self.deaths += 1
        running = [person.running for person in self.people if person.running]
        for person in self.people:
            person.running = None
        for each in running:
            each.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await each


def go_on(person: Person, method: str, given: dict[str, Any]) -> None:
    with person.task._process("", "") as (operator, context):
        try:
            if method == "execute":
                person.end = operator.execute(context)
            else:
                person.end = operator.resume_execution(method, given, context)
        except TaskDeferred as deferred:
            person.deferred = deferred
        except NoAnswerError as error:
            person.end = error


def test_each_task_gets_the_answer_of_its_person(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    hurried(monkeypatch, rig)
    talk, dice = Talk(rig, "triggerer"), Random(5)
    people = []
    for number in range(PEOPLE):
        phone = f"+7917{number:07}"
        rig.sandbox._state.people.add(
            rig.project_id, rig.channel["channel_uuid"], {"name": phone, "phone": phone}
        )
        person = Person(phone, talk.task(phone=phone, wait_timeout=TICKS * INTERVAL, unclear_text="?"))
        person.plan(dice)
        people.append(person)
    polls, look = [], poll.Poll.run_once

    async def counted(self: Any, *hints: Any) -> Any:
        polls.append(asyncio.get_running_loop().time())
        return await look(self, *hints)

    monkeypatch.setattr(poll.Poll, "run_once", counted)
    dice.shuffle(people)
    with quiet():
        for person in people:
            person.task.try_number += 1
            go_on(person, "execute", {})
        triggerer = Triggerer(talk, people)
        timelapse.run(triggerer.run())

    for person in people:
        lines = rig.sandbox.conversation(person.phone)
        said = [line["text"] for line in lines if line["direction"] == "outgoing"]
        assert said[0] == QUESTION
        assert said[1:] in ([], ["?"], ["?", "?"])
        if person.answer is None:
            assert isinstance(person.end, NoAnswerError)
            continue
        assert person.end["answer"] == person.answer, (lines, person.end)
        assert person.end["message_id"] == person.first_clear(lines)
        assert list(person.end["answers"]) == [str(person.end["user_id"])]
    assert {person.answer for person in people} == {"yes", "no", None}
    assert triggerer.deaths == len(KILLS)
    assert len(polls) <= TICKS + 6 + len(KILLS)
