"""``WahelpAsyncHook``: the Wahelp API for whatever runs on an event loop, such as a trigger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self, TypeVar

from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson
from airflow.providers.common.compat.sdk import mask_secret
from asgiref.sync import sync_to_async

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.asynchronous import AsyncWahelpClient
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Channel, Message, Project, QrCode, User, Webhook
from airflow_provider_wahelp.client.settings import Settings
from airflow_provider_wahelp.client.token_store import MemoryStore
from airflow_provider_wahelp.hooks.base import BaseWahelpHook
from airflow_provider_wahelp.hooks.bound_operations import BoundOperations
from airflow_provider_wahelp.hooks.connection import WahelpConnection, read_connection
from airflow_provider_wahelp.hooks.connection_test import describe_connection, test_settings
from airflow_provider_wahelp.hooks.failures import airflow_errors
from airflow_provider_wahelp.hooks.token_cache import look_up_state, token_store

T = TypeVar("T")


class WahelpAsyncHook(BaseWahelpHook):
    """The asynchronous twin of :class:`~airflow_provider_wahelp.hooks.wahelp.WahelpHook`.

    The same methods with the same arguments and errors; lists are asynchronous iterators. Use it as an
    asynchronous context manager: connections belong to the event loop that they were opened in.

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

    def list_projects(self) -> AsyncIterator[Project]:
        """Yield the account's projects."""
        return self._each(lambda does: does.list_projects())

    async def create_project(self, name: str, if_exists: arguments.IfExists = "reuse") -> Project:
        """Create a project, or take the one that exists."""
        return await self._do(lambda does: does.create_project(name, if_exists))

    def list_channels(self, project_id: int | str | None = None) -> AsyncIterator[Channel]:
        """Yield the channels of a project."""
        return self._each(lambda does: does.list_channels(project_id))

    async def get_channel(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> Channel:
        """Read a channel."""
        return await self._do(lambda does: does.get_channel(channel_uuid, project_id))

    async def create_channel(
        self,
        name: str,
        channel_type: arguments.ChannelType = "whatsapp",
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> Channel:
        """Create a channel, or take the one that exists. A new one is inactive."""
        return await self._do(lambda does: does.create_channel(name, channel_type, project_id, if_exists))

    async def get_channel_qr(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> QrCode:
        """Read the QR code that authorizes a WhatsApp channel; what the API answers is not documented."""
        return await self._do(lambda does: does.get_channel_qr(channel_uuid, project_id))

    async def find_user(
        self, phone: str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> User | None:
        """Find a person in a channel by phone, compared by digits."""
        return await self._do(lambda does: does.find_user(phone, channel_uuid, project_id))

    def list_users(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> AsyncIterator[User]:
        """Yield the users of a channel."""
        return self._each(lambda does: does.list_users(channel_uuid, project_id), paged=True)

    async def create_user(
        self,
        name: str,
        phone: str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> User:
        """Add a person to a channel, or take the one that it has."""
        return await self._do(lambda does: does.create_user(name, phone, channel_uuid, project_id, if_exists))

    async def send_message(
        self,
        text: str,
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Send a text to a person. It is sent literally: Markdown shows its asterisks."""
        return await self._do(
            lambda does: does.send_message(text, user_id, phone, name, channel_uuid, project_id, self._sent)
        )

    def get_messages(
        self,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = None,
    ) -> AsyncIterator[Message]:
        """Yield the history of a channel, in the order that the API has, which is not documented."""
        with airflow_errors():
            most = arguments.limit(limit)
        return self._each(
            lambda does: does.get_messages(most, channel_uuid, project_id), paged=True, most=most
        )

    async def get_messages_between(
        self,
        since: datetime | str,
        until: datetime | str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> list[Message]:
        """Read the messages of a span of time, the oldest first, by the times that the history gives them.

        :param since: the first moment, with its zone.
        :param until: the first moment after the span; by default there is no end.
        :raises HistoryIncompleteError: if the history does not reach so far back, as far as it can be read.
        """
        return await self._do(lambda does: does.get_messages_between(since, until, channel_uuid, project_id))

    async def get_message(
        self,
        message_id: int | str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Read one message."""
        return await self._do(lambda does: does.get_message(message_id, channel_uuid, project_id))

    async def set_webhook(
        self,
        url: str,
        api: arguments.WebhookApi = "hook",
        entities: Sequence[str] = ("channel.message",),
        project_id: int | str | None = None,
    ) -> Webhook:
        """Have the events of a project posted to an address. They carry no signature."""
        return await self._do(lambda does: does.set_webhook(url, api, entities, project_id))

    def list_webhooks(self, project_id: int | str | None = None) -> AsyncIterator[Webhook]:
        """Yield the webhooks of a project that were added with ``api="webhooks"``."""
        return self._each(lambda does: does.list_webhooks(project_id))

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

    async def region(self) -> str | None:
        """Return the country of phones without a country code, checked; the connection's by default."""
        with airflow_errors():
            return BoundOperations(await self._read_connection(), self.default_region).region

    async def run(self, flow: Flow[T]) -> T:
        """Take the steps of an operation, with the errors that all methods have.

        :param flow: an operation of :mod:`~airflow_provider_wahelp.client.operations`.
        """
        return await self._do(lambda does: flow)

    async def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
    ) -> Any:
        """Call any of the API's operations, with the same token, repetitions and errors."""
        return await self._do(lambda does: does.request(method, path, json, params, project_id))

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
