"""The operations that both hooks offer, with arguments checked and the connection's defaults filled in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.client import arguments, calls, generic, operations, phones, users
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.documentation import reading
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.flow import Flow, once
from airflow_provider_wahelp.client.generic import Response
from airflow_provider_wahelp.client.history import messages_between
from airflow_provider_wahelp.client.messages import Recipient, send_to
from airflow_provider_wahelp.client.models import Channel, Message, Project, QrCode, User, Webhook
from airflow_provider_wahelp.hooks.bound_mailings import BoundMailings
from airflow_provider_wahelp.hooks.bound_people import BoundPeople
from airflow_provider_wahelp.hooks.bound_templates import BoundTemplates
from airflow_provider_wahelp.storage.files import private_bytes
from airflow_provider_wahelp.storage.uploads import Uploads, file_parts

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


@dataclass(frozen=True)
class Asked:
    """What an operation that has no method is asked for, as the hooks' :meth:`request` takes it."""

    json: Any = None
    data: Mapping[str, Any] | None = None
    files: Uploads | None = None
    params: Mapping[str, Any] | None = None
    project_id: Any = None
    output_path: str | ObjectStoragePath | None = None


class BoundOperations(BoundMailings, BoundPeople, BoundTemplates):
    """Turns the arguments of a hook's method into what a client performs."""

    def list_projects(self) -> Callable[[int], Call[Page[Project]]]:
        """List projects."""
        return calls.list_projects

    def create_project(self, name: str, if_exists: arguments.IfExists) -> Flow[Project]:
        """Create a project."""
        return operations.ensure_project(arguments.name(name), arguments.if_exists(if_exists))

    def list_channels(self, project_id: Any) -> Callable[[int], Call[Page[Channel]]]:
        """List channels."""
        project = self._project(project_id)
        return lambda page: calls.list_channels(project, page)

    def get_channel(self, channel_uuid: Any, project_id: Any) -> Flow[Channel]:
        """Read a channel."""
        return operations.get_channel(self._project(project_id), self._channel(channel_uuid))

    def create_channel(
        self, name: str, channel_type: arguments.ChannelType, project_id: Any, if_exists: arguments.IfExists
    ) -> Flow[Channel]:
        """Create a channel."""
        return operations.ensure_channel(
            self._project(project_id),
            arguments.name(name),
            arguments.channel_type(channel_type),
            arguments.if_exists(if_exists),
        )

    def get_channel_qr(self, channel_uuid: Any, project_id: Any) -> Flow[QrCode]:
        """Read a channel's QR code."""
        return once(calls.get_channel_qr(self._project(project_id), self._channel(channel_uuid)))

    def find_user(self, phone: str, channel_uuid: Any, project_id: Any) -> Flow[User | None]:
        """Find a user by phone."""
        return users.find_user(
            self._project(project_id), self._channel(channel_uuid), phones.normalise(phone, self.region)
        )

    def list_users(self, channel_uuid: Any, project_id: Any) -> Callable[[int], Call[Page[User]]]:
        """List users."""
        project, channel = self._project(project_id), self._channel(channel_uuid)
        return lambda page: calls.list_users(project, channel, page)

    def create_user(
        self, name: str, phone: str, channel_uuid: Any, project_id: Any, if_exists: arguments.IfExists
    ) -> Flow[User]:
        """Add a user."""
        return users.ensure_user(
            self._project(project_id),
            self._channel(channel_uuid),
            arguments.name(name),
            phones.normalise(phone, self.region),
            arguments.if_exists(if_exists),
        )

    def recipient(self, user_id: Any, phone: Any, name: Any, channel_uuid: Any, project_id: Any) -> Recipient:
        """Return the recipient of a message: a user, or a phone."""
        arguments.recipient(user_id, phone)
        project, channel = self._project(project_id), self._channel(channel_uuid)
        if phone in (None, ""):
            return Recipient(project, channel, arguments.user_id(user_id))
        number = phones.normalise(phone, self.region)
        return Recipient(project, channel, phone=number, name=arguments.name(name) if name else number)

    def send_message(
        self,
        text: str | None,
        to: Recipient,
        others: set[Any],
        file: FilePart | None = None,
    ) -> Flow[Message]:
        """Send a message, none of those that this hook knows to be others."""
        words = "" if file and not text else arguments.text(text)
        return _remembered(send_to(to, words, others, file), others)

    def get_messages(
        self, limit: int | None, channel_uuid: Any, project_id: Any
    ) -> Callable[[int], Call[Page[Message]]]:
        """Read the history."""
        project, channel = self._project(project_id), self._channel(channel_uuid)
        size = min(limit or calls.PAGE_SIZE, calls.PAGE_SIZE)
        return lambda page: calls.get_messages(project, channel, page, size)

    def get_messages_between(
        self, since: Any, until: Any, channel_uuid: Any, project_id: Any
    ) -> Flow[list[Message]]:
        """Read a span of the history."""
        start = arguments.moment_of("since")(since).timestamp()
        end = math.inf if until is None else arguments.moment_of("until")(until).timestamp()
        if end <= start:
            raise InputError("until", "must be later than since")
        return messages_between(self._project(project_id), self._channel(channel_uuid), start, end)

    def get_message(self, message_id: Any, channel_uuid: Any, project_id: Any) -> Flow[Message]:
        """Read a message."""
        return once(
            calls.get_message(
                self._project(project_id), self._channel(channel_uuid), arguments.message_id(message_id)
            )
        )

    def set_webhook(
        self, url: str, api: arguments.WebhookApi, entities: Sequence[str], project_id: Any
    ) -> Flow[Webhook]:
        """Register a webhook."""
        project, address = self._project(project_id), arguments.url(url)
        if arguments.webhook_api(api) == "hook":
            return once(calls.set_hook(project, address))
        return operations.ensure_webhook(project, address, arguments.entities(entities))

    def list_webhooks(self, project_id: Any) -> Callable[[int], Call[Page[Webhook]]]:
        """List webhooks."""
        project = self._project(project_id)
        return lambda page: calls.list_webhooks(project, page)

    def request(self, method: str, path: str, asked: Asked) -> Flow[Response]:
        """Call any operation."""
        return once(self._request(method, path, asked))

    def request_list(self, path: str, asked: Asked) -> Callable[[int], Call[Page[Any]]]:
        """List whatever an operation lists."""
        call = self._request("GET", path, asked)
        return lambda number: generic.page(call, number)

    def get_documentation(self) -> Flow[dict[str, Any]]:
        """Read the API's documentation."""
        return reading.get_documentation(self._connection.settings.base_url)

    def get_changelog(self) -> Flow[Any]:
        """Read the API's changelog."""
        return once(reading.get_changelog())

    def _request(self, method: str, path: str, asked: Asked) -> Call[Response]:
        call = generic.request(
            method,
            path,
            json=asked.json,
            data=asked.data,
            files=file_parts(asked.files),
            params=asked.params,
            project_id=None if asked.project_id in (None, "") else arguments.project_id(asked.project_id),
            base_url=self._connection.settings.base_url,
        )
        project = self._connection.project_id if call.project_id is None else call.project_id
        store = partial(private_bytes, asked.output_path) if asked.output_path else None
        return replace(call, project_id=project, store=store)


def _remembered(sending: Flow[Message], others: set[Any]) -> Flow[Message]:
    """Remember what was sent: the same text to the same person again is another message."""
    message = yield from sending
    others.add(message.id)
    return message


def result_of(response: Response, output_path: str | ObjectStoragePath | None) -> Any:
    """Return what an operation without a method answers: its data, or which file it has become."""
    if not output_path:
        return response.data
    size = len(response.content) if response.size is None else response.size
    return {"path": str(output_path), "size": size, "content_type": response.headers.get("content-type")}
