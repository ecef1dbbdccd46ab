"""The people written to: users of one channel, contacts across the channels of a project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.errors import SandboxError, not_found
from airflow_provider_wahelp.sandbox.habits import pages
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state import views
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading
from airflow_provider_wahelp.sandbox.state.records import Contact, User

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state.records import Channel


class People(Area):
    """Users and contacts."""

    @reading
    def users(
        self, project_id: int, uuid: str, query: read.Fields
    ) -> tuple[list[dict[str, Any]], dict[str, bool]]:
        """List a page of a channel's users, and tell what stands beside it.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param query: ``limit`` and ``page``, which counts from 1.
        """
        channel = self._core.channel(project_id, uuid)
        everybody = self._core.registry.users_of[channel.uuid]
        page = pages.users(self._core.options.habits, everybody, read.page(query))
        return [self._show(user) for user in page.rows], page.beside

    @changing
    def add(self, project_id: int, uuid: str, fields: read.Fields) -> dict[str, Any]:
        """Add a person to a channel.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param fields: ``phone`` and perhaps ``name``; production sends ``need_create`` too, which changes
            nothing here.
        """
        channel = self._core.channel(project_id, uuid)
        phone = read.phone(fields)
        name = read.name(fields, default=phone)
        existing = self._core.registry.user_by_phone(channel.uuid, phone)
        if existing and self._core.options.duplicate_users != "new":
            return self._duplicate(existing)
        if not self._core.has_messenger(phone):
            raise self._lacks_messenger()
        return self._show(self.register(channel, phone, name))

    @reading
    def get(self, project_id: int, uuid: str, user_id: int) -> dict[str, Any]:
        """Show a user.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param user_id: the user's id.
        """
        return self._show(self.find(self._core.channel(project_id, uuid), user_id))

    @changing
    def contact_by_phone(self, project_id: int, fields: read.Fields) -> dict[str, Any]:
        """Look a person up across the channels, and create them where this is wanted.

        :param project_id: the project.
        :param fields: ``phone`` and ``need_create``.
        """
        project = self._core.project(project_id)
        phone = read.phone(fields)
        if read.flag(fields, "need_create"):
            contact = self._contact(project.id, phone)
            self._bind(contact)
        else:
            found = self._core.registry.contact_by_phone(project.id, phone)
            if found is None:
                raise not_found("Контакт", self._core.options.unknown_contact)
            contact = found
        users = self._core.registry.users_of_contact[contact.id]
        habits = self._core.options.habits
        shown = [views.contact_user(self._core.registry, habits, user) for user in users]
        return {"id": contact.id, "users": shown}

    def _show(self, user: User) -> dict[str, Any]:
        return views.user(self._core.registry, self._core.options.habits, user)

    def find(self, channel: Channel, user_id: int) -> User:
        """Find a user of a channel.

        :param channel: the channel.
        :param user_id: the user's id.
        """
        user = self._core.registry.users.get(user_id)
        if user is None or user.removed or user.channel_uuid != channel.uuid:
            raise not_found("Пользователь")
        return user

    def register(self, channel: Channel, phone: str, name: str) -> User:
        """Store a new user, and the contact behind them.

        :param channel: the channel.
        :param phone: the digits of the phone.
        :param name: the person's name.
        """
        registry = self._core.registry
        contact = self._contact(channel.project_id, phone)
        user = User(
            id=registry.next_id("users"),
            channel_uuid=channel.uuid,
            contact_id=contact.id,
            name=name,
            phone=phone,
            created=self._core.clock.now() + self._core.options.clock_skew,
        )
        registry.add(user)
        self._core.announce(channel.project_id, "channel.user.created", partial(self._show, user))
        return user

    def _contact(self, project_id: int, phone: str) -> Contact:
        registry = self._core.registry
        contact = registry.contact_by_phone(project_id, phone)
        if contact is None:
            contact = Contact(id=registry.next_id("contacts"), project_id=project_id, phone=phone)
            registry.add(contact)
        return contact

    def _bind(self, contact: Contact) -> None:
        """Let a stranger join a channel, whichever; who is in one already stays there."""
        registry = self._core.registry
        if registry.users_of_contact[contact.id] or not self._core.has_messenger(contact.phone):
            return
        active = (channel for channel in registry.channels_of[contact.project_id] if channel.active)
        if channel := next(active, None):
            self.register(channel, contact.phone, contact.phone)

    def _duplicate(self, existing: User) -> dict[str, Any]:
        if self._core.options.duplicate_users == "error":
            errors = {"phone": ["Пользователь уже существует"]}
            raise SandboxError(422, "Переданы неверные данные", errors=errors, data={"id": existing.id})
        return self._show(existing)

    def _lacks_messenger(self) -> SandboxError:
        options = self._core.options
        status = 422 if options.messenger_error == "http" else 200
        return SandboxError(status, options.messenger_error_text)
