"""Reading a channel's QR code, whose shape is not known (docs/api.md, 3)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_wahelp.client.answers import Answer, Envelope
from airflow_provider_wahelp.client.models import QrCode

_PNG = "iVBORw0KGgo"  # how the base64 of every PNG begins
_DATA = "data:image/"
_QR_KEYS = ("qr", "qr_code", "qrcode", "code", "image")
_OTHER_KEYS = {"status", "state", "message", "error", "type", "name", "uuid", "id"}


def read_picture(answer: Answer) -> QrCode | None:
    """Return the QR code of an answer whose body is the picture itself; ``None`` for any other answer."""
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip()
    return QrCode(image=answer.body, media_type=media_type) if media_type.startswith("image/") else None


def read_qr(envelope: Envelope) -> QrCode:
    """Find the QR code in an answer: a string to encode, or a picture in base64.

    :raises ValueError: if it holds neither.
    """
    content = _qr_content(envelope.data)
    if content is None:
        raise ValueError("it holds no QR code")
    if content.startswith(_PNG):
        return _picture(content, "image/png")
    if content.startswith(_DATA):
        head, _, encoded = content.partition(",")
        return _picture(encoded, head.removeprefix("data:").partition(";")[0])
    return QrCode(content=content)


def _picture(encoded: str, media_type: str) -> QrCode:
    try:
        image = base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError:
        raise ValueError("its picture cannot be decoded") from None
    return QrCode(image=image, media_type=media_type)


def _qr_content(data: Any) -> str | None:
    """Return the value of a key that means a QR code; without one, the longest string that may be a code."""
    if isinstance(data, str):
        return data.strip() or None
    if named := list(_named(data)):
        return next(filter(None, map(_qr_content, named)), None)
    return max(_candidates(data), key=len, default=None)


def _named(data: Any) -> Iterable[Any]:
    """Yield the values of keys that mean a QR code, the outermost first. A number is an error code."""
    if isinstance(data, Mapping):
        yield from (data[key] for key in _QR_KEYS if key in data and not isinstance(data[key], int | float))
        data = [value for key, value in data.items() if key not in _QR_KEYS]
    if isinstance(data, list | tuple):
        for entry in data:
            yield from _named(entry)


def _candidates(value: Any) -> Iterable[str]:
    """Yield the strings that may be a code: without blanks, and not under a key that means something else."""
    if isinstance(value, Mapping):
        value = [entry for key, entry in value.items() if key not in _OTHER_KEYS]
    if isinstance(value, str) and value and (" " not in value or value.startswith(_DATA)):
        yield value.strip()
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _candidates(entry)
