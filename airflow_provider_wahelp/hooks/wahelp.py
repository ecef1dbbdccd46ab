"""``WahelpHook``: the Wahelp API for whatever runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp import connection_form
from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.models import Channel, Message, Project, QrCode, User, Webhook
from airflow_provider_wahelp.failures import airflow_errors
from airflow_provider_wahelp.hooks.templates import TemplateHook
from airflow_provider_wahelp.storage.outgoing import file_to_send

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


class WahelpHook(TemplateHook):
    """The Wahelp API with the credentials of an Airflow connection.

    One pooled keep-alive session, safe to share between threads; use it as a context manager, or call
    :meth:`close`, to give the connections back before the task ends. Nothing happens until the first call.

    By default ``project_id`` and ``channel_uuid`` are those of the connection, in every method. Every method
    raises a :class:`~airflow_provider_wahelp.client.errors.WahelpError`; the permanent ones are
    ``AirflowFailException`` as well, so that a task which does not catch them fails without a retry.

    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
    :param default_region: the country of phones without a country code, e.g. ``"RU"``; the connection's by
        default.
    """

    # Airflow before 3.2 looks for these two in the very class that it registers, not in its bases.

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the form's fields, for Airflow before 3.2."""
        return connection_form.form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return what the form does with the standard fields, for Airflow before 3.2."""
        return connection_form.ui_field_behaviour()

    def list_projects(self) -> Iterator[Project]:
        """Yield the account's projects."""
        return self._each(lambda does: does.list_projects())

    def create_project(self, name: str, if_exists: arguments.IfExists = "reuse") -> Project:
        """Create a project, or take the one that exists.

        :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
        :raises ExistsError: if one exists and ``if_exists`` is ``fail``.
        """
        return self._do(lambda does: does.create_project(name, if_exists))

    def list_channels(self, project_id: int | str | None = None) -> Iterator[Channel]:
        """Yield the channels of a project."""
        return self._each(lambda does: does.list_channels(project_id))

    def get_channel(self, channel_uuid: str | None = None, project_id: int | str | None = None) -> Channel:
        """Read a channel.

        :raises NotFoundError: if the project has no such channel.
        """
        return self._do(lambda does: does.get_channel(channel_uuid, project_id))

    def create_channel(
        self,
        name: str,
        channel_type: arguments.ChannelType = "whatsapp",
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> Channel:
        """Create a channel, or take the one that exists; a new one is inactive until it is authorized.

        :param channel_type: ``whatsapp``, ``telegram``, ``waba``, ``viber``, ``vk``, ``instagram``, ``max``.
        :param if_exists: with one of the same name and type: ``reuse`` it, ``create`` another, or ``fail``.
        :raises ExistsError: if one exists and ``if_exists`` is ``fail``.
        """
        return self._do(lambda does: does.create_channel(name, channel_type, project_id, if_exists))

    def get_channel_qr(self, channel_uuid: str | None = None, project_id: int | str | None = None) -> QrCode:
        """Read the QR code that authorizes a WhatsApp channel; what the API answers is not documented."""
        return self._do(lambda does: does.get_channel_qr(channel_uuid, project_id))

    def find_user(
        self, phone: str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> User | None:
        """Find a person in a channel by phone, compared by digits.

        :param phone: the number with its country code, e.g. ``+71234567890``.
        :return: ``None`` where the channel does not know the number.
        """
        return self._do(lambda does: does.find_user(phone, channel_uuid, project_id))

    def list_users(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> Iterator[User]:
        """Yield the users of a channel."""
        return self._each(lambda does: does.list_users(channel_uuid, project_id), paged=True)

    def create_user(
        self,
        name: str,
        phone: str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        if_exists: arguments.IfExists = "reuse",
    ) -> User:
        """Add a person to a channel, or take the one that it has.

        :param phone: the number with its country code, e.g. ``+71234567890``.
        :param if_exists: with somebody of the same phone: ``reuse`` them, ``create`` another, or ``fail``.
        :raises MessengerMissingError: if the number does not have the messenger.
        :raises ChannelNotActiveError: if the channel is not authorized.
        :raises ExistsError: if somebody exists and ``if_exists`` is ``fail``.
        """
        return self._do(lambda does: does.create_user(name, phone, channel_uuid, project_id, if_exists))

    def send_message(
        self,
        text: str,
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Send a text to a person. It is sent literally: Markdown shows its asterisks.

        Where an answer is lost, the channel's history is read before anything is sent again. That protects
        this call; over the retries of a task, ``SendMessageOperator`` does.

        :param user_id: the person, as a user of the channel; or
        :param phone: their number, which is found in the channel or added to it first.
        :param name: the name of somebody added by phone; the number by default.
        :return: the message, with its id and status.
        :raises UnknownOutcomeError: if an answer was lost, and the history does not show whether it was sent.
        :raises MessengerMissingError: if the person does not have the messenger.
        :raises ChannelNotActiveError: if the channel is not authorized.
        """
        return self._do(
            lambda does: does.send_message(
                text, does.recipient(user_id, phone, name, channel_uuid, project_id), self._sent
            )
        )

    def send_file(
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
        """Send a file to a person, once, as :meth:`send_message` sends a text.

        How Wahelp takes files is **not confirmed** (docs/api.md, 3.2).

        :param file: a path of object storage, or bytes.
        :param caption: a text below it.
        :param file_name: what the file is called; by default as in its path, or as the server says.
        :param file_url: in place of ``file``, an address whose content is sent; it gets no token.
        :raises InputError: if it cannot be read, is empty, or is too large.
        """
        with airflow_errors():
            part = file_to_send(file, file_url, file_name, self._connection.settings)
        return self._do(
            lambda does: does.send_message(
                caption, does.recipient(user_id, phone, name, channel_uuid, project_id), self._sent, part
            )
        )

    def get_messages(
        self,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = None,
    ) -> Iterator[Message]:
        """Yield the history of a channel, in the order that the API has, which is not documented.

        :param limit: how many messages at most; all by default.
        """
        with airflow_errors():
            most = arguments.limit(limit)
        return islice(
            self._each(lambda does: does.get_messages(most, channel_uuid, project_id), paged=True), most
        )

    def get_messages_between(
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
        return self._do(lambda does: does.get_messages_between(since, until, channel_uuid, project_id))

    def get_message(
        self,
        message_id: int | str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Read one message."""
        return self._do(lambda does: does.get_message(message_id, channel_uuid, project_id))

    def set_webhook(
        self,
        url: str,
        api: arguments.WebhookApi = "hook",
        entities: Sequence[str] = ("channel.message",),
        project_id: int | str | None = None,
    ) -> Webhook:
        """Have the events of a project posted to an address. They carry no signature.

        :param url: the address; a secret in it is the only proof of the sender (docs/api.md, 5).
        :param api: ``hook`` sets the project's one webhook (``PUT .../hook``); ``webhooks`` adds one to
            a list (``POST .../webhooks/``), unless the address is there already.
        :param entities: for ``webhooks``: ``project``, ``channel``, ``channel.user``, ``channel.message``.
        """
        return self._do(lambda does: does.set_webhook(url, api, entities, project_id))

    def list_webhooks(self, project_id: int | str | None = None) -> Iterator[Webhook]:
        """Yield the webhooks of a project that were added with ``api="webhooks"``."""
        return self._each(lambda does: does.list_webhooks(project_id))
