"""Each way that tables surprise, through every source that can hold it, to the phones of a sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.row_shape import fold
from airflow_provider_wahelp.operators import SendMessagesOperator
from airflow_provider_wahelp.transfers import SqlToWahelpOperator
from tests.delivery.mailing_task import run
from tests.delivery.sending_task import PHONES, Rig
from tests.delivery.sources import NAMELESS, SOURCES, Place, Source, Table

Mail = Callable[[Source, "Case"], "Ended"]

ANNA, BOB, CARL = (f"+7916111000{number}" for number in range(1, 4))
OTHER = "+79165550000"  # who is in no table
NAN = float("nan")
DASH = "\u2011"
HELLO = {ANNA: "Hello Anna", BOB: "Hello Bob"}
PEOPLE = [(ANNA, "Anna"), (BOB, "Bob")]
LAYOUT = ("columns", "encoding", "default_region")
TEXT_FILES = frozenset(name for name, source in SOURCES.items() if source.text)
CSV = frozenset(name for name in TEXT_FILES if "csv" in name)


@dataclass(frozen=True)
class Case:
    """A table, and what must become of it wherever it comes from.

    :param given: arguments of the operator.
    :param sent: the texts that arrive, by phone.
    :param bad: what the reason of each bad row says, by the row's number.
    :param refused: what the error says where nobody is written to.
    :param of_text: whether it is about texts and moments, of which nothing is read of those left out.
    :param only: the sources that it is about, where they are fewer than those that can hold it.
    """

    table: Table
    sent: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    bad: Mapping[int, str] = field(default_factory=dict)
    refused: str = ""
    of_text: bool = False
    only: frozenset[str] = frozenset(SOURCES)


def phones(*cells: Any) -> Table:
    return Table(("phone",), [(cell,) for cell in cells])


def around(zone: str) -> str:
    """Return quiet hours that are now in a zone, and in none two hours from it."""
    now = datetime.now(ZoneInfo(zone))
    return f"{now - timedelta(minutes=50):%H:%M}-{now + timedelta(minutes=50):%H:%M}"


HI: dict[str, Any] = {"text": "Hi"}  # of a dry run: its report tells all
RU: dict[str, Any] = {**HI, "default_region": "RU"}
USER: dict[str, Any] = {"text": "User"}
TWO = "two columns are called 'phone'"
RUSSIAN = Table(("Телефон", "Имя"), [(ANNA, "Юлия"), (BOB, "Борис")])
TO_RUSSIANS = {ANNA: "Hello Юлия", BOB: "Hello Борис"}
OURS: dict[str, Any] = {"columns": {"phone": "Телефон", "name": "Имя"}}
CLOCKS = phones("+77010000001", ANNA, "+447400123456")
KAZAKH, BRITON = "+77010000001", "+447400123456"

CASES = {
    "1 capitals": Case(Table(("PHONE", "NAME"), PEOPLE), HELLO),
    "1 names that differ in case": Case(Table(("phone", "PHONE"), [(ANNA, BOB)]), refused=TWO),
    "2 one name twice": Case(
        Table(("phone", "phone"), [(ANNA, BOB)]), refused=f"({TWO}|a row has 'phone' twice)"
    ),
    "3 NaN in a text": Case(
        Table(("phone", "sum"), [(ANNA, 1.5), (BOB, NAN)]), {ANNA: "1.5"}, {"text": "{{ row.sum }}"},
        {2: "the column 'sum' is empty"}, of_text=True,
    ),
    "3 NaN beside a phone": Case(
        Table(("phone", "user_id", "name"), [(ANNA, NAN, "Anna"), (PHONES[1], 302.0, "Bob")]),
        {ANNA: "Hello Anna", PHONES[1]: "Hello Bob"},
    ),
    "4 floats": Case(phones(79161110001.0, 79161110002.0), {ANNA: "Hi", BOB: "Hi"}, HI),
    "4 floats as text": Case(phones("79161110001.0", "79161110002.00"), {ANNA: "Hi", BOB: "Hi"}, HI),
    "4 decimals": Case(phones(Decimal(79161110001), Decimal("79161110002.00")), {ANNA: "Hi", BOB: "Hi"}, HI),
    "4 a float as user_id": Case(Table(("user_id",), [(301.0,)]), {PHONES[0]: "User"}, USER),
    "4 a decimal as user_id": Case(Table(("USER_ID",), [(Decimal("301.00"),)]), {PHONES[0]: "User"}, USER),
    "4 a gap": Case(
        phones(79161110001.0, None), {ANNA: "Hi"}, HI,
        {2: "neither user_id nor phone|must hold a phone|it is missing"},
    ),
    "5 cp1251, named": Case(
        Table(RUSSIAN.names, RUSSIAN.rows, "cp1251"), TO_RUSSIANS, {**OURS, "encoding": "cp1251"}
    ),
    "5 cp1251": Case(
        Table(("phone", "Имя"), [(ANNA, "Anna"), (BOB, "Борис Иванов, Москва")], "cp1251"), given=HI,
        refused=r'must be UTF-8, and is most likely cp1251: say so with encoding="cp1251"',
    ),
    "6 an open quote": Case(
        Table(raw=f'phone,name\n{ANNA},"Ромашка\n{BOB},Bob\n{CARL},Carl\n'), only=CSV,
        refused="a quote that opens on line 2 of the file is not closed there",
    ),
    "6 a quote of the text": Case(
        Table(rows=[(ANNA, '"Ромашка'), (BOB, "Bob")]), {ANNA: 'Hello "Ромашка', BOB: "Hello Bob"}
    ),
    "7 an empty cell of a CSV": Case(
        Table(("phone", "name", "sum"), [(ANNA, "", "10"), (BOB, "Bob", "10")]),
        {BOB: "Bob, 10"}, {"text": "{{ row.name }}, {{ row.sum }}"},
        {1: "the column 'name' is empty"}, of_text=True, only=CSV,
    ),
    "7 an empty text": Case(
        Table(("phone", "name", "sum"), [(ANNA, "", "10"), (BOB, "Bob", "10")]),
        {ANNA: ", 10", BOB: "Bob, 10"}, {"text": "{{ row.name }}, {{ row.sum }}"},
        of_text=True, only=frozenset(SOURCES) - CSV,
    ),
    "8 nanoseconds": Case(
        Table(("phone", "at"), [(ANNA, datetime(2026, 1, 2, 3, 4, 5, 678901))]),
        {ANNA: "03:04:05.678901"}, {"text": "{{ row.at.strftime('%H:%M:%S.%f') }}"},
    ),
    "8 row.get": Case(
        Table(rows=PEOPLE), HELLO, {"text": "{{ row.get('no', 'Hello') }} {{ row.get('name') }}"}
    ),
    "9 all bad": Case(
        phones("12-34-56", "home"), given=HI, refused="(all 2 rows are bad .row 1|entry 1): phone:? must be"
    ),
    "9 all bad, as may be": Case(
        phones("12-34-56", "home"), given={**HI, "on_bad_rows": "report"}, of_text=True,
        bad={1: "phone: must be", 2: "phone: must be"},
    ),
    "9 neither a phone nor a user": Case(
        Table(("number", "name"), PEOPLE), given=HI,
        refused="(must (have|yield|name)|the first line must name) a column phone or user_id"
        "|(all 2 rows are bad|entry 1: must hold a phone)",
    ),
    "10 columns": Case(RUSSIAN, TO_RUSSIANS, OURS),
    "12 invisible marks": Case(
        phones("\u200e79161110001", "\u202a+7 916 111-00-02\u202c", f"+7{DASH}916{DASH}111{DASH}00{DASH}03"),
        {ANNA: "Hi", BOB: "Hi", CARL: "Hi"}, HI,
    ),
    "13 no country": Case(
        phones("9161234567", "9251234567", "9601234567"), given=HI,
        refused="(row|entry) 1: phone:? .*name its country in default_region",
    ),
    "13 a default region": Case(
        phones("9161234567", "9251234567", "9601234567"),
        {"+79161234567": "Hi", "+79251234567": "Hi", "+79601234567": "Hi"}, RU,
    ),
    "14 no area code": Case(
        phones("+79990000", "+12345678", "80291234567", ANNA), {ANNA: "Hi"}, HI,
        dict.fromkeys((1, 2, 3), "no country has such a number"),
    ),
    "15 written otherwise": Case(
        phones(
            "+789161234567", "+44 (0) 20 7946 0958", "+49 (0)30 123456", "+54 11 15 2345 6789",
            "8 10 49 30 1234567", "+52 1 55 1234 5678",
        ),
        dict.fromkeys(
            (
                "+79161234567", "+442079460958", "+4930123456", "+5491123456789", "+49301234567",
                "+525512345678",
            ),
            "Hi",
        ),
        HI,
    ),
    "15 one person is one": Case(
        phones("+789161234567", "+7 916 123 45 67"), {"+79161234567": "Hi"}, HI, {2: "as row 1"}
    ),
    "16 two readings": Case(
        phones("84951234567", ANNA), {ANNA: "Hi"}, HI, {1: "may be a number of VN, or one of RU"}
    ),
    "16 Russia's": Case(phones("84951234567"), {"+74951234567": "Hi"}, RU),
    "17 the clock of Kazakhstan": Case(
        CLOCKS, {ANNA: "Quiet", BRITON: "Quiet"}, {"text": "Quiet", "quiet_hours": around("Asia/Almaty")},
        of_text=True,
    ),
    "17 the clock of Britain": Case(
        CLOCKS, {ANNA: "Quiet", KAZAKH: "Quiet"}, {"text": "Quiet", "quiet_hours": around("Europe/London")},
        of_text=True,
    ),
    "18 by phone and by user_id": Case(
        Table(("user_id", "phone"), [(301, None), (None, PHONES[0])]), {PHONES[0]: "User"}, USER, {2: "row 1"}
    ),
    "18 a key in two spellings": Case(
        Table(rows=[(ANNA, "Anna"), ("8 (916) 111-00-01", "Anya")]), {ANNA: "Hello Anna"}, {"key": "phone"},
        {2: "the same key as row 1"},
    ),
    "19 what has no cursor": Case(
        Table(sql="SHOW server_version"), refused="must be a query, e.g. SELECT: PostgreSQL streams no SHOW",
        only=frozenset({"postgres", "suppress_sql_postgres"}),
    ),
    "19 a query that changes data": Case(
        Table(sql="WITH new AS (INSERT INTO people VALUES (1) RETURNING n) SELECT n AS user_id FROM new"),
        refused="must change no data",
    ),
    "20 exact numbers": Case(
        Table(("phone", "sum"), [(ANNA, Decimal("2.50"))]), {ANNA: "2.50"}, {"text": "{{ row.sum }}"}
    ),
}  # fmt: skip
CELLS = [
    (line, name)
    for line, case in CASES.items()
    for name, source in SOURCES.items()
    if name in case.only and not source.lacks(case.table) and not (source.suppresses and case.of_text)
]


@dataclass(frozen=True)
class Ended:
    """How a mailing ended.

    :param received: the texts on each phone; of a dry run, those that would have been sent.
    :param report: its lines.
    :param error: its words, where it was refused.
    """

    received: dict[str, list[str]]
    report: list[dict[str, Any]]
    error: str


@pytest.fixture
def mail(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Mail:
    """Return what sends a mailing to those whom a source names, or to all but them."""

    def define(conn_id: str, fields: dict[str, Any]) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    place = Place(tmp_path, define, lambda: request.getfixturevalue("postgres"))

    def send(source: Source, case: Case) -> Ended:
        told = tmp_path / "report.jsonl"
        arguments = {
            "task_id": "mail",
            "pace": None,
            "daily_cap": None,
            "text": "Hello {{ row.name }}",
            "stop_words": False,
        }
        arguments |= {"report_path": str(told), **source.write(place, case.table)}
        arguments |= others(case, arguments) if source.suppresses else case.given
        dry = arguments["text"] == "Hi" and not case.refused
        arguments |= {"dry_run": dry, **rig.channel}
        operator = SqlToWahelpOperator if "sql" in arguments else SendMessagesOperator
        error = ""
        try:
            run(operator(**arguments))
        except TaskDeferred:
            pass
        except InputError as refused:
            error = str(refused)
        report = [json.loads(line) for line in told.read_text().splitlines()] if not error else []
        if dry:
            reached = [line["phone"] for line in report if line["outcome"] == "deferred"]
            return Ended({phone: ["Hi"] * reached.count(phone) for phone in reached}, report, error)
        return Ended(received(rig), report, error)

    return send


def others(case: Case, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mailing to those who are to be left out, and to one more.

    :param given: the arguments that name them.
    """
    people, columns = [*case.sent, OTHER], case.given.get("columns", {})
    phone, name = (columns.get(each, each) for each in ("phone", "name"))
    asked = " UNION ALL ".join(f"SELECT '{each}' AS \"{phone}\", '' AS \"{name}\"" for each in people)
    listed = [{phone: each, name: ""} for each in people]
    recipients = {"sql": asked} if "suppress_sql" in given else {"recipients": listed}
    layout = {name: value for name, value in case.given.items() if name in LAYOUT}
    by_id = any(fold(each) == "user_id" for each in case.table.names)
    return {**(USER if by_id else HI), **layout, **recipients}


