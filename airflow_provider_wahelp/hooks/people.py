"""The blocking hook's calls that change messages, users, contacts and channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_wahelp.client.models import Channel, Message, User
from airflow_provider_wahelp.hooks.mailings import MailingHook


class PeopleHook(MailingHook):
    """A hook that changes what there is.

    Only the operations are known. What they take and answer is **not confirmed**: see ``docs/platform.md``.
    """

    def edit_message(
        self,
        message_id: int | str,
        text: str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Give a sent message another text. What the API takes is **not confirmed**."""
        return self._do(lambda does: does.edit_message(message_id, text, channel_uuid, project_id))

    def delete_message(
        self, message_id: int | str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> bool:
        """Delete a message, for whom is not known, and return whether there was one."""
        return self._do(lambda does: does.delete_message(message_id, channel_uuid, project_id))

    def update_user(
        self,
        user_id: int | str,
        name: str | None = None,
        fields: Mapping[str, Any] | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> User:
        """Change a user of a channel.

        :param fields: what else is changed, by the API's names.
        """
        return self._do(lambda does: does.update_user(user_id, name, fields, channel_uuid, project_id))

    def delete_user(
        self,
        user_id: int | str | None = None,
        phone: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> bool:
        """Remove a person from a channel, and return whether there was one.

        :param user_id: the person, as a user of the channel; or
        :param phone: their number, which is found in the channel first.
        """
        return self._do(lambda does: does.delete_user(user_id, phone, channel_uuid, project_id))

    def update_channel(
        self,
        name: str | None = None,
        fields: Mapping[str, Any] | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Channel:
        """Change a channel.

        :param fields: what else is changed, by the API's names.
        """
        return self._do(lambda does: does.update_channel(name, fields, channel_uuid, project_id))

    def delete_channel(self, channel_uuid: str, name: str, project_id: int | str | None = None) -> bool:
        """Remove a channel, and return whether there was one.

        :param channel_uuid: the channel, which is never the connection's by default.
        :param name: its name once more.
        :raises InputError: if the channel has another name.
        """
        return self._do(lambda does: does.delete_channel(channel_uuid, name, project_id))

    def block_contact(
        self,
        contact_id: int | str | None = None,
        phone: str | None = None,
        project_id: int | str | None = None,
    ) -> int | str:
        """Block a person in all channels of a project, and return the contact's id.

        :param contact_id: the contact (``user.contact_id``); or
        :param phone: their number.
        :raises NotFoundError: if the project does not know the number.
        """
        return self._do(lambda does: does.block_contact(contact_id, phone, project_id, blocked=True))

    def unblock_contact(
        self,
        contact_id: int | str | None = None,
        phone: str | None = None,
        project_id: int | str | None = None,
    ) -> int | str:
        """Undo :meth:`block_contact`. The list has no such operation: its path is a guess."""
        return self._do(lambda does: does.block_contact(contact_id, phone, project_id, blocked=False))

    def import_contacts(self, channel_uuid: str | None = None, project_id: int | str | None = None) -> Any:
        """Import the contacts of a channel's WhatsApp, and return what the API answers."""
        return self._do(lambda does: does.import_contacts(channel_uuid, project_id))

    def list_lost_messages(self, project_id: int | str | None = None) -> Iterator[Message]:
        """Yield what Wahelp calls the lost messages of a project."""
        return self._each(lambda does: does.list_lost_messages(project_id), paged=True)

    def get_cascade(self, project_id: int | str | None = None) -> Any:
        """Read in which order the channels of a project are tried, as it comes."""
        return self._do(lambda does: does.get_cascade(project_id))

    def set_cascade(self, config: Any, project_id: int | str | None = None) -> Any:
        """Set in which order the channels of a project are tried.

        :param config: what :meth:`get_cascade` returns, changed.
        """
        return self._do(lambda does: does.set_cascade(config, project_id))

    def send_message_cascade(
        self,
        phone: str,
        text: str,
        fields: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Send a text through the first channel of the cascade that reaches a person; never twice.

        :param fields: what else is sent, by the API's names.
        :raises UnknownOutcomeError: if the answer was lost.
        """
        return self._do(lambda does: does.send_cascade(phone, text, fields, project_id))
