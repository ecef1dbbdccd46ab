"""Files wherever Airflow's object storage is: what is written about people is whole, and private."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from airflow_provider_wahelp.client.private_files import draft_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

_LOCAL = {"file", "local", ""}
TEXT: Mapping[str, Any] = {
    "encoding": "utf-8",
    "errors": "backslashreplace",  # half an emoji must not cost the file; in JSON it is even exact
    "newline": "",
}
"""How all of them are opened."""


def storage_path(path: str | ObjectStoragePath) -> ObjectStoragePath:
    """Return a path as an object storage path; one without a scheme is local.

    :param path: e.g. ``s3://conn_id@bucket/people.csv`` or ``people.csv``.
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(path, ObjectStoragePath):
        return path
    # Airflow 2.11 takes a relative path for one from the root.
    return ObjectStoragePath(path if "://" in path else str(Path(path).expanduser().absolute()))


def is_local(path: str) -> bool:
    """Return whether a path is one of this host's."""
    return storage_path(path).protocol in _LOCAL


def write_json_lines(path: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, in :func:`private_file`."""
    with private_file(path) as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@contextmanager
def private_file(path: str | ObjectStoragePath) -> Iterator[IO[str]]:
    """Open a UTF-8 text to be written anew, as :func:`private_bytes` does.

    A path that ends in ``.gz`` gets the text compressed.

    :param path: any Airflow object storage path; missing directories are made.
    """
    target = storage_path(path)
    with private_bytes(target) as content, _text(content, target.name) as file:
        yield file


@contextmanager
def private_bytes(path: str | ObjectStoragePath) -> Iterator[IO[bytes]]:
    """Open a file to be written anew; what was there stays until it is complete.

    A local file is readable for its owner alone and replaced in one step; elsewhere, it is uploaded then.

    :param path: any Airflow object storage path; missing directories are made.
    """
    target = storage_path(path)
    if target.protocol in _LOCAL:
        local = Path(target.path)
        local.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _replacing(local) as content:
            yield content
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as content:
        yield content
        content.seek(0)
        with target.open("wb") as remote:  # type: ignore[no-untyped-call]
            shutil.copyfileobj(content, remote)


@contextmanager
def _text(content: IO[bytes], name: str) -> Iterator[IO[str]]:
    """Write text into a file that stays open, compressed where its name says so."""
    packed = gzip.GzipFile(filename="", fileobj=content, mode="wb") if name.lower().endswith(".gz") else None
    text = io.TextIOWrapper(packed or content, **TEXT)
    yield text
    text.detach()  # which flushes it
    if packed:
        packed.close()


@contextmanager
def _replacing(file: Path) -> Iterator[IO[bytes]]:
    with draft_of(file) as draft:
        with draft.open("wb") as new:
            yield new
            new.flush()
            os.fsync(new.fileno())
        draft.replace(file)
