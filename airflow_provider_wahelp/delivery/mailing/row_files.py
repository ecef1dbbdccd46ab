"""Files and folders of rows, wherever Airflow's object storage is."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any, TypeAlias, cast

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.csv_rows import csv_rows
from airflow_provider_wahelp.delivery.mailing.json_rows import json_rows
from airflow_provider_wahelp.delivery.mailing.options import ROWS_MUST, is_row_file
from airflow_provider_wahelp.delivery.mailing.parquet_rows import parquet_rows
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns, Row, Unreadable
from airflow_provider_wahelp.storage.files import storage_path

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

_Reader: TypeAlias = Callable[[IO[bytes], Columns, str | None], Iterator[Row | Unreadable]]
_READERS: dict[str, _Reader] = {
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".json": json_rows,
    ".jsonl": json_rows,
    ".ndjson": json_rows,
    ".parquet": parquet_rows,
}


def file_rows(
    path: str | ObjectStoragePath, columns: Columns, encoding: str | None
) -> Iterator[Row | Unreadable]:
    """Return the rows of a file, or of all files of a folder, by their names.

    :param encoding: what text is encoded in.
    :raises InputError: if the path has not the name of such a file, now; all else with the rows.
    """
    if not is_row_file(str(path)):
        raise InputError(columns.argument, ROWS_MUST)
    return _stream(path, columns, encoding)


def _stream(
    path: str | ObjectStoragePath, columns: Columns, encoding: str | None
) -> Iterator[Row | Unreadable]:
    with _input_errors(columns.argument):
        place = storage_path(path)
        file = None if str(path).endswith("/") else _opened(place)
        if file:
            yield from _rows(file, place, columns, encoding)
            return
        for part in _files(place, columns.argument):
            yield from _rows(part.open("rb"), part, columns, encoding)  # type: ignore[no-untyped-call]


def _rows(
    file: IO[bytes], path: ObjectStoragePath, columns: Columns, encoding: str | None
) -> Iterator[Row | Unreadable]:
    name = str(path).lower()
    read = _READERS[PurePosixPath(name.removesuffix(".gz")).suffix]
    with file:
        content: Any = gzip.GzipFile(fileobj=file) if name.endswith(".gz") else file
        yield from read(content, columns, encoding)


def _opened(place: ObjectStoragePath) -> IO[bytes] | None:
    """Return a file; ``None`` if it is a folder, which is asked only where there is no such file."""
    try:
        return cast("IO[bytes]", place.open("rb"))  # type: ignore[no-untyped-call]
    except (FileNotFoundError, IsADirectoryError):
        if place.is_dir():
            return None
        raise


def _files(folder: ObjectStoragePath, argument: str) -> list[ObjectStoragePath]:
    """Return the files of a folder, all of one kind; what others keep beside them begins with . or _."""
    entries = sorted((entry for entry in folder.iterdir() if entry.name[0] not in "._"), key=str)
    if not entries:
        raise InputError(argument, "there is no such file: the folder is empty")
    if any(entry.is_dir() for entry in entries):
        raise InputError(argument, "the folder holds folders: name one that holds files of rows")
    kinds = {PurePosixPath(entry.name.lower().removesuffix(".gz")).suffix for entry in entries}
    if len(kinds) > 1 or not kinds <= set(_READERS):
        raise InputError(argument, "the folder must hold files of one kind, e.g. .parquet, and no others")
    return entries


@contextmanager
def _input_errors(argument: str) -> Iterator[None]:
    """Say what is wrong with a file without its path: that may hold a secret, or a name."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise InputError(argument, "there is no such file") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise InputError(argument, "the file is not gzip, or damaged") from None
