"""Rows of a Parquet file, and of Arrow's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns, Row
from airflow_provider_wahelp.delivery.mailing.text_lines import BUFFER

_BATCH = 4096  # rows that are turned into Python at once


def parquet_rows(file: IO[bytes], columns: Columns, _encoding: str | None) -> Iterator[Row]:
    """Yield the rows of a Parquet file.

    :raises InputError: if it is no Parquet, or names a column twice.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        must = "a Parquet file needs pyarrow: pip install 'airflow-provider-wahelp[parquet]'"
        raise InputError(columns.argument, must) from None
    try:
        # Without pre_buffer=False pyarrow keeps what it has read until the end.
        table = parquet.ParquetFile(file, pre_buffer=False, buffer_size=BUFFER)
        yield from batch_rows(table.schema_arrow.names, table.iter_batches(batch_size=_BATCH), columns)
    except pyarrow.ArrowInvalid:
        raise InputError(columns.argument, "the file is no Parquet, or damaged") from None


def batch_rows(names: Sequence[str], batches: Iterable[Any], columns: Columns) -> Iterator[Row]:
    """Yield the rows of record batches.

    :param names: the names of the columns.
    :param batches: the batches.
    """
    import pyarrow

    ours = columns.table(names)
    for batch in batches:
        cells = list(map(_plain, batch.columns))
        try:
            yield from pyarrow.RecordBatch.from_arrays(cells, ours).to_pylist()
        except (ValueError, OverflowError, pyarrow.ArrowException):  # a day that Python's calendar lacks
            texts = [
                _as_python(column, name, columns.argument) for column, name in zip(cells, ours, strict=True)
            ]
            yield from (dict(zip(ours, values, strict=True)) for values in zip(*texts, strict=True))


def _as_python(column: Any, name: str, argument: str) -> list[Any]:
    """Return a column's values, as texts where Python has none for them."""
    import pyarrow

    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, pyarrow.ArrowException):
        pass
    try:
        return list(column.cast(pyarrow.string()).to_pylist())
    except pyarrow.ArrowException:
        raise InputError(argument, f"the column {name!r} holds what Python has no value for") from None


def _plain(column: Any) -> Any:
    """Return a column of what a text can have: no NaN, no bytes for text, no nanoseconds."""
    import pyarrow
    from pyarrow import compute, types

    kind = column.type
    if types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if types.is_floating(kind):
        column = column.cast(pyarrow.float32()) if types.is_float16(kind) else column
        return compute.if_else(compute.is_nan(column), None, column)
    if types.is_binary(kind) or types.is_large_binary(kind):
        return _text(column)
    if getattr(kind, "unit", "") == "ns":  # Python's clocks have microseconds
        return column.cast(_without_nanoseconds(kind), safe=False)
    return column


def _without_nanoseconds(kind: Any) -> Any:
    import pyarrow
    from pyarrow import types

    if types.is_timestamp(kind):
        return pyarrow.timestamp("us", kind.tz)
    return pyarrow.time64("us") if types.is_time(kind) else pyarrow.duration("us")


def _text(column: Any) -> Any:
    import pyarrow

    try:
        return column.cast(pyarrow.string())
    except pyarrow.ArrowInvalid:
        return column
