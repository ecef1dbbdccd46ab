"""The body of a request from outside: read up to a limit, decoded whatever it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable

MOST_BYTES = 1 << 20
"""Far more than an event takes. Airflow itself sets no limit to a body."""


class TooLargeError(Exception):
    """A body is larger than is read."""


async def read_body(stream: AsyncIterable[bytes], most: int = MOST_BYTES) -> bytes:
    """Return a request's body.

    :param stream: its pieces, as they arrive.
    :raises TooLargeError: as soon as there are more bytes: the rest is not read.
    """
    body = bytearray()
    async for piece in stream:
        body += piece
        if len(body) > most:
            raise TooLargeError
    return bytes(body)


def decode(body: bytes) -> object:
    """Return what a JSON text spells; ``None`` where it is none, or one that Python refuses."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # no UTF-8, an integer of 5,000 digits, deep nesting
        return None
