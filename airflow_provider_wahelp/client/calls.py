"""What the API can do: one function per operation, arguments in, a :class:`Call` out (docs/api.md, 3).

A call is data. Each client performs it with its own HTTP library; ``retries`` decides whether to repeat it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Generic, TypeGuard, TypeVar
from urllib.parse import quote

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.answers import (
    Answer,
    Envelope,
    Page,
    open_envelope,
    read_list,
    read_object,
)
from airflow_provider_wahelp.client.masking import mask_phone, mask_url, scrub, secrets_of
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
from airflow_provider_wahelp.client.phones import digits
from airflow_provider_wahelp.client.qr import read_picture, read_qr

T = TypeVar("T")
Id = int | str

PAGE_SIZE = 100
"""Objects asked for at a time; what the platform allows is not known."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request to the API, and how its answer is read.

    :param path: the path below ``/api/app/`` or another root, its parts quoted.
    :param what: the call in words, for logs and errors, with nothing personal in it.
    :param read: turns a successful answer's envelope into the result.
    :param project_id: what ``X-Project`` is to say.
    :param repeatable: whether carrying it out twice is the same as once.
    :param token: a bearer token to use in place of the shared one; the empty string for none.
    :param private: values of the request that an error must not quote.
    :param raw: reads an answer that has no envelope, e.g. a picture; ``None`` where it has one.
    :param root: what stands between ``/api/`` and the path: ``app`` or ``crm``.
    """

    method: str
    path: str
    what: str
    read: Callable[[Envelope], T] = field(repr=False)
    json: Any = field(default=None, repr=False)
    params: Mapping[str, Any] | None = field(default=None, repr=False)
    project_id: Id | None = None
    repeatable: bool = True
    token: str | None = field(default=None, repr=False)
    private: Sequence[str] = field(default=(), repr=False)
    raw: Callable[[Answer], T | None] | None = field(default=None, repr=False)
    root: str = "app"

    def result(self, answer: Answer, token: str = "") -> T:
        """Return what an answer to this call says.

        :param token: the token that was sent, which an error must not quote either.
        :raises WahelpError: the error that the answer means.
        """
        if self.raw and answer.status == 200 and (found := self.raw(answer)) is not None:  # noqa: PLR2004
            return found
        envelope = open_envelope(answer, self.what, (*self.private, token))
        try:
            return self.read(envelope)
        except (ValueError, KeyError, TypeError) as error:
            raise errors.UnreadableAnswerError(self.what, str(error), status=answer.status) from None


def log_in(login: str, password: str) -> Call[tuple[str, float]]:
    """Exchange login and password for a token (docs/api.md, 2).

    :return: the token and its lifetime in seconds.
    """
    return Call(
        "POST",
        "user/login",
        "log in",
        _read_token,
        json={"login": login, "password": password},
        token="",
        private=(login, password),
    )


def refresh_token(token: str) -> Call[tuple[str, float]]:
    """Renew a token that is still valid (docs/api.md, 2).

    :return: the new token and its lifetime in seconds.
    """
    return Call("GET", "user/refresh-token", "renew the token", _read_token, token=token, private=(token,))


def get_account() -> Call[Account]:
    """Read the account that the credentials belong to."""
    return Call("GET", "user/", "read the account", read_object(Account))


def list_projects(page: int = 1) -> Call[Page[Project]]:
    """List the account's projects."""
    return Call("GET", "projects", "list the projects", read_list(Project), params=_page(page))


def create_project(name: str) -> Call[Project]:
    """Create a project."""
    return Call(
        "POST",
        "projects",
        "create a project",
        _created(Project, "id"),
        json={"name": name},
        repeatable=False,
    )


def list_channels(project_id: Id, page: int = 1) -> Call[Page[Channel]]:
    """List the channels of a project."""
    return Call(
        "GET",
        _path("projects", project_id, "channels"),
        f"list the channels of project {project_id}",
        read_list(Channel),
        params=_page(page),
        project_id=project_id,
    )


def create_channel(project_id: Id, name: str, channel_type: str) -> Call[Channel]:
    """Create a channel; it stays inactive until somebody authorizes it."""
    return Call(
        "POST",
        _path("projects", project_id, "channels"),
        f"create a {channel_type} channel in project {project_id}",
        _created(Channel, "uuid"),
        json={"name": name, "type": channel_type},
        project_id=project_id,
        repeatable=False,
    )


