"""The address of a channel as an asset: ``wahelp://<host>/<project>/<channel>``, or that of its messages."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

SCHEME = "wahelp"

_HOST = re.compile(r"(?!-)[a-z0-9.-]+(?<![-.])|\[[0-9a-f:.]+\]")
_PROJECT = re.compile(r"[1-9][0-9]*")
_CHANNEL = re.compile(r"[a-z0-9][a-z0-9-]*")
_FORM = f"{SCHEME}://<host>/<project>/<channel>"
_MESSAGES = "messages"


class ChannelUri(NamedTuple):
    """A channel, wherever it is spoken of.

    :param host: the API's host, with a port where it is not the usual one: ``wahelp.ru``.
    :param project_id: the project, as digits.
    :param channel_uuid: the channel, in lower case.
    :param partitioned: whether it is the asset that has a partition for each message.
    """

    host: str
    project_id: str
    channel_uuid: str
    partitioned: bool = False

    def __str__(self) -> str:
        each = f"/{_MESSAGES}" if self.partitioned else ""
        return f"{SCHEME}://{self.host}/{self.project_id}/{self.channel_uuid}{each}"

    @classmethod
    def parse(cls, uri: str) -> ChannelUri:
        """Read an asset's address, in any spelling.

        :raises ValueError: if it does not name a channel.
        """
        return _read(urlsplit(uri))


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Return an address in the one spelling that Airflow compares; Airflow calls this for each asset.

    :raises ValueError: if it does not name a channel. Without this, a DAG would wait for events in vain.
    """
    return urlsplit(str(_read(uri)))


def _read(uri: SplitResult) -> ChannelUri:
    if uri.username is not None or uri.password is not None:
        raise ValueError(f"An asset's URI must have no user and no password: {_FORM}")
    parts = uri.path.strip("/").lower().split("/")
    host = _host(uri)
    partitioned = parts[2:] == [_MESSAGES]
    if uri.scheme.lower() != SCHEME or uri.query or uri.fragment or len(parts) != 2 + partitioned:
        raise ValueError(f"An asset's URI must have the form {_FORM}")
    project, channel = parts[:2]
    if not (_PROJECT.fullmatch(project) and _CHANNEL.fullmatch(channel)):
        raise ValueError(f"An asset's URI must have a project's number and a channel's UUID: {_FORM}")
    return ChannelUri(host, project, channel, partitioned)


def _host(uri: SplitResult) -> str:
    host, port = uri.hostname or "", uri.port  # a port that is no number is a ValueError
    name = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(name):
        raise ValueError(f"An asset's URI must have the API's host: {_FORM}")
    return f"{name}:{port}" if port is not None else name
