"""``WahelpAsyncHook``: the Wahelp API for whatever runs on an event loop, such as a trigger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.generic import Response
from airflow_provider_wahelp.client.models import Channel, Message, Project, QrCode, User, Webhook
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.async_templates import AsyncTemplateHook
from airflow_provider_wahelp.hooks.bound_operations import Asked, result_of
from airflow_provider_wahelp.storage.outgoing import file_to_send
from airflow_provider_wahelp.storage.uploads import Uploads

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class WahelpAsyncHook(AsyncTemplateHook):
    """The asynchronous twin of :class:`~airflow_provider_wahelp.hooks.wahelp.WahelpHook`.

    The same methods with the same arguments and errors; lists are asynchronous iterators. Use it as an
    asynchronous context manager: connections belong to the event loop that they were opened in.

    :param retries: how often a call is repeated; by default what the connection says.
    """

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
            lambda does: does.send_message(
                text, does.recipient(user_id, phone, name, channel_uuid, project_id), self._sent
            )
        )

    async def send_file(
        self,
        file: str | bytes | ObjectStoragePath | None = None,
        caption: str | None = None,
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        file_name: str | None = None,
        file_url: str | None = None,
    ) -> Message:
        """Send a file to a person, once. How Wahelp takes files is **not confirmed**."""
        with airflow_errors():
            settings = (await self._read_connection()).settings
            part = await asyncio.to_thread(file_to_send, file, file_url, file_name, settings)
        return await self._do(
            lambda does: does.send_message(
                caption, does.recipient(user_id, phone, name, channel_uuid, project_id), self._sent, part
            )
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

    async def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        data: Mapping[str, Any] | None = None,
        files: Uploads | None = None,
        output_path: str | ObjectStoragePath | None = None,
    ) -> Any:
        """Call any of the API's operations, with the same token, repetitions and errors."""
        response = await self.get_response(method, path, json, params, project_id, data, files, output_path)
        return result_of(response, output_path)

    async def get_response(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        data: Mapping[str, Any] | None = None,
        files: Uploads | None = None,
        output_path: str | ObjectStoragePath | None = None,
    ) -> Response:
        """Do as :meth:`request`, and return the whole answer, with its status and headers."""
        asked = Asked(json, data, files, params, project_id, output_path)
        return await self._do(lambda does: does.request(method, path, asked))

    def request_list(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = None,
    ) -> AsyncIterator[Any]:
        """Yield the entries of any list of the API, page by page."""
        with airflow_errors():
            most = arguments.limit(limit)
        asked = Asked(params=params, project_id=project_id)
        return self._each(lambda does: does.request_list(path, asked), paged=True, most=most)

    async def get_documentation(self) -> dict[str, Any]:
        """Read the API's own documentation, an OpenAPI document."""
        return await self._do(lambda does: does.get_documentation())

    async def get_changelog(self) -> Any:
        """Read what has changed in the API, as text or as JSON values."""
        return await self._do(lambda does: does.get_changelog())
