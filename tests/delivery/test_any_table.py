"""Any table that pandas, csv and pyarrow can write: all of its rows are reported of, or it is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.row_shape import fold
from airflow_provider_wahelp.operators import SendMessagesOperator
from tests.delivery.mailing_task import run
from tests.delivery.sending_task import Rig

ANNA, BOB = "+79160000001", "+79160000002"
NAN = float("nan")
TEXT = "Hello {{ row.name }}, {{ row.get('note') or '-' }}"


@pytest.fixture
def mail(rig: Rig, tmp_path: Path) -> Callable[..., Any]:
    """Return what checks a mailing, and tells the totals and the lines of its report."""

    def check(recipients: Any, **given: Any) -> tuple[dict[str, int], list[dict[str, Any]]]:
        report = tmp_path / "report.jsonl"
        report.unlink(missing_ok=True)
        arguments = {"text": TEXT, "dry_run": True, "stop_words": False, **rig.channel, **given}
        task = SendMessagesOperator(
            task_id="mail", recipients=recipients, report_path=str(report), **arguments
        )
        totals = run(task)
        return totals, [json.loads(line) for line in report.read_text().splitlines()]

    return check


PHONES = st.integers(0, 999_999).map(lambda number: f"+7916{number:07}")
PHONE_CELLS = (
    PHONES
    | PHONES.map(lambda phone: int(phone[1:]))
    | PHONES.map(lambda phone: float(phone[1:]))
    | PHONES.map(lambda phone: f"8 ({phone[2:5]}) {phone[5:]}")
    | st.sampled_from([None, NAN, "", " ", "none", 7, "+7916"])
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
NAME_CELLS = st.none() | st.just(NAN) | TEXTS
OTHER_CELLS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | TEXTS
OTHERS = st.lists(TEXTS, max_size=2).map(
    lambda names: [name for name in names if fold(name) not in ("phone", "name", "user_id", "note")]
)
TABLES = OTHERS.flatmap(
    lambda others: st.tuples(
        st.sampled_from(["phone", "PHONE", " Phone", "\ufeffphone", "Телефон", "number"]),
        st.sampled_from(["name", "Name", "NAME "]),
        st.just(others),
        st.lists(st.tuples(PHONE_CELLS, NAME_CELLS, *[OTHER_CELLS] * len(others)), min_size=1, max_size=5),
    )
)


def by_csv(path: Path, names: list[str], rows: list[Any]) -> str:
    with (path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(names)
        table.writerows(rows)
    return str(path / "a.csv")


def by_pandas(kind: str) -> Callable[[Path, list[str], list[Any]], Any]:
    def write(path: Path, names: list[str], rows: list[Any]) -> Any:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(rows, columns=names)
        if kind == "frame":
            return frame
        if kind == "records":
            return frame.to_dict("records")
        target = str(path / f"a.{kind}")
        if kind == "parquet":
            frame.to_parquet(target)
        elif kind == "csv":
            frame.to_csv(target, index=False)
        else:
            frame.to_json(target, orient="records", lines=kind == "jsonl", force_ascii=False)
        return target

    return write


def by_arrow(path: Path, names: list[str], rows: list[Any]) -> str:
    import pyarrow
    from pyarrow import parquet

    columns = [pyarrow.array(column) for column in zip(*rows, strict=True)]
    parquet.write_table(pyarrow.Table.from_arrays(columns, names), path / "b.parquet")
    return str(path / "b.parquet")


WRITERS = {
    "csv": by_csv,
    "arrow": by_arrow,
    **{f"pandas-{kind}": by_pandas(kind) for kind in ("frame", "records", "parquet", "csv", "json", "jsonl")},
}


@pytest.mark.parametrize("writer", WRITERS)
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(table=TABLES)
def test_rows_in_are_rows_of_the_report(
    mail: Callable[..., Any], tmp_path: Path, writer: str, table: tuple[str, str, list[str], list[Any]]
) -> None:
    pytest.importorskip("pyarrow")
    phone, name, others, rows = table
    try:
        source = WRITERS[writer](tmp_path, [phone, name, *others], rows)
    except Exception:  # noqa: BLE001 - what the library does not write is no table
        return
    try:
        totals, lines = mail(source)
    except InputError:
        return
    assert sum(totals.values()) == len(lines)
    assert totals["deferred"] > 0
    if "csv" in writer:  # a line that is blank is no row there
        rows = [row for row in rows if len(row) > 1 or not is_nothing(row[0])]
    assert len(lines) == len(rows)
    for (number, called, *_), line in zip(rows, lines, strict=True):
        if line["outcome"] == "deferred":
            assert digits(line["phone"])[-10:] == digits(number)[-10:]
            assert not is_nothing(called) or (isinstance(called, str) and "csv" not in writer)


def digits(phone: Any) -> str:
    return "".join(filter(str.isdigit, str(phone).removesuffix(".0")))


def is_nothing(value: Any) -> bool:
    return value is None or str(value) == "nan" or not str(value).strip()


def test_good_rows_are_understood_whoever_wrote_them(mail: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    rows = [(79160000001, "Anna", NAN), (79160000002, "Bob", 2.5)]
    for writer, write in WRITERS.items():
        totals, lines = mail(write(tmp_path, ["PHONE", "Name", "Sum"], rows))
        assert totals["deferred"] == 2, writer
        assert [line["phone"] for line in lines] == [ANNA, BOB]


# Every row bad


NOBODY = [{"Number": ANNA}, {"Number": BOB}, {"phone": "secret"}, {"phone": ANNA}]


def test_a_mailing_without_a_good_row_fails_with_the_first_reasons(
    mail: Callable[..., Any], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        mail(NOBODY)
    words = str(caught.value)
    assert words.startswith(
        "recipients: all 4 rows are bad (row 1: recipient: neither user_id nor phone is filled"
    )
    assert "row 3: phone" in words
    assert words.endswith('say on_bad_rows="report"')
    assert "secret" not in words
    assert len((tmp_path / "report.jsonl").read_text().splitlines()) == 4


def test_unless_the_author_says_that_it_may_be(mail: Callable[..., Any]) -> None:
    totals, lines = mail(NOBODY, on_bad_rows="report")
    assert totals["skipped"] == len(lines) == 4


def test_one_good_row_is_enough_and_suppressed_rows_are_not_bad(mail: Callable[..., Any]) -> None:
    good = {"phone": ANNA, "name": "Anna"}
    assert mail([*NOBODY, good])[0]["deferred"] == 1
    assert mail([*NOBODY, good], suppress=[ANNA])[0]["suppressed"] == 1
    assert mail([])[0]["skipped"] == 0


# What the author says


def test_a_text_may_use_either_name(mail: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"ТЕЛЕФОН": ANNA, "Имя": "Anna", "Сумма": "5"}]
    given = {"columns": {"phone": "Телефон", "name": "Имя", "sum": "сумма"}, "key": "Сумма"}
    text = (
        "{{ row.Имя }}{{ row.NAME }}{{ row['имя'] }}{{ row.sum }}{{ row.get('Сумма') + row.get('no', '1') }}"
    )
    totals, lines = mail(rows, text=text, **given)
    assert totals["deferred"] == 1
    assert lines[0]["key"] == "5"


@pytest.mark.parametrize(
    ("key", "first", "again"),
    [
        ("phone", {"phone": "+7 (916) 000-00-01"}, {"phone": 79160000001.0}),
        ("PHONE", {"phone": ANNA}, {"phone": "8 (916) 000-00-01"}),
        ("user_id", {"user_id": 301}, {"user_id": "301.0"}),
    ],
)
def test_a_key_that_is_the_recipient_is_one_in_any_spelling(
    mail: Callable[..., Any], key: str, first: dict[str, Any], again: dict[str, Any]
) -> None:
    rows = [{**first, "name": "Anna"}, {**again, "name": "Anya"}]
    totals, lines = mail(rows, key=key)
    assert (totals["deferred"], totals["skipped"]) == (1, 1)
    assert lines[1]["reason"] == "the same key as row 1"


def test_a_reason_names_the_row_the_column_and_no_value(mail: Callable[..., Any]) -> None:
    lines = mail([{"phone": ANNA, "NAME": None}, {"phone": BOB, "NAME": "Bob"}])[1]
    assert lines[0]["reason"] == "text: the column 'name' is empty (NULL)"
    assert lines[0]["number"] == 1


def test_a_phone_without_a_country_is_of_the_one_that_is_named(mail: Callable[..., Any]) -> None:
    rows = [{"phone": "9161234567", "name": "Anna"}, {"phone": "9161234568", "name": "Bob"}]
    totals, lines = mail(rows, default_region="RU", suppress=["9161234568"])
    assert (totals["deferred"], totals["suppressed"]) == (1, 1)
    assert lines[0]["phone"] == "+79161234567"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("columns", {"phone": ""}), ("columns", {"phone": 5}), ("columns", {"a": "x", "b": "X"}),
        ("columns", ["phone"]), ("encoding", "cp9999"), ("encoding", "rot13"), ("encoding", "base64"),
        ("default_region", "Russia"),
    ],
)  # fmt: skip
def test_what_an_author_cannot_mean_is_refused_when_the_dag_is_parsed(argument: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"^{argument}: "):
        SendMessagesOperator(task_id="mail", recipients=[], text="x", **{argument: value})
