"""What tables are like: each is understood in the one way that a person would, or refused by name."""

from __future__ import annotations

import csv
import gzip
import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.cells import user_id_of, whole
from airflow_provider_wahelp.delivery.mailing.query import query_rows
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns
from airflow_provider_wahelp.delivery.mailing.rows import Layout, Unreadable, read_entries, read_rows

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ANNA, BOB, CARL, DORA = (f"+7916000000{number}" for number in range(1, 5))
NAN = float("nan")
Read = Callable[..., list[Any]]


def written_csv(path: Path, rows: list[Mapping[str, Any]], **options: Any) -> Path:
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as file:
        table = csv.DictWriter(file, list(rows[0]), **options)
        table.writeheader()
        table.writerows(rows)
    return path


def written_parquet(path: Path, rows: list[Mapping[str, Any]]) -> Path:
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def written_json_lines(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def in_sqlite(path: Path, rows: list[Mapping[str, Any]]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        names = ", ".join(f'"{name}"' for name in rows[0])
        database.execute(f"CREATE TABLE people ({names})")
        marks = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO people VALUES ({marks})", [tuple(row.values()) for row in rows])


@pytest.fixture(
    params=["xcom", "lists", "csv", "json_lines", "json_array", "parquet", "sql", "arrow", "pandas", "polars"]
)
def read(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Return what reads rows out of each kind of source."""

    def through(rows: list[Mapping[str, Any]], layout: Layout | None = None) -> list[Any]:
        layout = layout or Layout()
        kind = request.param
        if kind == "sql":
            pytest.importorskip("airflow.providers.sqlite")
            in_sqlite(tmp_path / "people.db", rows)
            connection = {"conn_type": "sqlite", "host": str(tmp_path / "people.db")}
            monkeypatch.setenv("AIRFLOW_CONN_PEOPLE", json.dumps(connection))
            columns = Columns("sql", layout.columns)
            return list(query_rows("people", "SELECT * FROM people", None, columns))
        if kind in ("pandas", "polars"):
            module = pytest.importorskip(kind)
            return list(read_rows(module.DataFrame(rows), layout=layout))
        sources: dict[str, Callable[[], Any]] = {
            "xcom": lambda: rows,
            "lists": lambda: [rows[:1], [], rows[1:]],
            "csv": lambda: written_csv(tmp_path / "people.csv", rows),
            "json_lines": lambda: written_json_lines(tmp_path / "people.jsonl", rows),
            "json_array": lambda: written_json_array(tmp_path / "people.json", rows),
            "parquet": lambda: written_parquet(tmp_path / "people.parquet", rows),
            "arrow": lambda: pyarrow.Table.from_pylist(rows),
        }
        return list(read_rows(sources[kind](), layout=layout))

    return through


def written_json_array(path: Path, rows: Iterable[Any]) -> Path:
    path.write_text(json.dumps(list(rows), indent=2), "utf-8")
    return path


def test_columns_are_found_whatever_their_case(read: Read) -> None:
    rows = read(
        [{"PHONE": ANNA, "Name": "Anna", "Due Date": "1"}, {"PHONE": BOB, "Name": "Bob", "Due Date": "2"}]
    )
    assert rows == [
        {"phone": ANNA, "name": "Anna", "Due Date": "1"},
        {"phone": BOB, "name": "Bob", "Due Date": "2"},
    ]


def test_spaces_around_a_name_are_nothing(read: Read) -> None:
    assert read([{" Phone ": ANNA, "\ufeffname": "Anna"}]) == [{"phone": ANNA, "name": "Anna"}]


def test_two_columns_that_differ_in_case_only_are_refused(read: Read) -> None:
    with pytest.raises(
        (InputError, sqlite3.OperationalError), match=r"(two columns are called 'phone'|duplicate)"
    ):
        read([{"phone": ANNA, "PHONE": BOB}])


def test_an_author_may_say_what_a_column_is(read: Read) -> None:
    layout = Layout({"phone": "Телефон", "name": "имя"})
    assert read([{"телефон ": ANNA, "Имя": "Анна"}], layout) == [{"phone": ANNA, "name": "Анна"}]


def test_what_an_author_names_must_be_there(read: Read) -> None:
    with pytest.raises(InputError, match=r"^columns: 'name' is to be 'Nmae', and there is no such column$"):
        read([{"phone": ANNA, "Name": "Anna"}], Layout({"name": "Nmae"}))


def test_what_an_author_names_is_not_hidden_by_another(read: Read) -> None:
    with pytest.raises(InputError, match="a column is 'phone' by columns, and another has that name"):
        read([{"phone": ANNA, "mobile": BOB}], Layout({"phone": "mobile"}))


def test_names_may_change_places(read: Read) -> None:
    rows = read([{"phone": ANNA, "mobile": BOB}], Layout({"phone": "mobile", "landline": "phone"}))
    assert rows == [{"landline": ANNA, "phone": BOB}]


def test_nothing_is_lost_where_nothing_is_wrong(read: Read) -> None:
    people = [{"phone": f"+7916{number:07}", "note": f"n{number}"} for number in range(10_000)]
    assert read(people) == people


def test_a_gap_among_numbers_is_nothing(tmp_path: Path) -> None:
    rows = [{"phone": ANNA, "user_id": 301.0, "sum": 1.5}, {"phone": BOB, "user_id": NAN, "sum": NAN}]
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.json", orient="records")
    written_json_lines(tmp_path / "a.jsonl", rows)
    files = [str(tmp_path / f"a.{kind}") for kind in ("parquet", "csv", "json", "jsonl")]
    for source in (rows, frame, frame.to_dict("records"), *files):
        read = list(read_rows(source))
        assert [user_id_of(row) for row in read] == [301, None]
        assert read[1]["sum"] is None


def test_every_word_for_nothing_is_nothing() -> None:
    words = [NAN, Decimal("NaN"), Decimal("sNaN")]
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    words += [numpy.float64("nan"), numpy.float32("nan"), numpy.datetime64("NaT"), pandas.NA, pandas.NaT]
    for word in words:
        assert list(read_rows([{"phone": ANNA, "name": word}])) == [{"phone": ANNA, "name": None}]


def test_what_is_something_stays() -> None:
    numpy = pytest.importorskip("numpy")
    values = ["", " ", 0, 0.0, False, [NAN, 1], {"a": 1}, Decimal("2.50"), datetime(2026, 1, 1, tzinfo=UTC)]
    for value in values:
        assert list(read_rows([{"phone": ANNA, "x": value}])) == [{"phone": ANNA, "x": value}]
    assert list(read_rows([{"x": numpy.int64(7), "y": b"text"}])) == [{"x": 7, "y": "text"}]
    assert type(next(read_rows([{"x": numpy.int64(7)}]))["x"]) is int  # type: ignore[index]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (301.0, 301), (Decimal(301), 301), (Decimal("301.00"), 301), ("301.0", "301"), (" 301.00 ", "301"),
        (301.5, 301.5), ("301.5", "301.5"), ("3.01E+2", "3.01E+2"),
        (Decimal("1E+999999"), Decimal("1E+999999")),
        (float("inf"), float("inf")), ("ab", "ab"), (True, True),
    ],
)  # fmt: skip
def test_a_whole_number_is_one_number(value: Any, number: Any) -> None:
    assert whole(value) == number
    assert type(whole(value)) is type(number)


# Rows without names, and rows of other kinds


Person = namedtuple("Person", "phone name")


@dataclass
class Customer:
    PHONE: str
    name: str


@pytest.mark.parametrize("row", [Person(ANNA, "Anna"), Customer(ANNA, "Anna")])
def test_a_row_that_names_its_values_is_a_row(row: Any) -> None:
    assert list(read_rows([row, [row]])) == [{"phone": ANNA, "name": "Anna"}] * 2


def test_a_row_of_sqlite_is_a_row() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT '+79160000001' AS PHONE").fetchall()
    assert list(read_rows(rows)) == [{"phone": ANNA}]


@pytest.mark.parametrize(
    "source", [[(ANNA, "Anna")], [[ANNA, "Anna"]], [[(ANNA, "Anna")]], [[[ANNA]]], "[[1, 2]]"]
)
def test_values_without_names_are_refused_at_once(source: Any) -> None:
    with pytest.raises(
        InputError, match=r"a row is a list of values without names: make mappings.*dict\(zip"
    ):
        list(read_rows(source))


def test_tables_that_mapped_tasks_return_are_their_rows() -> None:
    pandas = pytest.importorskip("pandas")
    frames = [pandas.DataFrame({"Phone": [ANNA]}), pandas.DataFrame({"Phone": [BOB]})]
    assert list(read_rows(frames)) == [{"phone": ANNA}, {"phone": BOB}]


def test_a_table_without_a_phone_is_refused_at_once() -> None:
    for module in ("pandas", "polars"):
        frame = pytest.importorskip(module).DataFrame({"number": [ANNA]})
        with pytest.raises(InputError, match=r"must have a column phone or user_id: .*columns="):
            list(read_rows(frame))


def test_two_columns_of_pandas_with_one_name_are_refused() -> None:
    frame = pytest.importorskip("pandas").DataFrame([[ANNA, BOB]], columns=["phone", "phone"])
    with pytest.raises(InputError, match="two columns are called 'phone'"):
        list(read_rows(frame))


# Who is left out


@pytest.mark.parametrize(
    "source",
    [[ANNA, 79160000002.0], [{"Phone": ANNA, "user_id": NAN}, {"Phone": 79160000002.0, "user_id": None}]],
)
def test_entries_have_the_shape_of_rows(source: Any) -> None:
    from airflow_provider_wahelp.delivery.mailing.exclusions import Suppression

    suppression = Suppression()
    suppression.add(read_entries(source, "suppress"))
    assert suppression.has_phone(ANNA)
    assert suppression.has_phone(BOB)


def test_entries_may_lack_what_recipients_have() -> None:
    layout = Layout({"phone": "Телефон", "name": "Имя"})
    assert list(read_entries([{"ТЕЛЕФОН": ANNA}, BOB], "suppress", layout)) == [{"phone": ANNA}, BOB]


# CSV


EXCEL = 'Имя;Телефон;Сумма\r\nЮлия;+79160000001;10\r\n"Фирма ""Ромашка""";+79160000002;\r\n'
OF_EXCEL = [
    {"name": "Юлия", "phone": ANNA, "Сумма": "10"},
    {"name": 'Фирма "Ромашка"', "phone": BOB, "Сумма": None},
]
RUSSIAN = {"phone": "Телефон", "name": "Имя"}


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "utf-8", "utf-16-le"])
def test_a_csv_of_russian_excel_in_the_encoding_that_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "people.csv").write_bytes(EXCEL.encode(encoding))
    assert list(read_rows(tmp_path / "people.csv", layout=Layout(RUSSIAN, encoding))) == OF_EXCEL


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866"])
@pytest.mark.parametrize("after", [0, 20_000])
def test_an_encoding_that_is_not_named_is_guessed_and_not_taken(
    tmp_path: Path, encoding: str, after: int
) -> None:
    ascii_only = "phone;name\n" + "+79160000001;Anna\n" * after
    (tmp_path / "people.csv").write_bytes(
        (ascii_only + "+79160000002;Борис Иванов, Москва\n").encode(encoding)
    )
    with pytest.raises(
        InputError, match=f'must be UTF-8, and is most likely {encoding}: .*encoding="{encoding}"'
    ):
        list(read_rows(tmp_path / "people.csv"))


