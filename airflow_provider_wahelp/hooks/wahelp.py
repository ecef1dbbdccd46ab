"""``WahelpHook``: the Wahelp API for whatever runs in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Self, TypeVar

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_wahelp import connection_form
from airflow_provider_wahelp.client import arguments
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.blocking import WahelpClient
from airflow_provider_wahelp.client.calls import Call
from airflow_provider_wahelp.client.errors import WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.messages import Recipient
from airflow_provider_wahelp.client.models import Channel, Message, Project, QrCode, User, Webhook
from airflow_provider_wahelp.client.token_store import MemoryStore
from airflow_provider_wahelp.hooks.base import BaseWahelpHook
from airflow_provider_wahelp.hooks.bound_operations import BoundOperations
from airflow_provider_wahelp.hooks.connection import WahelpConnection, read_connection
from airflow_provider_wahelp.hooks.connection_test import describe_connection, test_settings
from airflow_provider_wahelp.hooks.failures import airflow_errors
from airflow_provider_wahelp.hooks.token_cache import token_store

T = TypeVar("T")

_MESSAGES = ("channel.message",)


class WahelpHook(BaseWahelpHook):
    """The Wahelp API with the credentials of an Airflow connection.

    One pooled keep-alive session, safe to share between threads; use it as a context manager, or call
    :meth:`close`, to give the connections back before the task ends. Nothing happens until the first call.

    ``project_id`` and ``channel_uuid`` may be left out wherever the connection names a default. Every method
    raises a :class:`~airflow_provider_wahelp.client.errors.WahelpError`; the permanent ones are
    ``AirflowFailException`` as well, so that a task which does not catch them fails without a retry.

    :param wahelp_conn_id: the id of an Airflow connection of type ``wahelp``.
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    def get_conn(self) -> WahelpClient:
        """Return the client that performs the calls.

        :raises InputError: if the Airflow connection is not what it must be.
        """
        with airflow_errors():
            return self._client

    def test_connection(self) -> tuple[bool, str]:
        """Return which account, project and channel this reaches, or what is wrong; changes nothing."""
        try:
            connection = self._connection
            # A store of its own: a wrong password must not pass the test because of a shared token.
            with WahelpClient(test_settings(connection.settings), MemoryStore(), mask_secret) as client:
                return client.run(describe_connection(connection))
        except WahelpError as error:
            return False, str(error)

    def list_projects(self) -> Iterator[Project]:
        """Yield the account's projects."""
        return self._each(lambda does: does.list_projects())

    def create_project(self, name: str, if_exists: arguments.IfExists = "reuse") -> Project:
        """Create a project, or take the one that exists.

        :param name: the project's name.
        :param if_exists: with one of the same name: ``reuse`` it, ``create`` another, or ``fail``.
        :return: the project.
        :raises ExistsError: if one exists and ``if_exists`` is ``fail``.
        """
        return self._do(lambda does: does.create_project(name, if_exists))

    def list_channels(self, project_id: int | str | None = None) -> Iterator[Channel]:
        """Yield the channels of a project.

        :param project_id: the project; the connection's by default.
        """
        return self._each(lambda does: does.list_channels(project_id))

    def get_channel(self, channel_uuid: str | None = None, project_id: int | str | None = None) -> Channel:
        """Read a channel.

        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
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

        :param name: the channel's name.
        :param channel_type: ``whatsapp``, ``telegram``, ``waba``, ``viber``, ``vk``, ``instagram``, ``max``.
        :param project_id: the project; the connection's by default.
        :param if_exists: with one of the same name and type: ``reuse`` it, ``create`` another, or ``fail``.
        :raises ExistsError: if one exists and ``if_exists`` is ``fail``.
        """
        return self._do(lambda does: does.create_channel(name, channel_type, project_id, if_exists))

    def get_channel_qr(self, channel_uuid: str | None = None, project_id: int | str | None = None) -> QrCode:
        """Read the QR code that authorizes a WhatsApp channel; what the API answers is not documented.

        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        """
        return self._do(lambda does: does.get_channel_qr(channel_uuid, project_id))

    def find_user(
        self, phone: str, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> User | None:
        """Find a person in a channel by phone, compared by digits.

        :param phone: the number with its country code, e.g. ``+71234567890``.
        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        :return: ``None`` where the channel does not know the number.
        """
        return self._do(lambda does: does.find_user(phone, channel_uuid, project_id))

    def list_users(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> Iterator[User]:
        """Yield the users of a channel.

        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        """
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

        :param name: the person's name.
        :param phone: the number with its country code, e.g. ``+71234567890``.
        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
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
        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        :return: the message, with its id and status.
        :raises UnknownOutcomeError: if an answer was lost, and the history does not show whether it was sent.
        :raises MessengerMissingError: if the person does not have the messenger.
        :raises ChannelNotActiveError: if the channel is not authorized.
        """
        return self._do(
            lambda does: does.send_message(text, user_id, phone, name, channel_uuid, project_id, self._sent)
        )

    def get_messages(
        self,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
        limit: int | str | None = None,
    ) -> Iterator[Message]:
        """Yield the history of a channel, in the order that the API has, which is not documented.

        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        :param limit: how many messages at most; all by default.
        """
        with airflow_errors():
            most = arguments.limit(limit)
        return islice(
            self._each(lambda does: does.get_messages(most, channel_uuid, project_id), paged=True), most
        )

    def get_message(
        self,
        message_id: int | str,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Message:
        """Read one message.

        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        """
        return self._do(lambda does: does.get_message(message_id, channel_uuid, project_id))

    def set_webhook(
        self,
        url: str,
        api: arguments.WebhookApi = "hook",
        entities: Sequence[str] = _MESSAGES,
        project_id: int | str | None = None,
    ) -> Webhook:
        """Have the events of a project posted to an address. They carry no signature.

        :param url: the address; a secret in it is the only proof of who posts (docs/api.md, 5).
        :param api: ``hook`` sets the project's one webhook (``PUT .../hook``); ``webhooks`` adds one to
            a list (``POST .../webhooks/``), unless the address is there already.
        :param entities: for ``webhooks``: ``project``, ``channel``, ``channel.user``, ``channel.message``.
        :param project_id: the project; the connection's by default.
        """
        return self._do(lambda does: does.set_webhook(url, api, entities, project_id))

    def list_webhooks(self, project_id: int | str | None = None) -> Iterator[Webhook]:
        """Yield the webhooks of a project that were added with ``api="webhooks"``.

        :param project_id: the project; the connection's by default.
        """
        return self._each(lambda does: does.list_webhooks(project_id))

    def recipient(
        self,
        user_id: int | str | None = None,
        phone: str | None = None,
        name: str | None = None,
        channel_uuid: str | None = None,
        project_id: int | str | None = None,
    ) -> Recipient:
        """Return the recipient of a message, checked and with the connection's defaults, for :meth:`run`.

        :param user_id: the person, as a user of the channel; or
        :param phone: their number.
        :param name: the name of somebody added by phone; the number by default.
        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        """
        with airflow_errors():
            return self._operations.recipient(user_id, phone, name, channel_uuid, project_id)

    def project_and_channel(
        self, channel_uuid: str | None = None, project_id: int | str | None = None
    ) -> tuple[int, str]:
        """Return project and channel, checked and with the connection's defaults.

        :param channel_uuid: the channel; the connection's by default.
        :param project_id: the project; the connection's by default.
        """
        with airflow_errors():
            return self._connection.project(project_id), self._connection.channel(channel_uuid)

    def checked(self, check: Callable[[Any], T], value: Any) -> T:
        """Check an argument, with the errors that all methods have.

        :param check: a function of :mod:`~airflow_provider_wahelp.client.arguments`.
        :param value: the argument.
        """
        with airflow_errors():
            return check(value)

    def run(self, flow: Flow[T]) -> T:
        """Take the steps of an operation, with the errors that all methods have.

        :param conversation: an operation of :mod:`~airflow_provider_wahelp.client.operations`.
        :return: what it returns.
        """
        with airflow_errors():
            return self._client.run(flow)

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        project_id: int | str | None = None,
    ) -> Any:
        """Call any of the API's operations, with the same token, repetitions and errors.

        After a lost answer ``GET``, ``PUT`` and ``DELETE`` are repeated (a repeated ``DELETE`` may then say
        :class:`NotFoundError`), others only if they certainly were not carried out.

        :param method: the HTTP method.
        :param path: the path, with or without ``/api/app`` before it; those below ``/api/crm`` with that.
        :param json: the body.
        :param params: the query.
        :param project_id: what ``X-Project`` says; the connection's by default.
        :return: the ``data`` of the answer.
        """
        return self._do(lambda does: does.request(method, path, json, params, project_id))

    @cached_property
    def _connection(self) -> WahelpConnection:
        connection = self.get_connection(self.wahelp_conn_id)
        return read_connection(connection, connection.extra_dejson)

    @cached_property
    def _operations(self) -> BoundOperations:
        return BoundOperations(self._connection)

    @cached_property
    def _client(self) -> WahelpClient:
        return WahelpClient(self._connection.settings, token_store(self._connection), mask_secret)

    def _do(self, make: Callable[[BoundOperations], Flow[T]]) -> T:
        with airflow_errors():
            return self._client.run(make(self._operations))

    def _each(
        self, make: Callable[[BoundOperations], Callable[[int], Call[Page[T]]]], *, paged: bool = False
    ) -> Iterator[T]:
        with airflow_errors():
            page_of = make(self._operations)
        return self._pages(page_of, paged=paged)

    def _pages(self, page_of: Callable[[int], Call[Page[T]]], *, paged: bool) -> Iterator[T]:
        with airflow_errors():
            yield from self._client.iterate(page_of, paged=paged)
