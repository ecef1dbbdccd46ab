"""Phone numbers as the sandbox understands them."""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"\+?[\d\s().\-]+", re.ASCII)
_POSSIBLE = re.compile(r"[1-9][0-9]{7,14}")


def digits(phone: object) -> str:
    """Reduce a phone number to its digits.

    :param phone: an international number, with or without a plus and punctuation.
    :raises ValueError: if no phone number in the world looks like this.
    """
    written = str(phone).strip()
    found = re.sub(r"[^0-9]", "", written)
    if _WRITTEN.fullmatch(written) and _POSSIBLE.fullmatch(found):
        return found
    # The value stays out of the words: they may reach a log.
    raise ValueError("not a possible phone number")
