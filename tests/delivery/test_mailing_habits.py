"""Mailings through services of any habits, over lost answers and kills: nobody twice, all accounted for.

``WAHELP_FAULTY_SENDS=3000`` writes so many rows.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_wahelp.client.errors import MailingStoppedError, UnknownOutcomeError
from airflow_provider_wahelp.delivery.mailing import assembly
from airflow_provider_wahelp.hooks import WahelpHook
from airflow_provider_wahelp.sandbox import Habits
from demo.process import wait_until
from tests.delivery.habits import AXES
from tests.delivery.mailing_task import Killer, MailingTask
from tests.delivery.sending_task import Killed, Rig, faulty_sends, quiet

LEDGERS = ("store", "file", "none")
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cut_before", {}),
    ("cut_after", {}),
    ("cut_after", {"reset": True}),
    *(("error_after", {"status": status}) for status in (408, 500, 502, 503, 504)),
    ("maintenance_after", {}),
    ("html", {}),
    ("truncated", {}),
)
LATE: tuple[str, dict[str, Any]] = ("delayed", {"seconds": 45.0})
SENT = {"sent", "delivered", "read", "undelivered", "fell_back"}
UNCLEAR = {"failed", "deferred"}
SEED = 20261129
ATTEMPTS = 6
"""Attempts without faults, after which a mailing is at its end."""

Mixture = Callable[[Random], Habits]


def as_in_production(_random: Random) -> Habits:
    return Habits()


def of_one_kind(random: Random) -> Habits:
    return Habits(**random.choice([setting for axis in AXES for setting in axis[1:]]))


def of_all_kinds(random: Random) -> Habits:
    drawn = [random.choice(axis) for axis in AXES]
    return Habits(**{name: value for setting in drawn for name, value in setting.items()})


def crowd(random: Random, number: int) -> list[dict[str, Any]]:
    """Return recipients; now and then one of them is to get a second message."""
    rows: list[dict[str, Any]] = []
    for row in range(random.randint(20, 40)):
        again = rows and random.random() < 0.1
        phone = random.choice(rows)["phone"] if again else f"+7916{number % 1000:03}{row:04}"
        rows.append({"id": row, "phone": phone, "name": f"N{row}", "text": _text(random, row)})
    return rows


def _text(random: Random, row: int) -> str:
    order = random.randint(10_000, 99_999)
    body = random.choice(
        (
            f"Иван{row}, ваш заказ {order} готов.",
            f"Мария  и  Пётр, заказ {order} & «подарок» <b>ждут</b> вас!\n\n\n{row} 990 ₽",
            f"Ваш код: {order}. https://shop.example/orders/{order}?from=wa&row={row}",
            f"❤️ Zoe\u0308, Cafe\u0301 № {row}: 20 % до {order} 👩\u200d👧",  # in parts, some unseen
            f"Договор {order}\n" + "Условия & правила. " * 210,  # stored as HTML, it is too long
        )
    )
    return f"#{row} {body}"


@dataclass
class LateSends:
    """Sends that a service carries out late: once they are due, they are waited for."""

    rig: Rig
    due: float | None = None
    before: int = 0

    def forget(self) -> None:
        """Begin to count anew, when none is under way."""
        self.rig.sandbox.clear_requests()
        self.before = self.rig.struck[LATE[0]]

    def sleep(self, seconds: float) -> None:
        Rig.sleep(self.rig, seconds)
        if not self.under_way:
            self.due = None
        elif self.due is None:
            self.due = self.rig.uptime() + LATE[1]["seconds"]
        elif self.due <= self.rig.uptime():
            wait_until(lambda: not self.under_way, timeout=10, what="sends that are due")

    @property
    def under_way(self) -> int:
        struck = [int(fault["struck"]) for fault in self.rig.sandbox.faults if fault["fault"] == LATE[0]]
        begun = self.rig.struck[LATE[0]] + sum(struck) - self.before
        return begun and begun - sum(request["fault"] == LATE[0] for request in self.rig.sandbox.requests)


class HastyTask(MailingTask):
    """A mailing whose worker stops waiting for an answer long before the service stops working at it.

    Only where sends are late: on a busy machine any answer may take as long, and time passes at once.
    """

    def hook(self, reaper: Killer) -> WahelpHook:
        hook = super().hook(reaper)
        client = hook.get_conn()
        if any(fault["fault"] == LATE[0] for fault in self.rig.sandbox.faults):
            client.settings = replace(client.settings, send_timeout=1.0)
        return hook


@dataclass
class Mailings:
    """Mailings on a rig, each on a service with other habits.

    :param mixture: draws the habits.
    """

    rig: Rig
    path: Path
    mixture: Mixture
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.late = LateSends(self.rig)
        self.rig.sleep = self.late.sleep  # type: ignore[method-assign]

    def mail(self) -> None:
        """Bring one mailing to its end."""
        self.late.forget()
        number = self.counts["mailings"]
        random = Random(f"{self.seed} {number}")
        habits = self.mixture(random)
        rows = crowd(random, number)
        task = self._task(random, rows, number)
        self.rig.sandbox.set_habits(**asdict(habits))
        self._disturb(random, task)
        problems = self._end(task)
        self.rig.sleep(300)  # whatever is under way arrives
        where = f"seed {self.seed}, mailing {number}, {task.ledger}, {task.given}, {habits}"
        self._count(task)
        problems += self._wrong(task)
        assert not problems, f"{where}: {problems}"

    def _task(self, random: Random, rows: list[dict[str, Any]], number: int) -> MailingTask:
        self.rig.channel = {**self.rig.channel, "channel_uuid": self._new_channel(f"{number}")}
        given: dict[str, Any] = {
            "key": "id",
            "stop_words": False,
            "max_failures": len(rows),
            "report_path": str(self.path / f"report-{number}.jsonl"),
        }
        followed = random.choice(("", "", "wait", "fallback"))
        if followed:
            given |= {"wait_for": "delivered", "wait_timeout": 3600}
            self.rig.sandbox.configure(delivered_after=random.choice((5, 90, None)))
        if followed == "fallback":
            given |= {"fallback": [self._new_channel(f"{number} other")], "fallback_after": 60}
        self.counts[f"with {followed or 'no wait'}"] += 1
        return HastyTask(self.rig, rows, random.choice(LEDGERS), given)

    def _new_channel(self, name: str) -> str:
        self.rig.sandbox.set_habits("production")
        channels: Any = self.rig.sandbox._state.channels
        uuid = str(channels.create(self.rig.project_id, {"name": name, "type": "whatsapp"})["uuid"])
        self.rig.sandbox.scan(uuid)
        self.rig.give_a_past(uuid)
        return uuid

    def _disturb(self, random: Random, task: MailingTask) -> None:
        """Attempt it over lost answers, and let its worker die."""
        for _ in range(random.randint(1, 4)):
            fault, given = LATE if random.random() < 0.05 else random.choice(FAULTS)
            many = {"count": 2} if fault == "delayed" else {"probability": random.choice((0.05, 0.2, 0.5))}
            self.rig.sandbox.inject(
                fault, operation="send_message", seed=random.randint(0, 999), **many, **given
            )
            if random.random() < 0.2:
                self.rig.sandbox.inject("error_after", operation="messages", count=2, status=502)
            steps = random.randint(1, 160) if random.random() < 0.6 else None
            self._attempt(task, steps)
            self.counts["lost answers"] += self.rig.calm()
            self.rig.sleep(random.choice((0, 1, 60, 600)))

    def _end(self, task: MailingTask) -> list[str]:
        """Attempt it without a fault until nothing changes any more; return what the reports said wrongly."""
        problems = []
        for _ in range(ATTEMPTS):
            self._attempt(task, None)
            problems += self._wrong(task)
        return problems

    def _attempt(self, task: MailingTask, steps: int | None) -> None:
        try:
            totals = task.attempt(steps)
            while totals is None:
                totals = task.resume()
        except Killed:
            self.counts["kills"] += 1
        except MailingStoppedError:
            assert self.rig.sandbox.faults, "a mailing has stopped, and no fault was on"
            self.counts["mailings stopped"] += 1
        except UnknownOutcomeError:
            self.counts["tasks failed as unclear"] += 1
        except AirflowFailException as error:
            raise AssertionError(f"failed for good: {error!r}") from error

    def _wrong(self, task: MailingTask) -> list[str]:
        """Return in what the report and the phones differ, or any message that arrived twice."""
        arrived, found = self._arrived(task), []
        found += [f"{count} times, row {row}, {uuid}" for (row, uuid), count in arrived.items() if count > 1]
        report = _report(task)
        if report and sorted(line["number"] for line in report) != list(range(1, len(task.rows) + 1)):
            found.append("the report has other rows")
        for line in report:
            name = f"row {line['number']}"
            uuid = str(line.get("channel_uuid") or self.rig.channel["channel_uuid"])
            if line["outcome"] in SENT and arrived[line["number"] - 1, uuid] != 1:
                found.append(f"{name} is {line['outcome']}, and has not arrived")
            elif line["outcome"] == "failed" and not re.search("not known|never seen", line["reason"]):
                found.append(f"{name}: {line['reason']}")
            elif line["outcome"] not in {*SENT, *UNCLEAR}:
                found.append(f"{name}: {line['outcome']}, {line['reason']}")
        return found

    def _arrived(self, task: MailingTask) -> Counter[tuple[int, str]]:
        """Return how often each row's message has gone to its phone, by channel."""
        counts: Counter[tuple[int, str]] = Counter()
        for phone in {row["phone"] for row in task.rows}:
            for message in self.rig.sandbox.conversation(phone):
                if message["direction"] == "outgoing":
                    counts[_row(str(message["text"])), str(message["channel_uuid"])] += 1
        return counts

    def _count(self, task: MailingTask) -> None:
        self.counts["mailings"] += 1
        self.counts["rows"] += len(task.rows)
        arrived = {row for row, _uuid in self._arrived(task)}
        self.counts["not arrived"] += len(task.rows) - len(arrived)
        self.outcomes += Counter(line["outcome"] for line in _report(task))


