"""Recipients as a stream: what can be read is read, what cannot is told apart, and errors tell no values."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.options import ROW_FILES
from airflow_provider_wahelp.delivery.mailing.row_shape import OURS, fold
from airflow_provider_wahelp.delivery.mailing.rows import Unreadable, read_rows

ANNA = {"phone": "+71234567890", "name": "Анна"}
BOB = {"phone": "+71234567891", "name": ""}
SECRET = "s3cret"
OPEN_QUOTE = "is no CSV: is a quote left open? Inside quotes, a quote is written twice"

Put = Callable[[str, str | bytes], str]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return str(path)

    return write


def as_csv(rows: Sequence[dict[str, str]], columns: Sequence[str], delimiter: str = ",") -> str:
    content = io.StringIO()
    table = csv.DictWriter(content, columns, delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    return content.getvalue()


def as_json_lines(rows: Sequence[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def words(entries: Any) -> list[str]:
    """Return what is wrong with each entry, and ``""`` for a row."""
    return [entry.reason if isinstance(entry, Unreadable) else "" for entry in entries]


class Lazy(Sequence[Any]):
    """Fetches an item when it is asked for it, as the sequence of a mapped task's XComs does."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.fetched = 0

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        self.fetched = max(self.fetched, index + 1)
        return self.items[index]


@pytest.mark.parametrize("make", [list, tuple, iter, lambda rows: (row for row in rows)])
def test_mappings_are_rows_as_they_are(make: Callable[[list[Any]], Any]) -> None:
    assert list(read_rows(make([ANNA, BOB]))) == [ANNA, BOB]


def test_a_lazy_sequence_is_fetched_as_it_is_read() -> None:
    source = Lazy([ANNA, BOB, ANNA])
    assert next(read_rows(source)) == ANNA
    assert source.fetched == 1


def test_an_entry_that_is_no_mapping_keeps_its_place() -> None:
    assert words(read_rows([ANNA, "+71234567890", None, BOB])) == ["", "is no mapping", "is no mapping", ""]


@pytest.mark.parametrize("rendered", [json.dumps([ANNA, 5]), f" {json.dumps([ANNA, 5])}\n", str([ANNA, 5])])
def test_a_list_that_a_template_made_a_string_is_read(rendered: str) -> None:
    assert list(read_rows(rendered)) == [ANNA, Unreadable("is no mapping")]


@pytest.mark.parametrize(
    "source",
    [
        None, 5, 1.5, True, object(), ANNA, b"people.csv", bytearray(b"people.csv"),
        "", "people", SECRET, f"s3://{SECRET}@bucket/people.xlsx", "people.csv.zip",
        "people.parquet.gz", "csv", Path("people.txt"), f"[{SECRET}", "[" * 100_000, "[1] + [2]", '["a"',
    ],
)  # fmt: skip
def test_what_is_no_source_is_refused_at_once(source: Any) -> None:
    with pytest.raises(InputError) as caught:
        read_rows(source, "people")
    assert caught.value.argument == "people"
    assert SECRET not in str(caught.value)


def test_an_unknown_suffix_names_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"^recipients: ") as caught:
        read_rows("people.xlsx")
    assert all(suffix in caught.value.must for suffix in ROW_FILES)


@pytest.mark.parametrize("name", ["s3cret.csv", "s3cret.jsonl.gz", "deep/s3cret.ndjson"])
def test_a_missing_file_is_said_to_be_missing_without_its_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"^recipients: there is no such file$") as caught:
        next(read_rows(f"file://{tmp_path}/{name}"))
    assert caught.value.__suppress_context__  # the cause would show the path in the log


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "people.csv").mkdir()
    with pytest.raises(InputError, match="no such file"):
        next(read_rows(str(tmp_path / "people.csv")))


@pytest.mark.parametrize(
    "name", ["people.jsonl", "people.ndjson", "PEOPLE.JSONL", "people.jsonl.gz", "p.NDJSON.gz"]
)
@pytest.mark.parametrize("spelling", [str, Path, "file://{}".format, ObjectStoragePath])
def test_a_path_may_be_spelt_in_any_way(put: Put, name: str, spelling: Callable[[str], Any]) -> None:
    path = put(name, as_json_lines([ANNA, BOB]))
    assert list(read_rows(spelling(path))) == [ANNA, BOB]


