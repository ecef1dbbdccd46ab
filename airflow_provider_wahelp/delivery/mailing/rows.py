"""Reading recipients as a stream, from XCom or from a file: a million take no more memory than ten."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.options import ROWS_MUST, is_row_file
from airflow_provider_wahelp.storage.files import storage_path

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

Row: TypeAlias = Mapping[str, Any]

_BUFFER = 64 * 1024  # bytes that are read at once
_BATCH = 4096  # rows of Parquet that are turned into Python at once
_BLANK = " \t\r\n\ufeff"
_WHO = {"phone", "user_id"}
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Unreadable:
    """Stands in the stream for a row that cannot be read.

    :param reason: why, after "the row": it names no value and may be logged.
    """

    reason: str


_Rows: TypeAlias = Iterator[Row | Unreadable]


def read_rows(source: Any, argument: str = "recipients") -> Iterator[Row | Unreadable]:
    """Return rows one by one, in their order; blank lines of a file are skipped.

    The cells of CSV are strings, an empty one is ``""``; the first line names the columns, and the one of
    ``,`` ``;`` and tab that is most frequent there divides them. Text is UTF-8, with or without BOM.

    :param source: mappings (a list, a lazy XCom sequence ...); or any Airflow object storage path, local ones
        too, to CSV, JSON Lines or Parquet, told apart by what it ends in (``options.ROW_FILES``); or a list
        that a template has turned into a string.
    :param argument: what an error calls the source.
    :raises InputError: if it is no such thing, now; if the file is missing or no such file as its name says,
        with the first row; if it ends too early, there.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(source, str) and source.lstrip().startswith("["):
        return _entries(_unrendered(source, argument))
    if isinstance(source, ObjectStoragePath):
        return _file(source, argument)
    if isinstance(source, str | os.PathLike):
        return _file(os.fspath(source), argument)
    if not isinstance(source, Iterable) or isinstance(source, Mapping | bytes | bytearray | memoryview):
        raise InputError(argument, ROWS_MUST)
    return _entries(source)


@contextmanager
def closed(rows: Iterable[Any]) -> Iterator[None]:
    """Close at the end what yields rows: an error keeps it alive, and with it a connection to a database.

    :param rows: what yields them, or a list.
    """
    try:
        yield
    finally:
        if isinstance(rows, Generator):
            rows.close()


def read_entries(source: Any, argument: str) -> Iterable[Any]:
    """Return entries that may be rows or plain values, as a list of phones has them.

    :param source: as for :func:`read_rows`, or a list of plain values.
    :param argument: what an error calls the source.
    """
    if isinstance(source, str) and source.lstrip().startswith("["):
        return _unrendered(source, argument)
    listed = isinstance(source, Iterable) and not isinstance(source, str | bytes | os.PathLike | Mapping)
    return source if listed else read_rows(source, argument)


def _entries(source: Iterable[Any]) -> _Rows:
    return (entry if isinstance(entry, Mapping) else Unreadable("is no mapping") for entry in source)


def _unrendered(text: str, argument: str) -> list[Any]:
    """Read a list that went through a template which is not native: as JSON or as Python spells it."""
    import ast

    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        try:
            rows = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            rows = None
    if not isinstance(rows, list):
        raise InputError(argument, "begins with [ but is no JSON array") from None
    return rows


def _file(path: str | ObjectStoragePath, argument: str) -> _Rows:
    name = str(path).lower()
    if not is_row_file(name):
        raise InputError(argument, ROWS_MUST)
    read = _READERS[PurePosixPath(name.removesuffix(".gz")).suffix]
    return _stream(path, read, name.endswith(".gz"), argument)


def _stream(path: str | ObjectStoragePath, read: _Reader, packed: bool, argument: str) -> _Rows:
    with _input_errors(argument), storage_path(path).open("rb") as file:  # type: ignore[no-untyped-call]
        content: Any = gzip.GzipFile(fileobj=file) if packed else file
        yield from read(content, argument)


@contextmanager
def _input_errors(argument: str) -> Iterator[None]:
    """Say what is wrong with a file without its path: that may hold a secret, or a name."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(argument, "there is no such file") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError(argument, "the file is not gzip, or damaged") from None


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Return lines without their ends. Airflow's own files have none before 3.0, and are slow with them."""
    rest = b""
    while chunk := file.read(_BUFFER):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    yield rest


def _csv(file: IO[bytes], argument: str) -> _Rows:
    # What is not UTF-8 spoils its row, not the file.
    lines = (str(line, "utf-8", "surrogateescape") + "\n" for line in _lines(file))
    first = next((line for line in lines if line.strip(_BLANK)), "").removeprefix("\ufeff")
    records = csv.reader(chain([first], lines), delimiter=_delimiter(first), strict=True)
    header = _header(records, argument)
    while True:
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error:
            yield Unreadable("is no CSV: is a quote left open?")
            continue
        if len(cells) == len(header):
            yield dict(zip(header, cells, strict=True)) if _is_utf8(cells) else Unreadable("is not UTF-8")
        elif len(cells) > 1 or "".join(cells).strip():
            yield Unreadable(f"has {len(cells)} columns, and the header has {len(header)}")


def _delimiter(line: str) -> str:
    return max(",;\t", key=_QUOTED.sub("", line).count)


def _header(records: Iterator[list[str]], argument: str) -> list[str]:
    try:
        names = [name.strip() for name in next(records)]
    except csv.Error:
        raise InputError(argument, "the first line is no CSV") from None
    if not _is_utf8(names):
        raise InputError(argument, "the file must be UTF-8")
    named = [name for name in names if name]
    if not named or len(named) != len(set(named)):
        raise InputError(argument, "the first line must name the columns, each once")
    if not _WHO.intersection(names):  # one without a header would else be a file of nobody
        raise InputError(argument, "the first line must name a column phone or user_id")
    return names


def _is_utf8(cells: list[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_lines(file: IO[bytes], _argument: str) -> _Rows:
    return (_json_object(line) for line in _lines(file) if line.strip())


def _json_object(line: bytes) -> Row | Unreadable:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Unreadable("is no JSON")
    return row if isinstance(row, dict) else Unreadable("is no JSON object")


def _parquet(file: IO[bytes], argument: str) -> _Rows:
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        must = "a Parquet file needs pyarrow: pip install 'airflow-provider-wahelp[parquet]'"
        raise InputError(argument, must) from None
    try:
        # Without pre_buffer=False pyarrow keeps what it has read until the end.
        table = parquet.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER)
    except pyarrow.ArrowInvalid:
        raise InputError(argument, "the file is no Parquet") from None
    for batch in table.iter_batches(batch_size=_BATCH):
        yield from batch.to_pylist()


_Reader: TypeAlias = Callable[[IO[bytes], str], _Rows]
_READERS: dict[str, _Reader] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
