"""What ``WahelpHook`` is made of: the connection, the client, and errors that Airflow understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.arguments import Language
from airflow_provider_wahelp.client.blocking import WahelpClient
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient
from airflow_provider_wahelp.client.models import Message
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.token_store import MemoryStore
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.base import BaseWahelpHook
from airflow_provider_wahelp.hooks.bound_operations import BoundOperations
from airflow_provider_wahelp.hooks.connection import WahelpConnection, read_connection
from airflow_provider_wahelp.hooks.connection_test import describe_connection, test_settings
from airflow_provider_wahelp.hooks.token_cache import look_up_state, token_store
from airflow_provider_wahelp.storage.downloads import download

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

T = TypeVar("T")


class BlockingHook(BaseWahelpHook):
    """A hook with one pooled keep-alive session, which threads may share."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    def get_conn(self) -> WahelpClient:
        """Return the client that performs the calls.

        :raises InputError: if the Airflow connection is not what it must be.
        """
        with airflow_errors():
            return self._client

    def test_connection(self) -> tuple[bool, str]:
        """Return which account, project and channel this reaches, or what is wrong; changes nothing."""
        try:
            connection = self._connection
            # A store of its own: a wrong password must not pass the test because of a shared token.
            with WahelpClient(test_settings(connection.settings), MemoryStore(), mask_secret) as client:
                return client.run(describe_connection(connection))
        except WahelpError as error:
            return False, str(error)

    def recipient(
        self,
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Recipient:
        """Return the recipient of a message, checked and with the connection's defaults, for :meth:`run`.

        The arguments are those of :meth:`~airflow_provider_wahelp.hooks.wahelp.WahelpHook.send_message`.
        """
        with airflow_errors():
            return self._operations.recipient(user_id, phone, name, channel_uuid, project_id)

    def project_and_channel(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> tuple[int, str]:
        """Return project and channel, checked and with the connection's defaults."""
        with airflow_errors():
            return self._connection.project(project_id), self._connection.channel(channel_uuid)

    def receiver_host(self) -> str | None:
        """Return the API's host, if the connection has a receiver of webhooks."""
        with airflow_errors():
            return self._connection.host if self._connection.webhook_token else None

    def language(self) -> Language | None:
        """Return the language of what people are told; ``None`` if neither connection nor option says."""
        with airflow_errors():
            return self._connection.language

    def region(self) -> str | None:
        """Return the country of phones without a country code, checked; the connection's by default."""
        with airflow_errors():
            return self._operations.region

    def download(
        self,
        message: Message | Mapping[str, Any] | str,
        path: str | ObjectStoragePath,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Fetch the file of a message, such as a voice note, to object storage: without the token.

        A link into the own network is refused, unless it is the connection's own server.

        :param message: the message, as an object or as plain values; or the link.
        :param path: where to write it; what was there stays until the file is complete.
        :param limit: the most bytes that it may have; ``[wahelp] file_limit`` by default.
        :return: its ``path``, ``size`` and ``content_type``.
        :raises NotFoundError: if the link is dead.
        """
        with airflow_errors():
            return download(self._connection.settings, message, path, limit)

    def run(self, flow: Flow[T]) -> T:
        """Take the steps of an operation, with the errors that all methods have.

        :param flow: an operation of :mod:`~airflow_provider_wahelp.client.operations`.
        """
        with airflow_errors():
            return self._client.run(flow)

    @cached_property
    def _connection(self) -> WahelpConnection:
        connection = self.get_connection(self.wahelp_conn_id)
        return read_connection(connection, connection.extra_dejson)

    @cached_property
    def _operations(self) -> BoundOperations:
        return BoundOperations(self._connection, self.default_region)

    @cached_property
    def _client(self) -> WahelpClient:
        look_up_state(self._connection)
        settings = self._settings(self._connection.settings)
        return WahelpClient(settings, token_store(self._connection), mask_secret)

    def _settings(self, settings: Settings) -> Settings:
        """Return the settings that the client gets, from those of the connection."""
        return settings

    def _do(self, make: Callable[[BoundOperations], Flow[T]]) -> T:
        with airflow_errors():
            return self._client.run(make(self._operations))

    def _each(
        self, make: Callable[[BoundOperations], Callable[[int], Call[Page[T]]]], *, paged: bool = False
    ) -> Iterator[T]:
        with airflow_errors():
            page_of = make(self._operations)
        return self._pages(page_of, paged=paged)

    def _pages(self, page_of: Callable[[int], Call[Page[T]]], *, paged: bool) -> Iterator[T]:
        with airflow_errors():
            yield from self._client.iterate(page_of, paged=paged)
