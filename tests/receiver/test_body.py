"""Whatever a body is, it is read up to a limit, and decoded or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from airflow_provider_wahelp.receiver.body import TooLargeError, decode, read_body


class Pieces:
    """A body, and how much of it was taken."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces, self.taken = pieces, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            yield piece


def test_a_body_is_read_in_pieces() -> None:
    assert asyncio.run(read_body(Pieces(b'{"a":', b"", b"1}"), 8)) == b'{"a":1}'


def test_no_more_is_read_than_may_be() -> None:
    pieces = Pieces(*[b"12345"] * 100)
    with pytest.raises(TooLargeError):
        asyncio.run(read_body(pieces, 12))
    assert pieces.taken == 3


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"\x00", b"nothing"]
)
def test_what_python_cannot_decode_is_nothing(body: bytes) -> None:
    assert decode(body) is None


def test_json_is_decoded() -> None:
    assert decode('{"message": "Да"}'.encode()) == {"message": "Да"}
