"""What became of messages that were begun and not known to be sent."""

from __future__ import annotations

import logging
from typing import TypeVar

from airflow_provider_wahelp.client.reconcile import (
    LOOKS,
    digest,
)

log = logging.getLogger(__name__)
T = TypeVar("T")


SETTLED_AFTER = sum(LOOKS)
"""Seconds after which a message that went is in the history."""


def short_digest(text: str) -> str:
    """Return what a text is recognised by, short enough for a ledger of thousands."""
    return digest(text)[:24]