def _row(text: str) -> int:
    """Return which row a message is of, whatever became of its text."""
    if number := re.search(r"#(\d+)", text):
        return int(number[1])
    raise AssertionError("a message of no row")


def _report(task: MailingTask) -> list[dict[str, Any]]:
    path = Path(task.given["report_path"])
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize(
    ("mixture", "share"), [(as_in_production, 0.01), (of_one_kind, 1.0), (of_all_kinds, 1.0)]
)
def test_nobody_gets_a_message_twice_and_each_row_is_accounted_for(
    rig: Rig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
    mixture: Mixture,
    share: float,
) -> None:
    monkeypatch.setattr(assembly, "CHUNK", 10)
    mailings = Mailings(rig, tmp_path, mixture, SEED)
    begun, used = time.monotonic(), time.process_time()
    with quiet():
        while mailings.counts["rows"] < faulty_sends(default=300) // 3:
            mailings.mail()
    unclear = sum(mailings.outcomes[outcome] for outcome in UNCLEAR)
    counted = {
        **mailings.counts,
        "outcomes": dict(mailings.outcomes),
        "unclear": unclear,
        "faults": dict(rig.struck),
        "seconds": round(time.monotonic() - begun, 1),
        "CPU": round(time.process_time() - used, 1),
    }
    record_property("counted", counted)
    print(mixture.__name__, counted)  # noqa: T201 - `pytest -s` shows it
    assert unclear <= share * mailings.counts["rows"]
