"""Rows of a JSON file: an object a line, or one array of objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.listed_rows import listed_rows
from airflow_provider_wahelp.delivery.mailing.row_shape import Columns, Row, Unreadable
from airflow_provider_wahelp.delivery.mailing.text_lines import Text, is_utf8

_BLANK = re.compile(r"[ \t\r\n\ufeff]*")
_LARGEST = 16 * 1024 * 1024  # characters that are looked through for the end of one object
_NO_ARRAY = "begins with [ and is no JSON array"
_CONSTANTS = {"NaN": None, "Infinity": float("inf"), "-Infinity": float("-inf")}


class TwiceError(Exception):
    """An object names a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    names = [name for name, _ in pairs]
    raise TwiceError(next(name for name in names if names.count(name) > 1))


DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_CONSTANTS.__getitem__)
"""Takes NaN for nothing, and refuses a key that is there twice: the last one would win."""


def json_rows(file: IO[bytes], columns: Columns, encoding: str | None) -> Iterator[Row | Unreadable]:
    """Yield the rows of a file of JSON Lines, or of one JSON array.

    :raises InputError: if an object names a key twice, or if what begins as an array is none.
    """
    text = Text(file, encoding, columns.argument)
    try:
        if text.begins_with("["):
            yield from listed_rows(_Array(text.pieces(strict=True), columns.argument), columns)
            return
        decode, plain = DECODER.raw_decode, columns.is_plain
        for line in text.lines(strict=True):
            try:
                row, end = decode(line)
            except (ValueError, RecursionError):
                row, end = None, -1
            if end == len(line) and type(row) is dict and plain(row) and not text.damaged:
                yield row
            elif line and not line.isspace():
                yield (
                    Unreadable("is not UTF-8") if text.damaged and not is_utf8(line) else _row(line, columns)
                )
    except TwiceError as error:
        raise InputError(columns.argument, f"a row has {str(error)!r} twice") from None
    columns.insist()


def _row(line: str, columns: Columns) -> Row | Unreadable:
    start = _BLANK.match(line)
    try:
        row, end = DECODER.raw_decode(line, start.end() if start else 0)
    except (ValueError, RecursionError):
        return Unreadable("is no JSON")
    if line[end:].strip():
        return Unreadable("is no JSON")
    if type(row) is not dict:
        return Unreadable("is no JSON object")
    names = columns.plan(tuple(row))
    return row if names is None else dict(zip(names, row.values(), strict=True))


class _Array:
    """What a JSON array holds, one by one: the array is never in memory whole.

    :param pieces: the text, piece by piece.
    """

    def __init__(self, pieces: Iterator[str], argument: str) -> None:
        self._pieces = pieces
        self._argument = argument
        self._text = ""
        self._at = 0

    def __iter__(self) -> Iterator[Any]:
        self._take("[")
        more = self._mark() != "]"
        while more:
            yield self._value()
            if more := self._mark() == ",":
                self._take(",")
        self._take("]")
        if self._mark():
            raise self._error()

    def _mark(self) -> str:
        """Return the next character that is not blank; ``""`` at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            self._at = blank.end() if blank else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self, mark: str) -> None:
        if self._mark() != mark:
            raise self._error()
        self._at += 1

    def _value(self) -> Any:
        """Return the next value: as much is read as it takes, each time twice as much as before."""
        wanted = 1
        while True:
            self._mark()
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                read = sum(self._more() for _ in range(wanted))
                if not read or len(self._text) > _LARGEST:
                    raise self._error() from None
                wanted *= 2
                continue
            if end < len(self._text) or not self._more():  # a number may go on
                self._at = end
                return value

    def _more(self) -> bool:
        piece = next(self._pieces, "")
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    def _error(self) -> InputError:
        return InputError(self._argument, _NO_ARRAY)
