"""A QR code in a log."""

from __future__ import annotations

import base64
from itertools import groupby
from typing import TYPE_CHECKING

from airflow_provider_wahelp.client.models import QrCode

if TYPE_CHECKING:
    import segno

# In colours of its own, or a page of the other theme would invert it.
_COLOURS = {0: "\x1b[97;107m", 1: "\x1b[30;40m"}
_MODULES = {0: "  ", 1: "██"}  # about as wide as a line is high
_END = "\x1b[0m"
_PICTURE = "The same as a picture, for the address bar of a browser, if the phone cannot read it here:"


def drawing(code: QrCode) -> str:
    """Return a QR code as text: drawn, where segno is installed, else what to make it from.

    :param code: what the API gave.
    :return: nothing, where no code can hold that: what the API gives is not documented.
    """
    if code.image is not None:
        # Log viewers show no pictures, but a browser opens this address.
        return f"data:{code.media_type};base64,{base64.b64encode(code.image).decode()}"
    content = code.content or ""
    try:
        import segno
    except ImportError:
        return f"{content}\n(pip install 'airflow-provider-wahelp[qr]' draws it here)"
    try:
        made = segno.make(content, error="l", micro=False)  # phones read no Micro QR
    except ValueError:  # it is too long
        return ""
    return f"{_drawn(made)}\n{_PICTURE}\n{made.png_data_uri(scale=8)}"


def _drawn(made: segno.QRCode) -> str:
    """Draw a line for each row. Of half blocks, two to a line, the gaps between lines leave too little."""
    rows = made.matrix_iter(border=4)
    return "\n".join("".join(_run(dark, len(list(run))) for dark, run in groupby(row)) + _END for row in rows)


def _run(dark: int, length: int) -> str:
    return f"{_COLOURS[dark]}{_MODULES[dark] * length}"
