"""Messages: sending, history, and what the receiving phones see."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_wahelp.sandbox.errors import SandboxError, invalid, not_found
from airflow_provider_wahelp.sandbox.habits import pages, refusals
from airflow_provider_wahelp.sandbox.state import fields as read
from airflow_provider_wahelp.sandbox.state import views
from airflow_provider_wahelp.sandbox.state.content import Content
from airflow_provider_wahelp.sandbox.state.core import Area, changing, reading
from airflow_provider_wahelp.sandbox.state.records import Message

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.state.channels import Channels
    from airflow_provider_wahelp.sandbox.state.core import Core
    from airflow_provider_wahelp.sandbox.state.people import People
    from airflow_provider_wahelp.sandbox.state.records import Channel, Status, User

Call = Literal["incoming", "missed", "outgoing"]
Language = Literal["en", "ru"]

CALLS = {"incoming": "_Incoming call_", "missed": "_Missed call_", "outgoing": "_Outgoing call_"}
"""What a call leaves in the history."""

DELETED = {"en": "_Message deleted_", "ru": "_сообщение удалено_"}
"""What a message that was deleted for everyone says from then on."""


class Messages(Area):
    """Everything that was written.

    :param core: what the areas share.
    :param channels: what messages go through.
    :param people: who writes and is written to.
    """

    def __init__(self, core: Core, channels: Channels, people: People) -> None:
        super().__init__(core)
        self._channels = channels
        self._people = people

    @reading
    def history(
        self, project_id: int, uuid: str, query: read.Fields
    ) -> tuple[list[dict[str, Any]], dict[str, bool]]:
        """List a page of a channel's messages with all its users, and tell what stands beside it.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param query: ``limit`` and ``page``, which counts from 1.
        """
        channel = self._core.channel(project_id, uuid)
        everything = self._core.registry.history_of[channel.uuid]
        page = pages.history(self._core.options.habits, everything, read.page(query))
        return [self._show(message) for message in page.rows], page.beside

    @reading
    def get(self, project_id: int, uuid: str, message_id: int) -> dict[str, Any]:
        """Show a message.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param message_id: the message's id.
        """
        channel = self._core.channel(project_id, uuid)
        message = self._core.registry.messages.get(message_id)
        if message is None or message.channel_uuid != channel.uuid or message.appears_at is not None:
            raise not_found("Сообщение")
        return self._show(message)

    @changing
    def send(
        self, project_id: int, uuid: str, user_id: int, fields: read.Fields, address: str = ""
    ) -> dict[str, Any]:
        """Send a text to a user, or a file with a text or without.

        :param project_id: the channel's project.
        :param uuid: the channel's uuid.
        :param user_id: the user's id.
        :param fields: ``text`` and ``file``; ``type`` and ``destination`` may say what is meant anyway.
        :param address: where this sandbox is reached: the link of a file leads there.
        """
        channel = self._core.channel(project_id, uuid)
        user = self._people.find(channel, user_id)
        read.choice(fields, "type", ["text"], default="text")
        read.choice(fields, "destination", ["from_operator"], default="from_operator")
        number = self._core.registry.next_id("messages")
        named = self._core.options.habits.names_files
        content = Content.sent(fields, f"{address}/sandbox/files", number, named=named)
        self._check_send(channel, user)
        message = self._store(channel, user, content, "from_operator", "sent")
        self._plan(message)
        self._log_out_in_time(channel)
        return views.sent(self._core.registry, self._core.options.habits, message)

    def deliver(self, channel: Channel, user: User, text: str) -> Message:
        """Send what the platform itself sends to a user, with no word about who may be written to.

        :param channel: the channel.
        :param user: the user.
        :param text: the text.
        """
        message = self._store(channel, user, Content(text), "from_operator", "sent")
        self._plan(message)
        return message

    @changing
    def receive(
        self, phone: str, content: Content, channel_uuid: str | None = None, *, address: str = ""
    ) -> dict[str, Any]:
        """Let a phone write to a channel.

        :param phone: the digits of the phone.
        :param content: what it writes.
        :param channel_uuid: the channel; by default the one that the phone talked to last, and for a stranger
            the first active one.
        :param address: where this sandbox is reached; a voice note without a link gets one there.
        """
        if not content.text and content.message_type == "text":
            raise invalid("text", "Обязательное поле")
        if content.message_type == "audio" and content.file_url is None:
            number = self._core.registry.next_id("messages")
            content = content._replace(file_url=f"{address}/sandbox/files/{number}.oga")
        return self._between(phone, channel_uuid, content)

    @changing
    def call(self, phone: str, kind: str = "incoming", channel_uuid: str | None = None) -> dict[str, Any]:
        """Let a phone call a channel, or be called from its messenger.

        :param phone: the digits of the phone.
        :param kind: one of :data:`CALLS`.
        :param channel_uuid: the channel, as in :meth:`receive`.
        """
        content = Content(CALLS[read.choice({"kind": kind}, "kind", tuple(CALLS))])
        return self._between(phone, channel_uuid, content, outgoing=kind == "outgoing")

    @changing
    def delete(self, message_id: int, language: str = "en") -> dict[str, Any]:
        """Let a message be deleted for everyone, in the messenger.

        :param message_id: the message, whoever wrote it.
        :param language: one of :data:`DELETED`.
        """
        message = self._core.registry.messages.get(message_id)
        if message is None:
            raise not_found("Сообщение")
        return self.rewrite(
            message_id, DELETED[read.choice({"language": language}, "language", tuple(DELETED))]
        )

    def rewrite(self, message_id: int, text: str) -> dict[str, Any]:
        """Give a message another text.

        :param message_id: a stored one.
        :param text: the text.
        """
        message = self._core.registry.messages[message_id]
        message.text = text
        self._announce(message, "updated")
        return self._show(message)

    @reading
    def is_voice(self, message_id: int) -> bool:
        """Tell whether a message is a voice note.

        :param message_id: any number.
        """
        message = self._core.registry.messages.get(message_id)
        return message is not None and message.message_type == "audio"

    @reading
    def conversation(self, phone: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Show what a phone received and wrote, in order.

        :param phone: the digits of the phone.
        :param limit: how many of the latest messages at most; ``None``: all.
        """
        lines = self._core.registry.conversations.get(phone, [])
        return [views.line(message) for message in lines[-limit if limit else None :]]

    @reading
    def conversations(self) -> dict[str, list[dict[str, Any]]]:
        """Show the conversations of all phones, the latest first."""
        everything = reversed(self._core.registry.conversations.items())
        return {phone: [views.line(message) for message in lines] for phone, lines in everything}

    def resume(self) -> None:
        """Plan again what the stored messages wait for."""
        for message in self._core.registry.messages.values():
            self._plan_appearance(message)
            if message.destination == "from_operator":
                self._plan(message)

    def _check_send(self, channel: Channel, user: User) -> None:
        habits = self._core.options.habits
        if not channel.active:
            raise refusals.logged_out(habits)
        refusals.check_send(habits, user.phone, self._core.registry.sent_through.total())
        if self._core.registry.contacts[user.contact_id].blocked:
            raise SandboxError(422, "Контакт заблокирован")
        if not self._core.has_messenger(user.phone):
            raise SandboxError(200, self._core.options.sending_error_text)

    def _log_out_in_time(self, channel: Channel) -> None:
        if self._core.registry.sent_through[channel.uuid] == self._core.options.habits.logs_out_after:
            self._channels.log_out(channel.uuid)

    def _show(self, message: Message) -> dict[str, Any]:
        return views.message(self._core.registry, self._core.options.habits, message)

    def _between(
        self, phone: str, channel_uuid: str | None, content: Content, *, outgoing: bool = False
    ) -> dict[str, Any]:
        """Store what went on in the messenger itself, past the API."""
        channel = self._addressed(phone, channel_uuid)
        if not channel.active:
            raise SandboxError(422, "Канал не активен")
        user = self._core.registry.user_by_phone(channel.uuid, phone)
        user = user or self._people.register(channel, phone, phone)
        destination = f"from_{channel.type}" if outgoing else "from"
        message = self._store(channel, user, content, destination, "delivered")
        return self._show(message)

    def _addressed(self, phone: str, channel_uuid: str | None) -> Channel:
        channels = self._core.registry.channels
        if channel_uuid is not None:
            found = channels.get(channel_uuid)
        elif spoken := self._core.registry.conversations.get(phone):
            found = channels[spoken[-1].channel_uuid]
        else:
            found = self._stranger_writes_to(phone)
        if found is None:
            raise not_found("Канал")
        return found

    def _stranger_writes_to(self, phone: str) -> Channel | None:
        active = [c for c in self._core.registry.channels.values() if c.active]
        known = (c for c in active if self._core.registry.user_by_phone(c.uuid, phone))
        return next(known, None) or next(iter(active), None)

    def _store(
        self, channel: Channel, user: User, content: Content, destination: str, status: Status
    ) -> Message:
        registry, options, now = self._core.registry, self._core.options, self._core.clock.now()
        lag = options.lag(incoming=destination == "from")
        message = Message(
            id=registry.next_id("messages"),
            user_id=user.id,
            channel_uuid=channel.uuid,
            **content._asdict(),
            destination=destination,
            created=now,
            status=status,
            skew=options.clock_skew,
            appears_at=now + lag if lag else None,
        )
        registry.add(message)
        self._plan_appearance(message)
        self._announce(message, "created")
        return message

    def _plan_appearance(self, message: Message) -> None:
        if message.appears_at is not None:
            self._core.at(message.appears_at, partial(self._appear, message))

    def _appear(self, message: Message) -> None:
        message.appears_at = None
        self._core.registry.show(message)

    def _plan(self, message: Message) -> None:
        options = self._core.options
        steps: dict[Status, tuple[Status, float | None]] = {
            "sent": ("delivered", options.delivered_after),
            "delivered": ("read", options.read_after),
        }
        following, after = steps.get(message.status, ("read", None))
        if after is not None:
            self._core.at(message.created + after, partial(self._step, message, following))

    def _step(self, message: Message, status: Status) -> None:
        if not self._core.has_messenger(self._core.registry.users[message.user_id].phone):
            return
        message.status = status
        self._announce(message, "updated")
        self._plan(message)

    def _announce(self, message: Message, verb: str) -> None:
        project_id = self._core.registry.channels[message.channel_uuid].project_id
        payload = partial(self._show, message)
        self._core.announce(project_id, f"channel.message.{verb}", payload)
