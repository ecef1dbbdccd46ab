"""A file's text as lines, whatever it is encoded in."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from airflow_provider_wahelp.client.errors import InputError

BUFFER = 64 * 1024
"""Bytes that are read at once."""

_BOMS = {  # the longer ones first: UTF-32's begins as UTF-16's
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LONGEST = 16 * 1024 * 1024  # characters of a line: what has no end would else be read into memory whole
_SAMPLE = 4096  # bytes around what is no UTF-8: enough to tell, and a moment's work
_LIKELY = ["cp1251", "koi8_r", "cp866", "cp1252"]  # of all encodings, short lists of names pass for Big5


class Text:
    """A text file, read once.

    :param encoding: what it is encoded in, unless it begins with a BOM; by default UTF-8.
    :raises InputError: if it looks like UTF-16 and does not say which.
    """

    def __init__(self, file: IO[bytes], encoding: str | None, argument: str) -> None:
        self._file = file
        self._argument = argument
        self._named = encoding
        self._start = file.read(BUFFER)
        self._bom = next((name for mark, name in _BOMS.items() if self._start.startswith(mark)), None)
        self._encoding = self._bom or encoding or "utf-8"
        self.damaged = False
        """Whether some bytes are not of the encoding; they stand in the text as surrogates."""

        if self._encoding == "utf-8" and b"\0" in self._start[:_SAMPLE]:
            raise InputError(argument, _not_utf8(_utf16(self._start)))

    def begins_with(self, mark: str) -> bool:
        """Return whether that is the first that is not blank.

        :param mark: a character.
        """
        start = codecs.getincrementaldecoder(self._encoding)("ignore").decode(self._start)
        return start.lstrip("\ufeff \t\r\n").startswith(mark)

    def pieces(self, *, strict: bool = False) -> Iterator[str]:
        """Yield the text piece by piece.

        :param strict: whether a file of another encoding is refused, and not taken for a damaged one.
        :raises InputError: with what the file most likely is encoded in.
        """
        decoder = codecs.getincrementaldecoder(self._encoding)()
        piece, self._start, before = self._start, b"", b""
        while True:
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                sample = (
                    before[-_SAMPLE:] + error.object[max(0, error.start - _SAMPLE) : error.start + _SAMPLE]
                )
                if strict and not _is_mostly(self._encoding, sample):
                    raise self._foreign(sample) from None
                self.damaged, decoder.errors = True, "surrogateescape"
                text = decoder.decode(piece, final=not piece)
            yield text
            if not piece:
                return
            before, piece = piece, self._file.read(BUFFER)

    def lines(self, *, strict: bool = False) -> Iterator[str]:
        """Yield lines without what ends them: a line feed, or a carriage return in a file without any.

        Airflow's own files have no lines before 3.0, and are slow with them.

        :param strict: as for :meth:`pieces`.
        """
        rest, end = "", ""
        for piece in self.pieces(strict=strict):
            text = rest + piece
            end = end or _line_end(text)
            *lines, rest = text.split(end or "\n")
            yield from lines
            if len(rest) > _LONGEST:
                raise InputError(self._argument, f"a line of the file has more than {_LONGEST:,} characters")
        if rest:
            yield rest

    def _foreign(self, sample: bytes) -> InputError:
        if self._bom:
            return InputError(self._argument, f"the file begins as {self._bom}, and is damaged")
        if self._named:
            return InputError("encoding", f"the file is not {self._named}")
        return InputError(self._argument, _not_utf8(_likely(sample)))


def is_utf8(text: str) -> bool:
    """Return whether a text can be encoded: it holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_mostly(encoding: str, sample: bytes) -> bool:
    """Return whether most of what is not ASCII is of an encoding: a few bytes are broken then, not all."""
    text = sample.decode(encoding, errors="replace")
    broken = text.count("\ufffd")
    return sum(not character.isascii() for character in text) > 2 * broken


def _line_end(text: str) -> str:
    """Return what ends lines; ``""`` if the text does not tell yet."""
    if "\n" in text:
        return "\n"
    return "\r" if "\r" in text.rstrip("\r") else ""


def _not_utf8(likely: str) -> str:
    return f'the file must be UTF-8, and is most likely {likely}: say so with encoding="{likely}"'


def _likely(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # comes with requests

    telling = b"\n".join(line for line in sample.split(b"\n") if not line.isascii())
    found = from_bytes(telling, cp_isolation=_LIKELY).best()
    return found.encoding if found else _LIKELY[0]


def _utf16(start: bytes) -> str:
    return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
