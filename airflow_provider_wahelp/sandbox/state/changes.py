"""Changing and removing what there is. What these operations take and answer is guessed, all of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.errors import SandboxError, invalid, not_found
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state import views
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state.core import Core
    from airflow_provider_wahelp.sandbox.state.messages import Messages
    from airflow_provider_wahelp.sandbox.state.people import People
    from airflow_provider_wahelp.sandbox.state.records import Channel, Contact


class Changes(Area):
    """Changing messages, users, contacts, channels, and the order in which channels are tried.

    :param core: what the areas share.
    :param people: finds and registers users.
    :param messages: changes and sends messages.
    """

    def __init__(self, core: Core, people: People, messages: Messages) -> None:
        super().__init__(core)
        self._people = people
        self._messages = messages

    @changing
    def edit_message(
        self, project_id: int, uuid: str, message_id: int, fields: read.Fields
    ) -> dict[str, Any]:
        """Give a message that was sent another text, on the phone too.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param message_id: the message's id.
        :param fields: ``text``.
        """
        self._check_sent(project_id, uuid, message_id)
        return self._messages.rewrite(message_id, read.text(fields, "text"))

    @changing
    def delete_message(self, project_id: int, uuid: str, message_id: int) -> None:
        """Delete a message that was sent, for everyone.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param message_id: the message's id.
        """
        self._check_sent(project_id, uuid, message_id)
        self._messages.delete(message_id)

    @changing
    def update_user(self, project_id: int, uuid: str, user_id: int, fields: read.Fields) -> dict[str, Any]:
        """Rename a user.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param user_id: the user's id.
        :param fields: ``name``.
        """
        user = self._people.find(self._core.channel(project_id, uuid), user_id)
        user.name = read.text(fields, "name")
        return views.user(self._core.registry, self._core.options.habits, user)

    @changing
    def delete_user(self, project_id: int, uuid: str, user_id: int) -> None:
        """Remove a user from a channel; the messages stay.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param user_id: the user's id.
        """
        self._core.registry.remove_user(self._people.find(self._core.channel(project_id, uuid), user_id))

    @changing
    def update_channel(self, project_id: int, uuid: str, fields: read.Fields) -> dict[str, Any]:
        """Rename a channel.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param fields: ``name``.
        """
        channel = self._core.channel(project_id, uuid)
        channel.name = read.text(fields, "name")
        self._core.announce(project_id, "channel.updated", partial(views.channel, channel))
        return views.channel(channel)

    @changing
    def delete_channel(self, project_id: int, uuid: str) -> None:
        """Remove a channel.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        """
        self._core.registry.remove_channel(self._core.channel(project_id, uuid))

    @changing
    def block(self, project_id: int, contact_id: int, *, blocked: bool) -> dict[str, Any]:
        """Block a contact, or unblock it; nothing can be sent to a blocked one.

        :param project_id: the project.
        :param contact_id: the contact.
        :param blocked: whether it is to be blocked.
        """
        contact = self._contact(project_id, contact_id)
        contact.blocked = blocked
        return {"id": contact.id, "blocked": blocked}

    @changing
    def import_contacts(self, project_id: int, uuid: str) -> dict[str, int]:
        """Import the contacts of a WhatsApp: here it has none but those whom the channel knows.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        """
        channel = self._core.channel(project_id, uuid)
        if channel.type != "whatsapp":
            raise invalid("channel", "Только для WhatsApp")
        return {"imported": 0, "total": len(self._core.registry.users_of[channel.uuid])}

    @reading
    def lost_messages(self, project_id: int) -> list[dict[str, Any]]:
        """List what was sent to phones that have lost the messenger since, and has not arrived.

        :param project_id: the project.
        """
        registry = self._core.registry
        channels = {channel.uuid for channel in registry.channels_of[self._core.project(project_id).id]}
        lost = [
            message
            for message in registry.messages.values()
            if message.channel_uuid in channels
            and (message.destination, message.status) == ("from_operator", "sent")
            and not self._core.has_messenger(registry.users[message.user_id].phone)
        ]
        return [views.message(registry, self._core.options.habits, message) for message in lost]

    @reading
    def cascade(self, project_id: int) -> dict[str, list[str]]:
        """Show in which order the channels of a project are tried.

        :param project_id: the project.
        """
        return {"channels": [channel.uuid for channel in self._in_order(project_id)]}

    @changing
    def set_cascade(self, project_id: int, fields: read.Fields) -> dict[str, list[str]]:
        """Set in which order the channels of a project are tried; those that are not named come last.

        :param project_id: the project.
        :param fields: ``channels``: their uuids.
        """
        uuids = read.words(fields, "channels")
        for uuid in uuids:
            self._core.channel(project_id, uuid)
        self._core.project(project_id).cascade = uuids
        return self.cascade(project_id)

    @changing
    def send_cascade(self, project_id: int, fields: read.Fields) -> dict[str, Any]:
        """Send a text through the first channel that is active.

        :param project_id: the project.
        :param fields: ``phone`` and ``text``.
        """
        phone, text = read.phone(fields), read.text(fields, "text")
        channel = next((each for each in self._in_order(project_id) if each.active), None)
        if channel is None:
            raise SandboxError(422, "Канал не активен")
        user = self._core.registry.user_by_phone(channel.uuid, phone)
        user = user or self._people.register(channel, phone, phone)
        return self._messages.send(project_id, channel.uuid, user.id, {"text": text})

    def _in_order(self, project_id: int) -> list[Channel]:
        project = self._core.project(project_id)
        first = {uuid: place for place, uuid in enumerate(project.cascade)}
        channels = self._core.registry.channels_of[project.id]
        return sorted(channels, key=lambda channel: first.get(channel.uuid, len(first)))

    def _contact(self, project_id: int, contact_id: int) -> Contact:
        contact = self._core.registry.contacts.get(contact_id)
        if contact is None or contact.project_id != self._core.project(project_id).id:
            raise not_found("Контакт")
        return contact

    def _check_sent(self, project_id: int, uuid: str, message_id: int) -> None:
        if self._messages.get(project_id, uuid, message_id)["destination"] == "from":
            raise SandboxError(422, "Чужое сообщение нельзя изменить")