def received(rig: Rig) -> dict[str, list[str]]:
    """Return the texts that were sent, by phone."""
    conversations = rig.sandbox._state.messages.conversations()
    sent = {
        f"+{phone}": [line["text"] for line in lines if line["direction"] == "outgoing"]
        for phone, lines in conversations.items()
    }
    return {phone: texts for phone, texts in sent.items() if texts}


@pytest.mark.parametrize(("line", "name"), CELLS)
def test_a_table_is_understood_or_refused(mail: Mail, line: str, name: str) -> None:
    source, case = SOURCES[name], CASES[line]
    ended = mail(source, case)
    if words := refusal(source, case):
        assert re.match(rf"({source.argument}|recipients): .*({words})", ended.error)
        assert ended.received == {}
        return
    assert ended.error == ""
    if source.suppresses:
        assert ended.received in ({OTHER: ["Hi"]}, {OTHER: ["User"]})
        assert sum(each["outcome"] == "suppressed" for each in ended.report) == len(case.sent)
        return
    assert ended.received == {phone: [text] for phone, text in case.sent.items()}
    assert len(ended.report) == len(case.table.rows)
    skipped = {each["number"]: each["reason"] for each in ended.report if each["outcome"] == "skipped"}
    assert skipped.keys() == case.bad.keys()
    assert all(re.search(words, skipped[number]) for number, words in case.bad.items())


def refusal(source: Source, case: Case) -> str:
    """Return what a refusal says: who is left out must be understood whole, or might be written to."""
    repeats = [words for words in case.bad.values() if "row 1" in words]
    if source.suppresses and case.bad and not repeats:
        number, words = min(case.bad.items())
        return rf"entry {number}: .*({words})"
    return case.refused


@pytest.mark.parametrize("name", NAMELESS)
def test_values_without_names_are_refused(mail: Mail, name: str) -> None:
    ended = mail(NAMELESS[name], Case(Table(rows=PEOPLE)))
    assert ended.error.startswith("recipients: a row is a list of values without names: make mappings")
    assert ended.received == {}
