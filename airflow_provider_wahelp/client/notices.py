"""Texts that no person wrote: the notice of a call, or of a deletion (docs/api.md, 4.3)."""

from __future__ import annotations

import re

_CALL = re.compile(r"_[^_\n]*\b(call|звонок)_", re.IGNORECASE)
_DELETED = re.compile(r"[\W_]*message deleted[\W_]*|(?=.{,60}$).*сообщение удалено.*", re.IGNORECASE)


def is_call(text: str | None) -> bool:
    """Return whether a message stands for a call.

    :param text: what it says: ``_Incoming call_`` was seen, and the like.
    """
    return text is not None and _CALL.fullmatch(text.strip()) is not None


def is_deleted(text: str | None) -> bool:
    """Return whether a message was deleted for everyone; what it said is lost.

    :param text: what it says: ``_Message deleted_`` was seen, and Russian words with ``сообщение удалено``.
    """
    return text is not None and _DELETED.fullmatch(text.strip()) is not None


def is_written(text: str | None) -> bool:
    """Return whether a person wrote a text, as far as its words show."""
    return not (is_call(text) or is_deleted(text))