def test_a_relative_path_is_of_the_working_directory(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("people.csv", "phone\n1\n")
    monkeypatch.chdir(tmp_path)
    assert list(read_rows("people.csv")) == [{"phone": "1"}]


def test_json_lines_that_cannot_be_read_keep_their_place(put: Put) -> None:
    lines = [
        '{"phone": 1, "name": "Анна"}'.encode(),
        b"",
        b"  \r",
        b'{"phone": ',
        b"[1]",
        b'"text"',
        b"null",
        b'{"name": "\xff"}',
    ]
    lines += [b"[" * 100_000, b'{"phone": 2}\r', b'{"phone": 3}']
    no_object = "is no JSON object"
    read = list(read_rows(put("people.jsonl", b"\n".join(lines))))
    assert words(read) == ["", "is no JSON", *[no_object] * 3, "is not UTF-8", "is no JSON", "", ""]
    assert [row["phone"] for row in read if not isinstance(row, Unreadable)] == [1, 2, 3]


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["people.csv", "people.CSV.gz"])
def test_csv_of_any_kind(put: Put, bom: str, delimiter: str, name: str) -> None:
    people = [ANNA, {**BOB, "name": None}]  # a CSV has no word for nothing but an empty cell
    assert list(read_rows(put(name, bom + as_csv([ANNA, BOB], list(ANNA), delimiter)))) == people


def test_json_lines_may_begin_with_a_bom(put: Put) -> None:
    assert list(read_rows(put("people.jsonl", "\ufeff" + as_json_lines([ANNA])))) == [ANNA]


def test_the_delimiter_is_the_one_between_the_names(put: Put) -> None:
    path = put("people.csv", '"name, first, last"; phone ;city\n"a, b";1;"x;y"\n')
    assert list(read_rows(path)) == [{"name, first, last": "a, b", "phone": "1", "city": "x;y"}]


def test_csv_rows_that_cannot_be_read_keep_their_place(put: Put) -> None:
    content = "\r\nphone,name\r\n1,Анна".encode() + b"\r\n2\r\n\r\n   \r\n3,c,d\r\n4,\xe0\r\n,\r\n,,\r\n"
    content += b'"5"x,e\r\n6,"f\r\ng"\r\n7,"open\r\n'
    read = list(read_rows(put("people.csv", content)))
    assert words(read) == [
        "", "has 1 columns, and the header has 2", "has 3 columns, and the header has 2", "is not UTF-8", "",
        "has 3 columns, and the header has 2",
        OPEN_QUOTE, "", OPEN_QUOTE,
    ]  # fmt: skip
    assert [read[index] for index in (0, 4, 7)] == [
        {"phone": "1", "name": "Анна"},
        {"phone": None, "name": None},
        {"phone": "6", "name": "f\r\ng"},
    ]


@pytest.mark.parametrize(
    ("content", "must"),
    [
        (b"", "must name a column phone or user_id"),
        (b"\n \n", "must name a column phone or user_id"),
        (b",,\n1,2,3\n", "must name a column phone or user_id"),
        (b"s3cret,s3cret\n1,2\n", "must name a column phone or user_id"),
        ("имя,phone\n".encode("cp1251"), "must be UTF-8"),
        (
            "phone\n1\n".encode("utf-16-le"),
            'UTF-8, and is most likely utf-16-le: say so with encoding="utf-16-le"',
        ),
        (
            "phone\n1\n".encode("utf-16-be"),
            'UTF-8, and is most likely utf-16-be: say so with encoding="utf-16-be"',
        ),
        (b'"s3cret\n', "is no CSV"),
    ],
)
def test_a_csv_without_a_good_header_is_refused(put: Put, content: bytes, must: str) -> None:
    with pytest.raises(InputError, match=must) as caught:
        next(read_rows(put("people.csv", content)))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["people.csv.gz", "people.jsonl.gz"])