def get_channel(project_id: Id, channel_uuid: str) -> Call[Channel]:
    """Read one channel."""
    return Call(
        "GET",
        _path("projects", project_id, "channels", channel_uuid),
        f"read channel {channel_uuid} of project {project_id}",
        read_object(Channel),
        project_id=project_id,
    )


def get_channel_qr(project_id: Id, channel_uuid: str) -> Call[QrCode]:
    """Read the QR code that authorizes a WhatsApp channel; its shape is not known."""
    return Call(
        "GET",
        _path("projects", project_id, "channels", channel_uuid, "settings", "whatsapp", "qr"),
        f"read the QR code of channel {channel_uuid}",
        read_qr,
        project_id=project_id,
        raw=read_picture,
    )


def list_users(project_id: Id, channel_uuid: str, page: int = 1, limit: int = PAGE_SIZE) -> Call[Page[User]]:
    """List the users of a channel, a page at a time."""
    return Call(
        "GET",
        _path("projects", project_id, "channels", channel_uuid, "users"),
        f"list the users of channel {channel_uuid}",
        read_list(User),
        params={"limit": limit, "page": page},
        project_id=project_id,
    )


def create_user(project_id: Id, channel_uuid: str, name: str, phone: str) -> Call[User]:
    """Add a person to a channel."""
    return Call(
        "POST",
        _path("projects", project_id, "channels", channel_uuid, "users"),
        f"add {mask_phone(phone)} to channel {channel_uuid}",
        _created(User, "id"),
        json={"name": name, "phone": phone},
        private=(name, *name.split(), phone, digits(phone)),
        project_id=project_id,
        repeatable=False,
    )


def get_user(project_id: Id, channel_uuid: str, user_id: Id) -> Call[User]:
    """Read one user of a channel."""
    return Call(
        "GET",
        _path("projects", project_id, "channels", channel_uuid, "users", user_id),
        f"read user {user_id} of channel {channel_uuid}",
        read_object(User),
        project_id=project_id,
    )


def find_contact(project_id: Id, phone: str) -> Call[Contact | None]:
    """Look a phone number up across the channels of a project; nothing is created."""
    return Call(
        "POST",
        _path("projects", project_id, "contacts", "contact_by_phone"),
        f"look {mask_phone(phone)} up in project {project_id}",
        _read_contact,
        json={"phone": phone, "need_create": False},
        private=(phone, digits(phone)),
        project_id=project_id,
    )


def send_message(project_id: Id, channel_uuid: str, user_id: Id, text: str) -> Call[Message]:
    """Send a text; the API has no idempotency key (docs/api.md, 3.2)."""
    return Call(
        "POST",
        _path("projects", project_id, "channels", channel_uuid, "send_message", user_id),
        f"send a message to user {user_id} through channel {channel_uuid}",
        read_object(Message),
        json={"text": text},
        private=(text,),
        project_id=project_id,
        repeatable=False,
    )


def get_messages(
    project_id: Id, channel_uuid: str, page: int = 1, limit: int = PAGE_SIZE
) -> Call[Page[Message]]:
    """Read the history of a channel; paging is known by analogy only, so page 1 is not named."""
    return Call(
        "GET",
        _path("projects", project_id, "channels", channel_uuid, "messages"),
        f"read the history of channel {channel_uuid}",
        read_list(Message),
        params={"limit": limit, **_page(page)},
        project_id=project_id,
    )


def get_message(project_id: Id, channel_uuid: str, message_id: Id) -> Call[Message]:
    """Read one message."""
    return Call(
        "GET",
        _path("projects", project_id, "channels", channel_uuid, "messages", message_id),
        f"read message {message_id} of channel {channel_uuid}",
        read_object(Message),
        project_id=project_id,
    )


def set_hook(project_id: Id, url: str) -> Call[Webhook]:
    """Set the one webhook of a project."""
    return Call(
        "PUT",
        _path("projects", project_id, "hook"),
        f"set the webhook of project {project_id} to {mask_url(url)}",
        partial(_read_webhook, url, ()),
        json={"url": url},
        private=secrets_of(url),
        project_id=project_id,
    )


