"""What the groups of operations share: the connection, and its defaults."""

from __future__ import annotations

from airflow_provider_wahelp.client import phones
from airflow_provider_wahelp.hooks.connection import WahelpConnection


class Bound:
    """Operations with a connection's defaults.

    :param default_region: the country of phones without a country code; the connection's by default.
    """

    def __init__(self, connection: WahelpConnection, default_region: str | None = None) -> None:
        self._connection = connection
        self._project = connection.project
        self._channel = connection.channel
        self.region = phones.check_region(default_region) or connection.default_region