def test_a_file_is_not_what_its_author_says(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(EXCEL.encode("cp1251"))
    with pytest.raises(InputError, match=r"^encoding: the file is not utf-8$"):
        list(read_rows(tmp_path / "people.csv", layout=Layout(RUSSIAN, "utf-8")))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_what_a_file_is(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "people.csv").write_bytes(EXCEL.replace(";", "\t").encode(encoding))
    assert list(read_rows(tmp_path / "people.csv", layout=Layout(RUSSIAN, "cp1251"))) == OF_EXCEL
    (tmp_path / "people.jsonl").write_bytes('{"phone": "я"}\n'.encode(encoding))
    assert list(read_rows(tmp_path / "people.jsonl")) == [{"phone": "я"}]


def test_a_byte_that_is_broken_costs_its_row(tmp_path: Path) -> None:
    content = "phone,name\n1,Анна\n2,Борис\n3,Юлия\n".encode().replace("Бо".encode(), b"\xd0")
    (tmp_path / "people.csv").write_bytes(content)
    rows = list(read_rows(tmp_path / "people.csv"))
    assert rows[1] == Unreadable("is not UTF-8")
    assert [row["name"] for row in (rows[0], rows[2])] == ["Анна", "Юлия"]  # type: ignore[index]


def test_a_file_that_ends_amid_a_letter_costs_its_last_row(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes("phone,name\n1,Анна\n2,Борис".encode()[:-1])
    assert list(read_rows(tmp_path / "people.csv")) == [
        {"phone": "1", "name": "Анна"},
        Unreadable("is not UTF-8"),
    ]


@pytest.mark.parametrize("start", ["sep=;\n", "SEP=;\r\n", "\ufeffsep=;\n"])
def test_excels_own_first_line_says_what_divides(tmp_path: Path, start: str) -> None:
    (tmp_path / "people.csv").write_text(start + "phone;a,b,c\n1;2\n", "utf-8", newline="")
    assert list(read_rows(tmp_path / "people.csv")) == [{"phone": "1", "a,b,c": "2"}]


def test_lines_may_end_as_on_an_old_mac(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("phone,name\r1,a\r2,b\r", "utf-8", newline="")
    assert list(read_rows(tmp_path / "people.csv")) == [
        {"phone": "1", "name": "a"},
        {"phone": "2", "name": "b"},
    ]


def test_a_blank_cell_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text('phone,a,b,c,d\n1,,"", \t,0\n', "utf-8")
    assert list(read_rows(tmp_path / "people.csv")) == [
        {"phone": "1", "a": None, "b": None, "c": None, "d": "0"}
    ]


OPEN_QUOTES = {
    "to the end": f'{BOB},"Ромашка\n{CARL},c\n{DORA},d\n',
    "to the next one": f'{BOB},"Ромашка\n{CARL},c\n{DORA},"d"\n',
    "to one that fits": f'{BOB},"Ромашка\n{CARL},c\n{DORA},d"\n',
    "to one in another column": f'"{BOB},b\n"{CARL},c\n',
    "over one row": f'{BOB},"Ромашка\n{CARL},"\n',
    "over a buffer": f'{BOB},"Ромашка\n' + f"{CARL},c\n" * 20_000,
}


@pytest.mark.parametrize("rows", OPEN_QUOTES.values(), ids=OPEN_QUOTES)
def test_an_open_quote_swallows_no_row(tmp_path: Path, rows: str) -> None:
    (tmp_path / "people.csv").write_text(f"phone,name\n{ANNA},a\n{rows}", "utf-8")
    with pytest.raises(InputError, match="a quote that opens on line 3 of the file is not closed there"):
        list(read_rows(tmp_path / "people.csv"))


def test_a_cell_may_have_lines(tmp_path: Path) -> None:
    rows = [
        {"phone": ANNA, "text": "Dear Anna,\nyour order, 2 items,\nis ready, 10 roubles"},
        {"phone": BOB, "text": "b"},
    ]
    assert list(read_rows(written_csv(tmp_path / "people.csv", rows))) == rows


# JSON


def test_a_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    for name, content in (
        ("a.jsonl", '{"phone": "1", "phone": "2"}\n'),
        ("a.json", '[{"phone": "1", "phone": "2"}]'),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(InputError, match=r"^recipients: a row has 'phone' twice$"):
            list(read_rows(tmp_path / name))
    with pytest.raises(InputError, match=r"^recipients: a row has 'phone' twice$"):
        read_rows('[{"phone": "1", "phone": "2"}]')


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["people.json", "people.jsonl", "people.json.gz"])
def test_an_array_is_its_rows(tmp_path: Path, name: str, indent: int | None) -> None:
    people = [{"phone": f"+7916{number:07}", "n": [number, {"ы": "я" * 50}]} for number in range(2_000)]
    content = json.dumps(people, indent=indent, ensure_ascii=False).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert list(read_rows(tmp_path / name)) == people


@pytest.mark.parametrize("content", ["[", "[{}", "[{},]", "[{} {}]", "[{}] {}", "[{}]]", '[{"a": 1', "[}"])
def test_half_an_array_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "people.json").write_text(content)
    with pytest.raises(InputError, match=r"begins with . and is no JSON array"):
        list(read_rows(tmp_path / "people.json"))


def test_numbers_at_the_end_of_a_buffer_are_whole(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text("[" + ", ".join(["1234567"] * 20_000) + "]")
    assert list(read_rows(tmp_path / "people.json")) == [Unreadable("is no mapping")] * 20_000


# Parquet, and folders


def test_nanoseconds_are_a_moment_as_others(tmp_path: Path) -> None:
    table = pyarrow.table(
        {
            "phone": [ANNA],
            "at": pyarrow.array([1_700_000_000_123_456_789], pyarrow.timestamp("ns", "UTC")),
            "time": pyarrow.array([1_000_000_001], pyarrow.time64("ns")),
            "took": pyarrow.array([1_000_000_001], pyarrow.duration("ns")),
            "far": pyarrow.array([2**40], pyarrow.timestamp("s")),
        }
    )
    parquet.write_table(table, tmp_path / "people.parquet")
    (row,) = read_rows(tmp_path / "people.parquet")
    assert row["at"] == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)  # type: ignore[index]
    assert isinstance(row["far"], str)  # type: ignore[index]
    assert str(row["time"]) == "00:00:01"  # type: ignore[index]


def test_two_columns_of_parquet_with_one_name_are_refused(tmp_path: Path) -> None:
    table = pyarrow.Table.from_arrays([pyarrow.array([ANNA]), pyarrow.array([BOB])], ["phone", "phone"])
    parquet.write_table(table, tmp_path / "people.parquet")
    with pytest.raises(InputError, match="two columns are called 'phone'"):
        list(read_rows(tmp_path / "people.parquet"))


def test_text_that_parquet_has_as_bytes_is_text(tmp_path: Path) -> None:
    table = pyarrow.table({"phone": pyarrow.array([ANNA.encode()], pyarrow.binary())})
    parquet.write_table(table, tmp_path / "people.parquet")
    assert list(read_rows(tmp_path / "people.parquet")) == [{"phone": ANNA}]


@pytest.mark.parametrize("name", ["people.parquet", "people.csv", "people/"])
def test_a_folder_is_the_rows_of_its_files(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    for number, phone in enumerate((ANNA, BOB)):
        if name == "people.csv":
            written_csv(folder / f"part-{number}.csv", [{"phone": phone}])
        else:
            written_parquet(folder / f"part-{number}.snappy.parquet", [{"Phone": phone}])
    (folder / "_SUCCESS").touch()
    (folder / ".part-0.crc").touch()
    assert list(read_rows(f"{tmp_path}/{name}")) == [{"phone": ANNA}, {"phone": BOB}]


def test_a_folder_of_anything_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    with pytest.raises(InputError, match="no such file: the folder is empty"):
        list(read_rows(f"{folder}/"))
    (folder / "a.csv").write_text("phone\n1\n")
    (folder / "b.txt").write_text("phone\n1\n")
    with pytest.raises(InputError, match="must hold files of one kind"):
        list(read_rows(f"{folder}/"))
    (folder / "country=RU").mkdir()
    with pytest.raises(InputError, match="the folder holds folders"):
        list(read_rows(f"{folder}/"))


# The log


def test_the_log_says_what_columns_were_taken_for_and_no_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    written_csv(tmp_path / "people.csv", [{"Телефон": ANNA, "NAME": "Anna", "City": "Omsk"}])
    list(read_rows(tmp_path / "people.csv", layout=Layout({"phone": "телефон"})))
    list(read_rows([{"phone": ANNA, "Anna": "secret"}]))
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "Columns of recipients: phone is 'Телефон'; name is 'NAME'; City",
        "Columns of recipients: phone; 1 more",
    ]


@pytest.mark.parametrize("names", [("Debt", "debt"), ("Долг", "ДОЛГ "), ("debt", "\ufeffDEBT")])
def test_two_columns_of_any_name_that_differ_in_case_only_are_refused(names: tuple[str, str]) -> None:
    row = {"phone": "+79161112233", names[0]: 1, names[1]: 2}
    with pytest.raises(InputError, match="two columns are called"):
        list(read_rows([row]))
