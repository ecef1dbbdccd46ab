"""Changing what there is: messages, users, contacts, channels, and the order of channels (docs/api.md, 3.7).

Only the operations are known, not what they take and answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from airflow_provider_wahelp.client.answers import Envelope, Page, read_list
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.masking import mask_phone, strings_in
from airflow_provider_wahelp.client.models import Channel, Message, Model, User
from airflow_provider_wahelp.client.paths import joined, page_query
from airflow_provider_wahelp.client.phones import digits

M = TypeVar("M", bound=Model)


def edit_message(project_id: Id, channel_uuid: str, message_id: Id, text: str) -> Call[Message]:
    """Give a message another text."""
    return Call(
        "PUT",
        joined("projects", project_id, "channels", channel_uuid, "messages", message_id),
        f"edit message {message_id} of channel {channel_uuid}",
        _changed(Message, {"id": message_id, "text": text}),
        json={"text": text},
        private=(text,),
        project_id=project_id,
    )


def delete_message(project_id: Id, channel_uuid: str, message_id: Id) -> Call[None]:
    """Delete a message."""
    return Call(
        "DELETE",
        joined("projects", project_id, "channels", channel_uuid, "messages", message_id),
        f"delete message {message_id} of channel {channel_uuid}",
        _nothing,
        project_id=project_id,
    )


def update_user(project_id: Id, channel_uuid: str, user_id: Id, fields: Mapping[str, Any]) -> Call[User]:
    """Change a user of a channel."""
    return Call(
        "PUT",
        joined("projects", project_id, "channels", channel_uuid, "users", user_id),
        f"change user {user_id} of channel {channel_uuid}",
        _changed(User, {"id": user_id, **fields}),
        json=dict(fields),
        private=_words(fields),
        project_id=project_id,
    )


def delete_user(project_id: Id, channel_uuid: str, user_id: Id) -> Call[None]:
    """Remove a user from a channel."""
    return Call(
        "DELETE",
        joined("projects", project_id, "channels", channel_uuid, "users", user_id),
        f"delete user {user_id} of channel {channel_uuid}",
        _nothing,
        project_id=project_id,
    )


def update_channel(project_id: Id, channel_uuid: str, fields: Mapping[str, Any]) -> Call[Channel]:
    """Change a channel."""
    return Call(
        "PUT",
        joined("projects", project_id, "channels", channel_uuid),
        f"change channel {channel_uuid} of project {project_id}",
        _changed(Channel, {"uuid": channel_uuid, **fields}),
        json=dict(fields),
        private=_words(fields),
        project_id=project_id,
    )


def delete_channel(project_id: Id, channel_uuid: str) -> Call[None]:
    """Remove a channel from a project."""
    return Call(
        "DELETE",
        joined("projects", project_id, "channels", channel_uuid),
        f"delete channel {channel_uuid} of project {project_id}",
        _nothing,
        project_id=project_id,
    )


def block_contact(project_id: Id, contact_id: Id, *, blocked: bool) -> Call[None]:
    """Block a contact, or unblock it, which the list does not have: its path is a guess."""
    verb = "block" if blocked else "unblock"
    return Call(
        "POST",
        joined("projects", project_id, "contacts", contact_id, verb),
        f"{verb} contact {contact_id} of project {project_id}",
        _nothing,
        project_id=project_id,
    )


def import_contacts(project_id: Id, channel_uuid: str) -> Call[Any]:
    """Import the contacts of a channel's WhatsApp."""
    return Call(
        "POST",
        joined("projects", project_id, "channels", channel_uuid, "import_contacts"),
        f"import the contacts of channel {channel_uuid}",
        _as_it_came,
        project_id=project_id,
        repeatable=False,
    )


def list_lost_messages(project_id: Id, page: int = 1) -> Call[Page[Message]]:
    """List what the vendor calls the lost messages of a project."""
    return Call(
        "GET",
        joined("projects", project_id, "lost_messages"),
        f"list the lost messages of project {project_id}",
        read_list(Message),
        params=page_query(page),
        project_id=project_id,
    )


def get_cascade(project_id: Id) -> Call[Any]:
    """Read in which order the channels of a project are tried."""
    return Call(
        "GET",
        joined("projects", project_id, "config", "cascade"),
        f"read the cascade of project {project_id}",
        _as_it_came,
        project_id=project_id,
    )


def set_cascade(project_id: Id, config: Any) -> Call[Any]:
    """Set in which order the channels of a project are tried."""
    return Call(
        "PUT",
        joined("projects", project_id, "config", "cascade"),
        f"set the cascade of project {project_id}",
        _as_it_came,
        json=config,
        private=list(strings_in(config)),
        project_id=project_id,
    )


def send_cascade(project_id: Id, phone: str, text: str, fields: Mapping[str, Any]) -> Call[Message]:
    """Send a text through the first channel of the cascade that reaches a person."""
    return Call(
        "POST",
        joined("projects", project_id, "send_message_cascade") + "/",
        f"send a message to {mask_phone(phone)} through the cascade of project {project_id}",
        _changed(Message, {}),
        json={"phone": phone, "text": text, **fields},
        private=[text, phone, digits(phone), *strings_in(fields)],
        project_id=project_id,
        repeatable=False,
        sends=True,
    )


def _changed(model: type[M], known: Mapping[str, Any]) -> Callable[[Envelope], M]:
    """Return a reader of an object that was changed: of what is not told, what was asked for is known."""
    return partial(_read_changed, model, known)


def _read_changed(model: type[M], known: Mapping[str, Any], envelope: Envelope) -> M:
    told = envelope.data if isinstance(envelope.data, Mapping) else {}
    if model is Message and "message" in told:
        known = {key: value for key, value in known.items() if key != "text"}
    return model.from_api({**known, **told})


def _words(fields: Mapping[str, Any]) -> list[str]:
    """Return what an error must not quote: a name is not to be quoted in part either."""
    return [part for text in strings_in(fields) for part in (text, *text.split())]


def _as_it_came(envelope: Envelope) -> Any:
    return envelope.data


def _nothing(_: Envelope) -> None:
    return None
