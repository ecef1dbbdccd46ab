"""Files that go to Wahelp: from object storage, from memory, or from an open file."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
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

_NAMED, _TYPED = 2, 3
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


def _part(part: str, upload: Any) -> FilePart:
    name, content, media_type = _split(upload)
    if isinstance(content, bytes | bytearray):
        return FilePart(part, name or part, partial(io.BytesIO, content), media_type)
    if isinstance(content, PurePath | PathLike):
        content = content if hasattr(content, "protocol") else str(content)
    if not content or not (isinstance(content, str) or hasattr(content, "protocol")):
        raise InputError("files", _MUST)
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
