"""Rows out of XCom: mappings and what is like them, lists of such lists, tables of pandas and others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.cells import known_cells
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns, Row, Unreadable

_NAMELESS = (
    "a row is a list of values without names: make mappings of such rows, "
    'e.g. [dict(zip(("phone", "name"), row)) for row in rows]'
)


def listed_rows(entries: Iterable[Any], columns: Columns) -> Iterator[Row | Unreadable]:
    """Yield rows one by one; a list among them is several rows, as the results of mapped tasks are.

    :param entries: mappings, named tuples, data classes, tables, or lists of these.
    :raises InputError: if a row is a list of values, whose names nobody knows.
    """
    for entry in entries:
        if type(entry) is dict:
            yield columns.row(entry)
        else:
            yield from _rows(entry, columns)
    columns.insist()


def _rows(entry: Any, columns: Columns) -> Iterator[Row | Unreadable]:
    if is_frame(entry):
        yield from frame_rows(entry, columns)
    elif (values := _as_mapping(entry)) is not None:
        yield columns.row(values)
    elif isinstance(entry, Sequence) and not isinstance(entry, str | bytes | bytearray | memoryview):
        yield from _several(entry, columns)
    else:
        yield Unreadable("is no mapping")


def _several(entries: Sequence[Any], columns: Columns) -> Iterator[Row | Unreadable]:
    for entry in entries:
        for row in _rows(entry, columns):
            if isinstance(row, Unreadable):
                raise InputError(columns.argument, _NAMELESS)
            yield row


def _as_mapping(entry: Any) -> Mapping[Any, Any] | None:
    """Return a row whose values have names; ``None`` if it is no such row."""
    if isinstance(entry, Mapping):
        return entry
    if isinstance(entry, tuple) and hasattr(entry, "_asdict"):
        return dict(entry._asdict())
    if is_dataclass(entry) and not isinstance(entry, type):
        return {field.name: getattr(entry, field.name) for field in fields(entry)}
    if hasattr(entry, "keys") and hasattr(entry, "__getitem__"):  # a row of sqlite3's
        return {name: entry[name] for name in entry.keys()}  # noqa: SIM118 - it yields values
    return None


def is_frame(source: Any) -> bool:
    """Return whether something is a table of pandas, Polars or Arrow.

    :param source: anything.
    """
    return any(all(hasattr(source, name) for name in names) for names in (_PANDAS, _POLARS, _ARROW))


_PANDAS = ("columns", "itertuples")
_POLARS = ("columns", "iter_rows")
_ARROW = ("schema", "num_rows", "to_pylist")


def frame_rows(frame: Any, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a table.

    :param frame: a table of pandas, Polars or Arrow.
    """
    if all(hasattr(frame, name) for name in _ARROW):
        from airflow_provider_wahelp.delivery.mailing.parquet_rows import batch_rows

        batches = frame.to_batches() if hasattr(frame, "to_batches") else [frame]
        yield from batch_rows(frame.schema.names, batches, columns)
        return
    names = columns.table(frame.columns)
    pandas = hasattr(frame, "itertuples")
    for values in frame.itertuples(index=False, name=None) if pandas else frame.iter_rows():
        yield dict(zip(names, known_cells(values), strict=True))
