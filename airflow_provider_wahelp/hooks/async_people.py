"""The asynchronous hook's calls that change messages, users, contacts and channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from airflow_provider_wahelp.client.models import Channel, Message, User
from airflow_provider_wahelp.hooks.async_mailings import AsyncMailingHook


class AsyncPeopleHook(AsyncMailingHook):
    """The asynchronous twin of :class:`~airflow_provider_wahelp.hooks.people.PeopleHook`."""

    async def edit_message(
        self,
        message_id: int | str,
        text: str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Give a sent message another text. What the API takes is **not confirmed**."""
        return await self._do(lambda does: does.edit_message(message_id, text, channel_uuid, project_id))

    async def delete_message(
        self, message_id: int | str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> bool:
        """Delete a message, for whom is not known, and return whether there was one."""
        return await self._do(lambda does: does.delete_message(message_id, channel_uuid, project_id))

    async def update_user(
        self,
        user_id: int | str,
        name: str | None = None,
        fields: Mapping[str, Any] | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> User:
        """Change a user of a channel."""
        return await self._do(lambda does: does.update_user(user_id, name, fields, channel_uuid, project_id))

    async def delete_user(
        self,
        user_id: int | str | None = None,
        phone: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> bool:
        """Remove a person from a channel, and return whether there was one."""
        return await self._do(lambda does: does.delete_user(user_id, phone, channel_uuid, project_id))

    async def update_channel(
        self,
        name: str | None = None,
        fields: Mapping[str, Any] | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Channel:
        """Change a channel."""
        return await self._do(lambda does: does.update_channel(name, fields, channel_uuid, project_id))

    async def delete_channel(self, channel_uuid: str, name: str, project_id: int | str | None = None) -> bool:
        """Remove a channel, and return whether there was one."""
        return await self._do(lambda does: does.delete_channel(channel_uuid, name, project_id))

    async def block_contact(
        self,
        contact_id: int | str | None = None,
        phone: str | None = None,
        project_id: int | str | None = None,
    ) -> int | str:
        """Block a person in all channels of a project, and return the contact's id."""
        return await self._do(lambda does: does.block_contact(contact_id, phone, project_id, blocked=True))

    async def unblock_contact(
        self,
        contact_id: int | str | None = None,
        phone: str | None = None,
        project_id: int | str | None = None,
    ) -> int | str:
        """Undo :meth:`block_contact`. The list has no such operation: its path is a guess."""
        return await self._do(lambda does: does.block_contact(contact_id, phone, project_id, blocked=False))

    async def import_contacts(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> Any:
        """Import the contacts of a channel's WhatsApp, and return what the API answers."""
        return await self._do(lambda does: does.import_contacts(channel_uuid, project_id))

    def list_lost_messages(self, project_id: int | str | None = None) -> AsyncIterator[Message]:
        """Yield what Wahelp calls the lost messages of a project."""
        return self._each(lambda does: does.list_lost_messages(project_id), paged=True)

    async def get_cascade(self, project_id: int | str | None = None) -> Any:
        """Read in which order the channels of a project are tried, as it comes."""
        return await self._do(lambda does: does.get_cascade(project_id))

    async def set_cascade(self, config: Any, project_id: int | str | None = None) -> Any:
        """Set in which order the channels of a project are tried."""
        return await self._do(lambda does: does.set_cascade(config, project_id))

    async def send_message_cascade(
        self,
        phone: str,
        text: str,
        fields: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Send a text through the first channel of the cascade that reaches a person; never twice."""
        return await self._do(lambda does: does.send_cascade(phone, text, fields, project_id))
