"""The operations that change messages, users, contacts and channels, with defaults filled in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.flow import Flow, once
from airflow_provider_wahelp.client.models import Channel, Message, User
from airflow_provider_wahelp.client.platform import arguments as platform
from airflow_provider_wahelp.client.platform import people, people_flows
from airflow_provider_wahelp.hooks.bound import Bound


class BoundPeople(Bound):
    """Changing what there is."""

    def edit_message(self, message_id: Any, text: Any, channel_uuid: Any, project_id: Any) -> Flow[Message]:
        """Edit a message."""
        where = self._project(project_id), self._channel(channel_uuid)
        return once(people.edit_message(*where, arguments.message_id(message_id), arguments.text(text)))

    def delete_message(self, message_id: Any, channel_uuid: Any, project_id: Any) -> Flow[bool]:
        """Delete a message."""
        where = self._project(project_id), self._channel(channel_uuid)
        return people_flows.delete_message(*where, arguments.message_id(message_id))

    def update_user(
        self, user_id: Any, name: Any, fields: Any, channel_uuid: Any, project_id: Any
    ) -> Flow[User]:
        """Change a user."""
        where = self._project(project_id), self._channel(channel_uuid)
        return once(people.update_user(*where, arguments.user_id(user_id), platform.changes(name, fields)))

    def delete_user(self, user_id: Any, phone: Any, channel_uuid: Any, project_id: Any) -> Flow[bool]:
        """Remove a user."""
        arguments.recipient(user_id, phone)
        where = self._project(project_id), self._channel(channel_uuid)
        if phone in (None, ""):
            return people_flows.delete_user(*where, arguments.user_id(user_id))
        return people_flows.delete_user(*where, phone=phones.normalise(phone, self.region))

    def update_channel(self, name: Any, fields: Any, channel_uuid: Any, project_id: Any) -> Flow[Channel]:
        """Change a channel."""
        where = self._project(project_id), self._channel(channel_uuid)
        return once(people.update_channel(*where, platform.changes(name, fields)))

    def delete_channel(self, channel_uuid: Any, name: Any, project_id: Any) -> Flow[bool]:
        """Remove a channel, which no default names."""
        uuid = arguments.channel_uuid(channel_uuid)
        return people_flows.delete_channel(self._project(project_id), uuid, arguments.name(name))

    def block_contact(self, contact_id: Any, phone: Any, project_id: Any, *, blocked: bool) -> Flow[Id]:
        """Block a contact, or unblock it."""
        platform.one_given(contact_id=contact_id, phone=phone)
        project = self._project(project_id)
        if phone in (None, ""):
            contact = platform.contact_id(contact_id)
            return people_flows.block_contact(project, contact, blocked=blocked)
        return people_flows.block_phone(project, phones.normalise(phone, self.region), blocked=blocked)

    def import_contacts(self, channel_uuid: Any, project_id: Any) -> Flow[Any]:
        """Import the contacts of a channel."""
        return once(people.import_contacts(self._project(project_id), self._channel(channel_uuid)))

    def list_lost_messages(self, project_id: Any) -> Callable[[int], Call[Page[Message]]]:
        """List lost messages."""
        project = self._project(project_id)
        return lambda page: people.list_lost_messages(project, page)

    def get_cascade(self, project_id: Any) -> Flow[Any]:
        """Read the cascade."""
        return once(people.get_cascade(self._project(project_id)))

    def set_cascade(self, config: Any, project_id: Any) -> Flow[Any]:
        """Set the cascade."""
        if not isinstance(config, dict | list):
            raise InputError("config", "must be what get_cascade() returns, changed: a dict or a list")
        return once(people.set_cascade(self._project(project_id), config))

    def send_cascade(self, phone: Any, text: Any, fields: Any, project_id: Any) -> Flow[Message]:
        """Send through the cascade."""
        number = phones.normalise(phone, self.region)
        return people_flows.send_cascade(
            self._project(project_id), number, arguments.text(text), platform.fields(fields)
        )
