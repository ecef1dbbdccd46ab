"""Files that people sent, fetched to object storage."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.storage.files import private_bytes
from airflow_provider_wahelp.storage.uploads import file_limit

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    from airflow_provider_wahelp.client.settings import Settings


def download(
    settings: Settings,
    message: Message | Mapping[str, Any] | str,
    path: str | ObjectStoragePath,
    limit: int | None = None,
) -> dict[str, Any]:
    """Fetch the file of a message, and return its ``path``, ``size`` and ``content_type``."""
    from airflow_provider_wahelp.client.downloads import Downloader  # with requests, which no trigger needs

    url, number = _link(message)
    what = f"download the file of message {number}" if number else "download a file"
    got = Downloader(settings, limit or file_limit()).download(url, what, partial(private_bytes, path))
    return {"path": str(path), "size": got.size, "content_type": got.content_type}


def _link(message: Message | Mapping[str, Any] | str) -> tuple[str, Any]:
    if isinstance(message, str):
        return message, None
    values = vars(message) if isinstance(message, Message) else message
    if not values.get("file_url"):
        raise InputError("message", "must be a message with a file: it has no file_url")
    return str(values["file_url"]), values.get("id")
