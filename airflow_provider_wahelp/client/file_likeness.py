"""Whether a message of the history is a file that was sent, by what the history says of files.

Nobody has published what it says (docs/api.md, 3.2). So a file is recognised only by its own name in the link
and its text; whatever else may be it means that the outcome is unknown.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from airflow_provider_wahelp.client.likeness import Likeness, digest, is_lost, plain
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.notices import is_deleted

_OTHER_SIGNS = re.compile(r"[\W_]+")


def name_digest(name: str) -> str:
    """Return what a file is recognised by: its name may be personal, so it is not kept."""
    return _hashed("_".join(_parts(name)))


def with_file(name: str, text: str, message: Message, alike: Likeness) -> Likeness:
    """Compare a message with a file that was sent.

    :param name: the digest of its name.
    :param text: the digest of the text that was sent with it.
    :param alike: how the texts compare, where there are two.
    """
    is_bare = text == digest("")
    alike = _of_captions(is_bare, message, alike)
    if not _has_file(message):  # a text; or the text alone, where the platform makes two messages of it
        is_other = (is_bare or alike is Likeness.OTHER) and not is_lost(message.text)
        return Likeness.OTHER if is_other else Likeness.PERHAPS
    if is_deleted(message.text):
        return Likeness.PERHAPS
    named = _is_named(name, message.file_url)
    if named and alike is Likeness.SAME:
        return Likeness.SAME if message.user_id is not None else Likeness.PERHAPS
    return Likeness.OTHER if alike is Likeness.OTHER and not named else Likeness.PERHAPS


def _of_captions(ours_is_empty: bool, message: Message, alike: Likeness) -> Likeness:
    theirs_is_empty = not plain(message.text or "")
    if ours_is_empty or theirs_is_empty:
        return Likeness.SAME if ours_is_empty and theirs_is_empty else Likeness.PERHAPS
    return alike


def _has_file(message: Message) -> bool:
    return bool(message.file_url) or message.message_type not in (None, "", "text")


def _is_named(name: str, link: str | None) -> bool:
    """Return whether a link ends in a name, before which the platform may have put something."""
    parts = _parts(urlsplit(link or "").path.rpartition("/")[2])
    return any(_hashed("_".join(parts[start:])) == name for start in range(len(parts)))


def _parts(name: str) -> list[str]:
    """Return the words of a name: platforms replace blanks and signs, and write letters otherwise."""
    letters = unicodedata.normalize("NFKC", unquote(name)).casefold()
    return [part for part in _OTHER_SIGNS.split(letters) if part]


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:24]