def list_webhooks(project_id: Id, page: int = 1) -> Call[Page[Webhook]]:
    """List the webhooks of a project."""
    return Call(
        "GET",
        _path("projects", project_id, "webhooks") + "/",
        f"list the webhooks of project {project_id}",
        read_list(Webhook),
        params=_page(page),
        project_id=project_id,
    )


def add_webhook(project_id: Id, url: str, entities: Sequence[str]) -> Call[Webhook]:
    """Add a webhook for some kinds of events."""
    return Call(
        "POST",
        _path("projects", project_id, "webhooks") + "/",
        f"add the webhook {mask_url(url)} to project {project_id}",
        partial(_read_webhook, url, tuple(entities)),
        json={"url": url, "entities": list(entities)},
        private=secrets_of(url),
        project_id=project_id,
        repeatable=False,
    )


def request(
    method: str,
    path: str,
    *,
    json: Any = None,
    params: Mapping[str, Any] | None = None,
    project_id: Id | None = None,
) -> Call[Any]:
    """Call any of the vendor's 376 operations.

    :param path: the path, with or without ``/api/app/`` before it; those below ``/api/crm/`` with that.
    :return: what the answer's envelope holds.
    """
    method = method.upper()
    root, path = _rooted(path)
    return Call(
        method,
        path,
        f"{method} /api/{root}/{scrub(path.partition('?')[0])}",
        lambda envelope: envelope.data,
        json=json,
        params=params,
        private=list(_strings([json, params])),
        project_id=project_id,
        repeatable=method in {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"},
        root=root,
    )


def _rooted(path: str) -> tuple[str, str]:
    """Return the root of a path and what is below it; ``api/documentation`` lies below ``/api/app/``."""
    path = path.lstrip("/")
    if path.startswith("api/crm/"):
        return "crm", path.removeprefix("api/crm/")
    return "app", path.removeprefix("api/app/").removeprefix("app/")


def _path(*parts: Id) -> str:
    return "/".join(map(_quoted, parts))


@lru_cache(1024)  # most are asked for again and again
def _quoted(part: Id) -> str:
    return quote(str(part), safe="")


def _page(page: int) -> dict[str, int]:
    return {"page": page} if page > 1 else {}


def _created(kind: type[Any], key: str) -> Callable[[Envelope], Any]:
    """Return a reader that insists on what the next calls need."""
    read = read_object(kind)

    def read_created(envelope: Envelope) -> Any:
        made = read(envelope)
        if getattr(made, key) is None:
            raise ValueError(f"it holds no {key}")
        return made

    return read_created


def _read_token(envelope: Envelope) -> tuple[str, float]:
    """Read the answer of a login or of a refresh, whose shape is another."""
    data = envelope.data if isinstance(envelope.data, Mapping) else {}
    inner = data["token"] if isinstance(data.get("token"), Mapping) else data
    value = inner.get("access_token") or inner.get("token")
    if not sendable(value):
        raise ValueError("it holds no token")
    return value, _lifetime(inner)


def sendable(token: object) -> TypeGuard[str]:
    """Return whether a token can stand in a header; the HTTP libraries quote one that cannot."""
    return isinstance(token, str) and re.fullmatch(r"[!-~]+", token) is not None


def _lifetime(data: Mapping[str, Any], assumed: float = 3600) -> float:
    """Return ``expires_in``, which may be missing or a string (docs/api.md, 2)."""
    try:
        seconds = float(data.get("expires_in") or assumed)
    except (TypeError, ValueError, OverflowError):
        return assumed
    return seconds if seconds > 0 else assumed


def _read_contact(envelope: Envelope) -> Contact | None:
    return Contact.from_api(envelope.data) if isinstance(envelope.data, Mapping) and envelope.data else None


def _read_webhook(url: str, entities: Sequence[str], envelope: Envelope) -> Webhook:
    """Read a registration; what the API answers is not documented, what was asked for is known."""
    data = envelope.data if isinstance(envelope.data, Mapping) else {}
    return Webhook.from_api({"url": url, "entities": list(entities), **data})


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _strings(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _strings(entry)
