"""What the platform keeps, as plain rows that refer to each other by id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["sent", "delivered", "read"]


@dataclass(slots=True)
class Project:
    """A project of the account."""

    id: int
    name: str
    hook: str | None = None
    cascade: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Channel:
    """One number or account of a messenger. ``activates_at`` is when it becomes active by itself."""

    id: int
    uuid: str
    project_id: int
    name: str
    type: str
    active: bool = False
    activates_at: float | None = None
    removed: bool = False


@dataclass(slots=True)
class Contact:
    """A person across the channels of a project."""

    id: int
    project_id: int
    phone: str
    blocked: bool = False


@dataclass(slots=True)
class User:
    """A person in one channel. ``created`` is in seconds since the epoch, by the server's clock."""

    id: int
    channel_uuid: str
    contact_id: int
    name: str
    phone: str
    created: float = 0.0
    removed: bool = False


@dataclass(slots=True)
class Message:
    """A message to or from a user.

    ``destination`` is ``from``, ``from_operator``, or ``from_`` and the channel's type for what went out past
    the API. ``created`` is in seconds since the epoch, ``skew`` is how wrong the server's clock was then, and
    ``appears_at`` is when the history will show the message; ``None``: it does.
    """

    id: int
    user_id: int
    channel_uuid: str
    text: str
    destination: str
    created: float
    status: Status
    skew: float = 0.0
    appears_at: float | None = None
    message_type: str = "text"
    file_url: str | None = None


@dataclass(slots=True)
class Webhook:
    """An address that wants events; without entities it wants all of them."""

    uuid: str
    project_id: int
    url: str
    entities: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Mailing:
    """A mailing that the platform itself sends to all users of a channel.

    ``sent_to`` has the ids of its messages, and ``ends_at`` is when it is over; ``None``: it never is.
    """

    id: int
    project_id: int
    channel_uuid: str
    kind: str
    name: str
    text: str
    status: str = "draft"
    ends_at: float | None = None
    sent_to: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Template:
    """A template of WhatsApp Business. ``said`` has all that was said of it."""

    id: int
    channel_uuid: str
    name: str
    said: dict[str, object] = field(default_factory=dict)
    removed: bool = False
