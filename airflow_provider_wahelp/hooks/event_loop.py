"""What ``WahelpAsyncHook`` is made of: the connection, a client for each event loop, and Airflow's errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson
from airflow.providers.common.compat.sdk import mask_secret
from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.arguments import Language
from airflow_provider_wahelp.client.asynchronous import AsyncWahelpClient
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow
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


class EventLoopHook(BaseWahelpHook):
    """A hook with one pool of connections for the event loop that it is used in.

    :param retries: how often a call is repeated; by default what the connection says.
    """

    def __init__(
        self,
        wahelp_conn_id: str = BaseWahelpHook.default_conn_name,
        retries: int | None = None,
        default_region: str | None = None,
    ) -> None:
        super().__init__(wahelp_conn_id, default_region)
        self._retries = retries
        self._connection: WahelpConnection | None = None
        self._client: AsyncWahelpClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        client, self._client = self._client, None
        if client and self._loop is asyncio.get_running_loop():
            await client.close()

    async def test_connection(self) -> tuple[bool, str]:
        """Return which account, project and channel this reaches, or what is wrong; changes nothing."""
        try:
            connection = await self._read_connection()
            async with AsyncWahelpClient(test_settings(connection.settings), MemoryStore(), _mask) as client:
                return await client.run(describe_connection(connection))
        except WahelpError as error:
            return False, str(error)

    async def server(self) -> str:
        """Return the address of the server."""
        with airflow_errors():
            return (await self._read_connection()).settings.base_url

    async def project_and_channel(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> tuple[int, str]:
        """Return project and channel, checked and with the connection's defaults."""
        with airflow_errors():
            connection = await self._read_connection()
            return connection.project(project_id), connection.channel(channel_uuid)

    async def receiver_host(self) -> str | None:
        """Return the API's host, if the connection has a receiver of webhooks."""
        with airflow_errors():
            connection = await self._read_connection()
            return connection.host if connection.webhook_token else None

    async def language(self) -> Language | None:
        """Return the language of what people are told; ``None`` if neither connection nor option says."""
        with airflow_errors():
            return (await self._read_connection()).language

    async def region(self) -> str | None:
        """Return the country of phones without a country code, checked; the connection's by default."""
        with airflow_errors():
            return BoundOperations(await self._read_connection(), self.default_region).region

    async def download(
        self,
        message: Message | Mapping[str, Any] | str,
        path: str | ObjectStoragePath,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """Fetch the file of a message to object storage, without the token; in a thread."""
        with airflow_errors():
            settings = (await self._read_connection()).settings
            return await asyncio.to_thread(download, settings, message, path, limit)

    async def run(self, flow: Flow[T]) -> T:
        """Take the steps of an operation, with the errors that all methods have.

        :param flow: an operation of :mod:`~airflow_provider_wahelp.client.operations`.
        """
        return await self._do(lambda does: flow)

    async def _do(self, make: Callable[[BoundOperations], Flow[T]]) -> T:
        with airflow_errors():
            client, does = await self._ready()
            return await client.run(make(does))

    async def _each(
        self,
        make: Callable[[BoundOperations], Callable[[int], Call[Page[T]]]],
        *,
        paged: bool = False,
        most: int | None = None,
    ) -> AsyncIterator[T]:
        with airflow_errors():
            client, does = await self._ready()
            left = most
            async for item in client.iterate(make(does), paged=paged):
                yield item
                left = None if left is None else left - 1
                if left == 0:
                    return

    async def _ready(self) -> tuple[AsyncWahelpClient, BoundOperations]:
        """Open a client for this very loop: a pool that outlives its loop loses answers."""
        connection = await self._read_connection()
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            settings = self._settings(connection.settings)
            self._client = AsyncWahelpClient(settings, token_store(connection), _mask)
            self._loop = loop
        return self._client, BoundOperations(connection, self.default_region)

    def _settings(self, settings: Settings) -> Settings:
        """Return the settings that the client gets, from those of the connection."""
        return settings if self._retries is None else replace(settings, retries=self._retries)

    async def _read_connection(self) -> WahelpConnection:
        """Read the connection once, without blocking the loop."""
        if self._connection is None:
            connection = await get_async_connection(self.wahelp_conn_id, hook=self)
            self._connection = read_connection(connection, await get_async_extra_dejson(connection))
            await sync_to_async(look_up_state, thread_sensitive=False)(self._connection)
        return self._connection


async def _mask(token: str) -> None:
    """Mask a token from a thread: a synchronous call to the supervisor may deadlock an event loop.

    From a thread that knows the loop: before Airflow 3.3 the call goes back to it. With a loop of its own it
    would read the answers that the triggerer waits for, and end the triggerer.
    """
    await sync_to_async(mask_secret)(token)
