"""How a service may alter the texts that it stores."""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_wahelp.sandbox.habits.habits import Habits

DELETED = "deleted"
"""The alteration that only what was sent has."""

_ZERO_WIDTH = "\u200b"
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
_LINK = re.compile(r"https?://\S+")


def _shorten(link: re.Match[str]) -> str:
    return f"https://short.example/{sha256(link[0].encode()).hexdigest()[:7]}"


ALTERATIONS: dict[str, Callable[[str], str]] = {
    "html": escape,
    "nbsp": lambda text: text.replace(" ", "\u00a0"),
    "one-space": lambda text: re.sub(" {2,}", " ", text),
    "nfc": lambda text: normalize("NFC", text),
    "no-fe0f": lambda text: text.replace("\ufe0f", ""),
    "zero-width": lambda text: _ZERO_WIDTH + text.replace(" ", f" {_ZERO_WIDTH}"),
    "no-zero-width": lambda text: _INVISIBLE.sub("", text),
    "short-links": lambda text: _LINK.sub(_shorten, text),
    "no-blank-lines": lambda text: re.sub(r"\n\s*\n", "\n", text),
    DELETED: lambda _text: "_Message deleted_",
}
"""The alterations by name."""


def stored(habits: Habits, text: str, *, incoming: bool) -> str:
    """Return a text as the platform keeps it.

    :param habits: how it alters texts.
    :param text: what was written.
    :param incoming: whether a person wrote it.
    """
    for name in habits.texts:
        if not (incoming and name == DELETED):
            text = ALTERATIONS[name](text)
    return text[: habits.text_limit]
