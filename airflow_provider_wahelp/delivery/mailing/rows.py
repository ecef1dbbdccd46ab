"""Reading recipients as a stream, from XCom or from a file: a million take no more memory than ten."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.json_rows import DECODER, TwiceError
from airflow_provider_wahelp.delivery.mailing.listed_rows import is_frame, listed_rows
from airflow_provider_wahelp.delivery.mailing.options import ROWS_MUST
from airflow_provider_wahelp.delivery.mailing.row_files import file_rows
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns, Row, Unreadable

__all__ = ["Layout", "Row", "Unreadable", "closed", "read_entries", "read_rows"]


@dataclass(frozen=True)
class Layout:
    """What an author says of a source.

    :param columns: the source's names of columns, by ours.
    :param encoding: what its text is encoded in, where it is no UTF-8.
    """

    columns: Mapping[str, str] | None = None
    encoding: str | None = None


def read_rows(
    source: Any, argument: str = "recipients", layout: Layout | None = None, *, optional: bool = False
) -> Iterator[Row | Unreadable]:
    """Return rows one by one, in their order, all in the shape that ``docs/tables.md`` tells.

    Blank lines of a file are skipped.

    :param source: mappings (a list, a lazy XCom sequence ...); a table of pandas, Polars or Arrow; any
        Airflow object storage path, local ones too, to CSV, JSON or Parquet, told apart by what it ends in
        (``options.ROW_FILES``), or to a folder of such files; or a list that a template has turned into a
        string.
    :param layout: what the author says of it.
    :param optional: whether the source need not have the columns that the author names.
    :raises InputError: if it is no such thing, now; if the file is missing or no such file as its name says,
        with the first row; if it ends too early, or if what a row means cannot be told, there.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    layout = layout or Layout()
    columns = Columns(argument, layout.columns, optional=optional)
    if isinstance(source, str) and source.lstrip().startswith("["):
        return listed_rows(_unrendered(source, argument), columns)
    if isinstance(source, ObjectStoragePath):
        return file_rows(source, columns, layout.encoding)
    if isinstance(source, str | os.PathLike):
        return file_rows(os.fspath(source), columns, layout.encoding)
    if is_frame(source):
        return listed_rows([source], columns)
    if not isinstance(source, Iterable) or isinstance(source, Mapping | bytes | bytearray | memoryview):
        raise InputError(argument, ROWS_MUST)
    return listed_rows(source, columns)


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


def read_entries(source: Any, argument: str, layout: Layout | None = None) -> Iterator[Any]:
    """Return entries that may be rows or plain values, as a list of phones has them.

    :param source: as for :func:`read_rows`, or a list of plain values.
    :param layout: what the author says of it; the columns that it names need not be there.
    """
    if isinstance(source, str) and source.lstrip().startswith("["):
        source = _unrendered(source, argument)
    if (
        isinstance(source, str | os.PathLike | Mapping)
        or not isinstance(source, Iterable)
        or is_frame(source)
    ):
        return read_rows(source, argument, layout, optional=True)
    columns = Columns(argument, (layout or Layout()).columns, optional=True)
    return _entries(source, columns)


def _entries(source: Iterable[Any], columns: Columns) -> Iterator[Any]:
    for entry in source:
        rows = list(listed_rows([entry], columns))
        yield from rows if rows and not isinstance(rows[0], Unreadable) else [entry]


def _unrendered(text: str, argument: str) -> list[Any]:
    """Read a list that went through a template which is not native: as JSON or as Python spells it."""
    import ast

    try:
        rows = DECODER.decode(text)
    except TwiceError as error:
        raise InputError(argument, f"a row has {str(error)!r} twice") from None
    except (ValueError, RecursionError):
        try:
            rows = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            rows = None
    if not isinstance(rows, list):
        raise InputError(argument, "begins with [ but is no JSON array") from None
    return rows
