"""A file that goes to a person: read, or fetched from an address, when it is first needed.

A task that has sent it may go on after the file is gone, or its link has expired.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.errors import InputError, WahelpError
from airflow_provider_wahelp.client.file_names import PAGES, media_type_in
from airflow_provider_wahelp.storage.unnamed import UnnamedFile
from airflow_provider_wahelp.storage.uploads import (
    SIGNATURE,
    checked_part,
    content_type_of,
    file_field,
    file_limit,
    part_to_send,
)

if TYPE_CHECKING:
    from airflow_provider_wahelp.client.downloads import Downloaded
    from airflow_provider_wahelp.client.settings import Settings

_PAGE_SUFFIXES = {".html", ".htm", ".xhtml", ".mht", ".mhtml"}
_PERHAPS_LATER = {408, 425, 429}


class OutgoingFile:
    """A file that goes to a person.

    :param prepare: returns it, checked.
    :param name: what it is called; the empty string where only the server that it comes from tells.
    """

    def __init__(self, prepare: Callable[[], FilePart], name: str = "") -> None:
        self._prepare = prepare
        self._name = name

    @cached_property
    def part(self) -> FilePart:
        """The file itself.

        :raises WahelpError: if it cannot be read or fetched, is empty or too large.
        """
        return self._prepare()

    @property
    def name(self) -> str:
        """What it is called, as far as that is known by now."""
        return self.part.name if "part" in vars(self) else self._name


def file_to_send(file: Any, file_url: str | None, name: str | None, settings: Settings) -> FilePart:
    """Return a file that goes to a person, read or fetched, and checked before anything is sent.

    :raises WahelpError: as from :func:`outgoing_file` and its ``part``.
    """
    if file is None and not file_url:
        raise InputError("file, file_url", "one of the two must be given")
    outgoing = outgoing_file(file, file_url, name, lambda: settings)
    assert outgoing  # noqa: S101 - for the types
    return outgoing.part


def outgoing_file(
    file: Any, file_url: str | None, name: str | None, settings: Callable[[], Settings] | None = None
) -> OutgoingFile | None:
    """Return a file that goes to a person; ``None`` where none is given. Nothing is read or fetched yet.

    :param file: a path of object storage, or bytes; or
    :param file_url: where it is fetched from.
    :param name: what it is called; by default as in the path, or as the server says.
    :param settings: returns those of the connection: how the address is reached.
    :raises InputError: if it is neither a path nor bytes, or both are given.
    """
    if file is not None and file_url:
        raise InputError("file, file_url", "only one of the two may be given")
    if file_url and settings:
        return OutgoingFile(lambda: fetched_part(settings(), file_url, name), name or "")
    if file is None:
        return None
    part = part_to_send(file, name)
    return OutgoingFile(partial(checked_part, part), part.name)


def fetched_part(settings: Settings, url: Any, name: str | None = None) -> FilePart:
    """Fetch a file that goes to a person, without the token.

    :raises InputError: if it is empty, too large, or a page and no file.
    """
    from airflow_provider_wahelp.client.downloads import Downloader  # with requests, which no trigger needs

    kept = UnnamedFile()
    downloader = Downloader(settings, file_limit(), hosts=_hosts())
    try:
        got = downloader.download(arguments.file_url(url), "fetch the file to send", kept.rewrite)
    except WahelpError as error:  # what it advises is about Wahelp's own answers
        if error.status in _PERHAPS_LATER or not 400 <= (error.status or 0) < 500:  # noqa: PLR2004
            raise
        raise InputError("file_url", f"leads to no file: its server answers HTTP {error.status}") from None
    _check(got, name)
    name = name or got.name
    return part_of(kept, name, media_type_in(got.content_type))


def part_of(kept: UnnamedFile, name: str, told: str = "") -> FilePart:
    """Return a file that goes to a person.

    :param told: its type, where somebody has told it.
    """
    with kept.open() as content:
        first = content.read(SIGNATURE)
    return FilePart(file_field(), name, kept.open, content_type_of(first, name, told))


def _check(got: Downloaded, name: str | None) -> None:
    if not got.size:
        raise InputError("file_url", "leads to an empty file")
    is_page = media_type_in(got.content_type) in PAGES
    if is_page and PurePosixPath(name or got.name).suffix.lower() not in _PAGE_SUFFIXES:
        raise InputError("file_url", "leads to a page and no file: does one have to log in there?")


def _hosts() -> set[str]:
    """Return the hosts of the own network that files may be fetched from."""
    from airflow.providers.common.compat.sdk import conf

    return {host.strip().lower() for host in conf.get("wahelp", "file_hosts", fallback="").split(",")} - {""}
