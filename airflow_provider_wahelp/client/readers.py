"""Reading the answers that are more than an object or a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from airflow_provider_wahelp.client.answers import Envelope, read_object
from airflow_provider_wahelp.client.models import Contact, Webhook


def created(kind: type[Any], key: str) -> Callable[[Envelope], Any]:
    """Return a reader that insists on what the next calls need."""
    read = read_object(kind)

    def read_created(envelope: Envelope) -> Any:
        made = read(envelope)
        if getattr(made, key) is None:
            raise ValueError(f"it holds no {key}")
        return made

    return read_created


def read_token(envelope: Envelope) -> tuple[str, float]:
    """Read the answer of a login or of a refresh, whose shape is another."""
    data = envelope.data if isinstance(envelope.data, Mapping) else {}
    inner = data["token"] if isinstance(data.get("token"), Mapping) else data
    value = inner.get("access_token") or inner.get("token")
    if not sendable(value):
        raise ValueError("it holds no token")
    return value, _lifetime(inner)


def sendable(token: object) -> TypeGuard[str]:
    """Return whether a token can stand in a header; the HTTP libraries quote one that cannot."""
    return isinstance(token, str) and re.fullmatch(r"[!-~]+", token) is not None


def _lifetime(data: Mapping[str, Any], assumed: float = 3600) -> float:
    """Return ``expires_in``, which may be missing or a string (docs/api.md, 2)."""
    try:
        seconds = float(data.get("expires_in") or assumed)
    except (TypeError, ValueError, OverflowError):
        return assumed
    return seconds if seconds > 0 else assumed


def read_contact(envelope: Envelope) -> Contact | None:
    """Read a contact; an empty answer means that the project has no such contact (docs/api.md, 3)."""
    return Contact.from_api(envelope.data) if isinstance(envelope.data, Mapping) and envelope.data else None


def read_webhook(url: str, entities: Sequence[str], envelope: Envelope) -> Webhook:
    """Read a registration; what the API answers is not documented, what was asked for is known."""
    data = envelope.data if isinstance(envelope.data, Mapping) else {}
    return Webhook.from_api({"url": url, "entities": list(entities), **data})
