"""What the API can do: one function per operation, arguments in, a :class:`Call` out (docs/api.md, 3).

A call is data. Each client performs it with its own HTTP library; ``retries`` decides whether to repeat it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from airflow_provider_wahelp.client.answers import Page, read_list, read_object
from airflow_provider_wahelp.client.bodies import FilePart, Form
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.masking import mask_phone, mask_url, secrets_of
from airflow_provider_wahelp.client.models import (
    Account,
    Channel,
    Contact,
    Message,
    Project,
    QrCode,
    User,
    Webhook,
)
from airflow_provider_wahelp.client.paths import joined, page_query
from airflow_provider_wahelp.client.phones import digits
from airflow_provider_wahelp.client.qr import read_picture, read_qr
from airflow_provider_wahelp.client.readers import created, read_contact, read_token, read_webhook

PAGE_SIZE = 100
"""Objects asked for at a time; what the platform allows is not known."""


def log_in(login: str, password: str) -> Call[tuple[str, float]]:
    """Exchange login and password for a token (docs/api.md, 2).

    :return: the token and its lifetime in seconds.
    """
    body = {"login": login, "password": password}
    return Call("POST", "user/login", "log in", read_token, json=body, token="", private=(login, password))


def refresh_token(token: str) -> Call[tuple[str, float]]:
    """Renew a token that is still valid (docs/api.md, 2).

    :return: the new token and its lifetime in seconds.
    """
    return Call("GET", "user/refresh-token", "renew the token", read_token, token=token, private=(token,))


def get_account() -> Call[Account]:
    """Read the account that the credentials belong to."""
    return Call("GET", "user/", "read the account", read_object(Account))


def list_projects(page: int = 1) -> Call[Page[Project]]:
    """List the account's projects."""
    return Call("GET", "projects", "list the projects", read_list(Project), params=page_query(page))


def create_project(name: str) -> Call[Project]:
    """Create a project."""
    read, body = created(Project, "id"), {"name": name}
    return Call("POST", "projects", "create a project", read, json=body, repeatable=False)


def list_channels(project_id: Id, page: int = 1) -> Call[Page[Channel]]:
    """List the channels of a project."""
    return Call(
        "GET",
        joined("projects", project_id, "channels"),
        f"list the channels of project {project_id}",
        read_list(Channel),
        params=page_query(page),
        project_id=project_id,
    )


def create_channel(project_id: Id, name: str, channel_type: str) -> Call[Channel]:
    """Create a channel; it stays inactive until somebody authorizes it."""
    return Call(
        "POST",
        joined("projects", project_id, "channels"),
        f"create a {channel_type} channel in project {project_id}",
        created(Channel, "uuid"),
        json={"name": name, "type": channel_type},
        project_id=project_id,
        repeatable=False,
    )


def get_channel(project_id: Id, channel_uuid: str) -> Call[Channel]:
    """Read one channel."""
    return Call(
        "GET",
        joined("projects", project_id, "channels", channel_uuid),
        f"read channel {channel_uuid} of project {project_id}",
        read_object(Channel),
        project_id=project_id,
    )


def get_channel_qr(project_id: Id, channel_uuid: str) -> Call[QrCode]:
    """Read the QR code that authorizes a WhatsApp channel; its shape is not known."""
    return Call(
        "GET",
        joined("projects", project_id, "channels", channel_uuid, "settings", "whatsapp", "qr"),
        f"read the QR code of channel {channel_uuid}",
        read_qr,
        project_id=project_id,
        raw=read_picture,
    )


def list_users(project_id: Id, channel_uuid: str, page: int = 1, limit: int = PAGE_SIZE) -> Call[Page[User]]:
    """List the users of a channel, a page at a time."""
    return Call(
        "GET",
        joined("projects", project_id, "channels", channel_uuid, "users"),
        f"list the users of channel {channel_uuid}",
        read_list(User),
        params={"limit": limit, "page": page},
        project_id=project_id,
    )