def test_what_is_not_gzip_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("phone\n1\n")
    with pytest.raises(InputError, match="not gzip, or damaged"):
        next(read_rows(path))


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[:-20],
        lambda packed: packed[:-40] + b"\xff" * 40,
        lambda packed: packed[:10] + b"\xff" * 40 + packed[50:],
    ],
)
def test_a_damaged_gzip_does_not_pass_for_a_short_one(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "people.jsonl.gz"
    path.write_bytes(
        damage(gzip.compress(as_json_lines([{"id": os.urandom(20).hex()} for _ in range(99)]).encode()))
    )
    with pytest.raises(InputError, match="not gzip, or damaged"):
        list(read_rows(path))


@pytest.mark.parametrize("name", ["people.csv", "people.jsonl", "people.jsonl.gz"])
def test_no_row_is_lost_where_one_buffer_ends_and_the_next_begins(put: Put, name: str) -> None:
    rows = [{"phone": str(number), "name": "я" * (number % 97 + 1)} for number in range(5000)]
    content = as_csv(rows, ["phone", "name"]) if name.endswith(".csv") else as_json_lines(rows)
    assert list(read_rows(put(name, content.removesuffix("\n")))) == rows


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.just("NaN")
NAMES = st.lists(st.from_regex(r"\w{1,8}", fullmatch=True), max_size=4, unique_by=fold).map(
    lambda names: [*(name for name in names if fold(name) not in OURS), "phone"]
)
KEYS = st.text().filter(lambda name: name == name.strip("\ufeff").strip() and fold(name) not in OURS)
OBJECTS = st.lists(KEYS, max_size=4, unique_by=fold).flatmap(
    lambda names: st.fixed_dictionaries(dict.fromkeys(names, VALUES))
)


@settings(deadline=None)  # files take what the disk takes
@given(data=st.data(), columns=NAMES, delimiter=st.sampled_from(",;\t"), packed=st.booleans())
def test_rows_come_back_from_csv(
    data: st.DataObject, columns: list[str], delimiter: str, packed: bool, tmp_path_factory: Any
) -> None:
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, CELLS)), max_size=5))
    content = as_csv(rows, columns, delimiter if len(columns) > 1 else ",").encode()
    path = tmp_path_factory.mktemp("csv") / f"people.csv{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    nothing = ("", "nan", "NaN")
    known = [
        {name: None if cell in nothing or cell.isspace() else cell for name, cell in row.items()}
        for row in rows
    ]
    assert list(read_rows(path)) == known


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(rows=st.lists(st.deferred(lambda: OBJECTS), max_size=5))
def test_rows_come_back_from_json_lines(rows: list[dict[str, Any]], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("json") / "people.jsonl"
    path.write_text(as_json_lines(rows), "utf-8", newline="")
    assert list(read_rows(path)) == rows


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_no_bytes_end_a_mailing_with_anything_but_an_input_error(
    content: bytes, tmp_path_factory: Any
) -> None:
    for suffix in (".csv", ".jsonl", ".csv.gz"):
        path = tmp_path_factory.mktemp("any") / f"people{suffix}"
        path.write_bytes(content)
        with suppress(InputError):
            assert all(isinstance(entry, dict | Unreadable) for entry in read_rows(path))


@pytest.mark.parametrize("name", ["people.csv", "people.jsonl", "people.csv.gz"])
def test_a_large_file_takes_no_more_memory_than_a_small_one(put: Put, name: str) -> None:
    line = "1," + "a" * 400 + "\n" if ".csv" in name else json.dumps({"name": "a" * 400}) + "\n"
    path = put(name, "phone,name\n" + line * 20_000 if ".csv" in name else line * 20_000)  # 8 MB
    rows = read_rows(path)
    next(rows)
    tracemalloc.start()
    try:
        assert sum(1 for _ in rows) == 19_999
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_file_is_closed_when_its_reader_loses_interest(put: Put) -> None:
    rows = read_rows(put("people.csv", "phone\n1\n2\n"))
    opened = open_files()
    next(rows)
    assert open_files() == opened + 1
    rows.close()  # type: ignore[attr-defined]
    assert open_files() == opened


def test_parquet_is_read_with_its_types(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"phone": f"+7{index}", "orders": index, "city": None} for index in range(10_000)]
    path = tmp_path / "people.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    assert list(read_rows(f"file://{path}")) == rows


def test_what_is_no_parquet_is_refused(put: Put) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="is no Parquet"):
        next(read_rows(put("people.parquet", "phone\n1\n")))


def test_without_pyarrow_it_is_said_what_to_install(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'airflow-provider-wahelp\[parquet\]'"):
        next(read_rows(put("people.parquet", b"")))
