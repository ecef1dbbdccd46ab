"""Files that go to Wahelp: from object storage, from memory, or from an open file."""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any, TypeAlias, Union, cast

from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.storage.files import storage_path

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

Content: TypeAlias = Union[bytes, str, PathLike[str], "ObjectStoragePath"]
Upload: TypeAlias = Content | tuple[str, Content] | tuple[str, Content, str]
"""A path or bytes; or the file's name with it, and its type."""

Uploads: TypeAlias = Mapping[str, Upload | Sequence[Upload]]
"""Files by the names of their parts."""

DEFAULT_LIMIT = 100_000_000
"""Bytes that a file to a person may have: WhatsApp takes documents of 100 MB."""

_NAMED, _TYPED = 2, 3
SIGNATURE = 16
"""Bytes at the beginning of a file that tell its type."""
_SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"OggS": "audio/ogg",
    b"ID3": "audio/mpeg",
}
"""How files begin whose names people get wrong. What a ZIP is, such as a sheet of Excel, its name tells."""

_MUST_BE_FILE = "must be a path of object storage, e.g. s3://conn_id@bucket/bill.pdf, or bytes"
_MUST = (
    "must map the name of a part to a path of object storage, to bytes, to (name, content), "
    "or to (name, content, type)"
)


def file_parts(files: Uploads | None) -> list[FilePart]:
    """Return the parts of a multipart body. Nothing is opened yet.

    :raises InputError: if it is no such mapping.
    """
    if files is not None and not isinstance(files, Mapping):
        raise InputError("files", _MUST)
    return list(_parts(files or {}))


def _parts(files: Uploads) -> Iterator[FilePart]:
    for name, given in files.items():
        for upload in given if isinstance(given, list) else [given]:
            yield _part(str(name), upload)


def _part(part: str, upload: Any, argument: str = "files") -> FilePart:
    name, content, media_type = _split(upload)
    if isinstance(content, bytes | bytearray):
        return FilePart(part, name or part, partial(io.BytesIO, content), media_type)
    if isinstance(content, PurePath | PathLike):
        content = content if hasattr(content, "protocol") else str(content)
    if not content or not (isinstance(content, str) or hasattr(content, "protocol")):
        raise InputError(argument, _MUST if argument == "files" else _MUST_BE_FILE)
    path = storage_path(content)
    return FilePart(part, name or path.name, partial(_open, path), media_type)


def _split(upload: Any) -> tuple[str, Any, str | None]:
    if not isinstance(upload, tuple):
        return "", upload, None
    if len(upload) not in (_NAMED, _TYPED):
        raise InputError("files", _MUST)
    return str(upload[0] or ""), upload[1], upload[2] if len(upload) == _TYPED else None


def _open(path: ObjectStoragePath) -> IO[bytes]:
    return cast("IO[bytes]", path.open("rb"))  # type: ignore[no-untyped-call]


def part_to_send(file: Any, name: str | None = None) -> FilePart:
    """Return a file that goes to a person, of which nothing was read yet.

    :param file: a path of object storage, or bytes.
    :param name: what it is called there; by default as it is called here.
    :raises InputError: if it is neither a path nor bytes.
    """
    return _part(file_field(), (name, file), "file")


def checked_part(part: FilePart) -> FilePart:
    """Return a file with its type.

    :raises InputError: if it cannot be read, is empty, or is greater than ``[wahelp] file_limit``.
    """
    with _readable(part) as content:
        first = content.read(SIGNATURE)
        size = content.seek(0, io.SEEK_END)
    limit = file_limit()
    if not 0 < size <= limit:
        raise InputError("file", f"must have 1 to {limit:,} bytes ([wahelp] file_limit), and has {size:,}")
    return replace(part, content_type=part.content_type or content_type_of(first, part.name))


def file_field() -> str:
    """Return the name of the part that a file is sent in."""
    from airflow.providers.common.compat.sdk import conf

    return str(conf.get("wahelp", "file_field", fallback="file"))


def file_limit() -> int:
    """Return how many bytes a file may have."""
    from airflow.providers.common.compat.sdk import conf

    return int(conf.getint("wahelp", "file_limit", fallback=DEFAULT_LIMIT))


def content_type_of(first: bytes, name: str, told: str = "") -> str:
    """Return the type of a file by its first bytes, else by what is told of it, else by its name."""
    for start, found in _SIGNATURES.items():
        if first.startswith(start):
            return found
    if first[4:8] == b"ftyp":
        return "video/mp4"
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "image/webp"
    return told or mimetypes.guess_type(name)[0] or "application/octet-stream"


@contextmanager
def _readable(part: FilePart) -> Iterator[IO[bytes]]:
    try:
        with part.open() as content:
            yield content
    except OSError as error:
        raise InputError("file", f"cannot be read ({type(error).__name__}): check the path") from None
