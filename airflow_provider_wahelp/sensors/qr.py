"""A QR code in a log."""

from __future__ import annotations

import base64
import io

from airflow_provider_wahelp.client.models import QrCode


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
    out = io.StringIO()
    try:
        segno.make(content, error="l").terminal(out, compact=True)
    except ValueError:  # it is too long
        return ""
    return out.getvalue()
