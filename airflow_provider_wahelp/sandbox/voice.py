"""A voice note to listen to: a moment of silence as WhatsApp would send it, Opus in Ogg."""

from __future__ import annotations

import struct
from functools import cache

_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
_TAGS = b"OpusTags" + struct.pack("<I", 7) + b"sandbox" + struct.pack("<I", 0)
_SILENCE = b"\xf8\xff\xfe"  # 20 ms
_PACKETS = 50
_SAMPLES = 960  # of 20 ms
_FIRST, _LAST = 2, 4


@cache
def note() -> bytes:
    """Return a second of silence."""
    return b"".join(
        (
            _page(0, [_HEAD], 0, _FIRST),
            _page(1, [_TAGS], 0, 0),
            _page(2, [_SILENCE] * _PACKETS, _PACKETS * _SAMPLES, _LAST),
        )
    )


def _page(number: int, packets: list[bytes], samples: int, flags: int) -> bytes:
    """Return a page of an Ogg file; no packet of these is longer than its table can say in one byte."""
    table = bytes([len(packets), *map(len, packets)])

    def with_checksum(checksum: int) -> bytes:
        header = struct.pack("<4sBBqIII", b"OggS", 0, flags, samples, 1, number, checksum)
        return header + table + b"".join(packets)

    return with_checksum(_checksum(with_checksum(0)))


def _checksum(data: bytes) -> int:
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x104C11DB7 if register & 0x80000000 else 0)
    return register & 0xFFFFFFFF