def create_user(project_id: Id, channel_uuid: str, name: str, phone: str) -> Call[User]:
    """Add a person to a channel."""
    return Call(
        "POST",
        joined("projects", project_id, "channels", channel_uuid, "users"),
        f"add {mask_phone(phone)} to channel {channel_uuid}",
        created(User, "id"),
        json={"name": name, "phone": phone},
        private=(name, *name.split(), phone, digits(phone)),
        project_id=project_id,
        repeatable=False,
    )


def get_user(project_id: Id, channel_uuid: str, user_id: Id) -> Call[User]:
    """Read one user of a channel."""
    return Call(
        "GET",
        joined("projects", project_id, "channels", channel_uuid, "users", user_id),
        f"read user {user_id} of channel {channel_uuid}",
        read_object(User),
        project_id=project_id,
    )


def find_contact(project_id: Id, phone: str) -> Call[Contact | None]:
    """Look a phone number up across the channels of a project; nothing is created."""
    return Call(
        "POST",
        joined("projects", project_id, "contacts", "contact_by_phone"),
        f"look {mask_phone(phone)} up in project {project_id}",
        read_contact,
        json={"phone": phone, "need_create": False},
        private=(phone, digits(phone)),
        project_id=project_id,
    )


def send_message(
    project_id: Id, channel_uuid: str, user_id: Id, text: str, file: FilePart | None = None
) -> Call[Message]:
    """Send a text, or a file with a text below it; the API has no idempotency key (docs/api.md, 3.2)."""
    fields = (("text", text),) if text else ()
    return Call(
        "POST",
        joined("projects", project_id, "channels", channel_uuid, "send_message", user_id),
        f"send a message to user {user_id} through channel {channel_uuid}",
        created(Message, "id"),
        json=None if file else {"text": text},
        form=Form((*fields, ("destination", "from_operator")), (file,)) if file else None,
        private=(text, file.name) if file else (text,),
        project_id=project_id,
        repeatable=False,
        sends=True,
    )


def get_messages(
    project_id: Id, channel_uuid: str, page: int = 1, limit: int = PAGE_SIZE
) -> Call[Page[Message]]:
    """Read the history of a channel; paging is known by analogy only, so page 1 is not named."""
    return Call(
        "GET",
        joined("projects", project_id, "channels", channel_uuid, "messages"),
        f"read the history of channel {channel_uuid}",
        read_list(Message),
        params={"limit": limit, **page_query(page)},
        project_id=project_id,
    )


def get_message(project_id: Id, channel_uuid: str, message_id: Id) -> Call[Message]:
    """Read one message."""
    return Call(
        "GET",
        joined("projects", project_id, "channels", channel_uuid, "messages", message_id),
        f"read message {message_id} of channel {channel_uuid}",
        read_object(Message),
        project_id=project_id,
    )


def set_hook(project_id: Id, url: str) -> Call[Webhook]:
    """Set the one webhook of a project."""
    return Call(
        "PUT",
        joined("projects", project_id, "hook"),
        f"set the webhook of project {project_id} to {mask_url(url)}",
        partial(read_webhook, url, ()),
        json={"url": url},
        private=secrets_of(url),
        project_id=project_id,
    )


def list_webhooks(project_id: Id, page: int = 1) -> Call[Page[Webhook]]:
    """List the webhooks of a project."""
    return Call(
        "GET",
        joined("projects", project_id, "webhooks") + "/",
        f"list the webhooks of project {project_id}",
        read_list(Webhook),
        params=page_query(page),
        project_id=project_id,
    )


def add_webhook(project_id: Id, url: str, entities: Sequence[str]) -> Call[Webhook]:
    """Add a webhook for some kinds of events."""
    return Call(
        "POST",
        joined("projects", project_id, "webhooks") + "/",
        f"add the webhook {mask_url(url)} to project {project_id}",
        partial(read_webhook, url, tuple(entities)),
        json={"url": url, "entities": list(entities)},
        private=secrets_of(url),
        project_id=project_id,
        repeatable=False,
    )
