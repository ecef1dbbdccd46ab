"""Whether a text of the history is one that was sent, although Wahelp may have altered it."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from difflib import SequenceMatcher
from enum import Enum
from functools import lru_cache

from airflow_provider_wahelp.client.notices import is_deleted

CUT = 1000
"""Letters from which on a text that agrees as far as it goes is one that was cut."""

_SIMILAR = 0.6  # of the words
_RAGGED = 8  # signs: a text may be cut in the middle of an HTML entity
_LINK = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
_HOST = re.compile(r"https?://([^\s/?#<>]+)", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")


class Likeness(Enum):
    """How a text of the history compares with one that was sent."""

    SAME = "same"
    """It is that text, cut or altered in its form at most."""

    PERHAPS = "perhaps"
    """It may be that text: what it said is lost, or much of it is the same."""

    OTHER = "other"
    """It is another text."""


def digest(text: str) -> str:
    """Return the digest that recognises a text although its form may have been altered."""
    return _hashed(plain(text))[:24]


@lru_cache(256)  # what was sent is compared with each text of the history
def plain(text: str) -> str:
    """Return a text without what Wahelp or a messenger may alter in its form.

    HTML entities are resolved, letters composed and invisible marks dropped; line ends are blanks, and blanks
    in a row are one.
    """
    while (resolved := html.unescape(text)) != text:
        text = resolved
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFC", text) if not _invisible(char))
    return " ".join(text.split())


def sketch(text: str) -> str:
    """Return a digest that also recognises a text whose end was cut off, or whose links were shortened."""
    words = " ".join(_words(_LINK.sub("", text)))[:CUT]
    return _hashed(words)[:16]


def is_lost(found: str | None) -> bool:
    """Return whether what a message of the history said is not to be had."""
    return found is None or is_deleted(found) or not plain(found)


def likeness(sent: str, found: str | None) -> Likeness:
    """Compare what was sent with a text of the history.

    Numbers and words outside of links tell texts apart that are made from one template.

    :param found: a text of the history; ``None`` where it has none.
    """
    if found is None or is_lost(found):
        return Likeness.PERHAPS
    ours, theirs, linked = plain(sent), plain(found), plain(_with_links_of(sent, found))
    if ours == theirs or _is_cut(ours, theirs):
        return Likeness.SAME
    # Where links were shortened nothing tells two texts apart that differ in theirs alone.
    similar = _is_cut(ours, linked) or _similar(_words(ours), _words(linked))
    return Likeness.PERHAPS if similar else Likeness.OTHER


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()  # JSON can hold half a pair


def _invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text).casefold()) or [plain(text)]  # of signs alone, the signs


def _with_links_of(sent: str, found: str) -> str:
    """Return a text of the history with each link to a host that was not sent as the link that was."""
    links = _LINK.findall(sent)
    hosts = {host.lower() for host in _HOST.findall(sent)}
    if len(links) != len(_LINK.findall(found)):
        return found
    own = iter(links)

    def restored(link: re.Match[str]) -> str:
        ours, (theirs,) = next(own), _HOST.findall(link[0])
        return link[0] if theirs.lower() in hosts else ours

    return _LINK.sub(restored, found)


def _is_cut(ours: str, theirs: str) -> bool:
    return len(theirs) >= CUT and ours.startswith(theirs[:-_RAGGED])


def _similar(ours: list[str], theirs: list[str]) -> bool:
    """Return whether most words are the same, and all numbers."""
    if _numbers(ours) != _numbers(theirs):
        return False
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= _SIMILAR


def _numbers(words: list[str]) -> list[str]:
    return [number for word in words for number in _DIGITS.findall(word)]
