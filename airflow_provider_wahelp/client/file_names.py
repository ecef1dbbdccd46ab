"""What a fetched file is called: as the answer says, else as its address ends."""

from __future__ import annotations

import mimetypes
import unicodedata
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_LONGEST = 120
_LONGEST_SUFFIX = 12

UNTOLD = {"", "application/octet-stream", "binary/octet-stream", "application/x-download", "text/plain"}
"""Types that say nothing: servers give them to what they do not know, and to sheets that are text."""

PAGES = {"text/html", "application/xhtml+xml"}


def media_type_in(content_type: str) -> str:
    """Return the type in a header; the empty string if it says nothing of the file."""
    found = content_type.partition(";")[0].strip().lower()
    return "" if found in UNTOLD or "/" not in found else found


def name_of(disposition: str, url: str, content_type: str) -> str:
    """Return the name of a file that was fetched, with a suffix if its type tells one.

    :param disposition: the answer's ``Content-Disposition``, or the empty string.
    :param url: where the file came from.
    :param content_type: the answer's ``Content-Type``.
    """
    ends_in = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace")
    name = _cleaned(_named_in(disposition)) or _cleaned(ends_in) or "file"
    path = PurePosixPath(name)
    kind = media_type_in(content_type)
    known = bool(path.suffix) or kind in PAGES  # a page in place of a file is not to look like one
    suffix = "" if known else mimetypes.guess_extension(kind) or ""
    return f"{path.stem[:_LONGEST]}{path.suffix[:_LONGEST_SUFFIX]}{suffix}"


def _named_in(disposition: str) -> str:
    """Read RFC 6266, and the bare UTF-8 that many servers write instead, which HTTP reads as Latin-1."""
    header = Message()
    header["Content-Disposition"] = disposition.replace("\r", "").replace("\n", "")
    name = header.get_filename("")
    try:
        return name.encode("latin-1").decode()
    except UnicodeError:  # the header says in which encoding it is, or nobody knows
        return name


def _cleaned(name: str) -> str:
    """Return a name without folders, and without signs that are not seen or turn the writing round."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
