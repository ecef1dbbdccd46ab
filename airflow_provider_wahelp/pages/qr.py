"""A QR code as a picture that phones read, on a page of any colour."""

from __future__ import annotations

import io
from typing import NamedTuple

from airflow_provider_wahelp.client.models import QrCode

_QUIET = 4  # modules around it: the standard's quiet zone


class Picture(NamedTuple):
    """A picture, as a browser takes it."""

    content: bytes
    media_type: str


def picture(code: QrCode) -> Picture | None:
    """Return the picture of a QR code: that of the API, or one that segno draws.

    :return: ``None``, where no code can hold that, or segno is not installed.
    """
    if code.image is not None:
        return Picture(code.image, code.media_type or "image/png")
    try:
        import segno

        made = segno.make(code.content or "", error="l", micro=False)  # phones read no Micro QR
    except (ImportError, ValueError):  # ValueError: it is too long
        return None
    drawn = io.BytesIO()
    # Dark on light also where the page is dark: many phones read no inverted code.
    made.save(drawn, kind="svg", border=_QUIET, dark="#000", light="#fff", omitsize=True)
    return Picture(drawn.getvalue(), "image/svg+xml")


def can_draw() -> bool:
    """Return whether a code can be drawn where the API gives no picture."""
    from importlib.util import find_spec

    return find_spec("segno") is not None
