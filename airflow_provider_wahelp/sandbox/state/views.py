"""The platform's spelling of its objects."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_wahelp.sandbox.habits import texts, times

if TYPE_CHECKING:
    from airflow_provider_wahelp.sandbox.habits.habits import Habits
    from airflow_provider_wahelp.sandbox.state.records import Channel, Message, Project, User, Webhook
    from airflow_provider_wahelp.sandbox.state.registry import Registry


def project(record: Project) -> dict[str, Any]:
    """Show a project.

    :param record: the project.
    """
    return {"id": record.id, "name": record.name}


def channel(record: Channel) -> dict[str, Any]:
    """Show a channel.

    :param record: the channel.
    """
    return {
        "id": record.id,
        "name": record.name,
        "uuid": record.uuid,
        "active": record.active,
        "type": record.type,
        "settings": {},
        "project_id": record.project_id,
    }


def user(registry: Registry, habits: Habits, record: User) -> dict[str, Any]:
    """Show a user.

    :param registry: where the channel and the last message are found.
    :param habits: how times and texts are shown.
    :param record: the user.
    """
    return {
        "id": record.id,
        "name": record.name,
        "phone": record.phone,
        "channel_id": registry.channels[record.channel_uuid].id,
        "contact_id": record.contact_id,
        "blocked": registry.contacts[record.contact_id].blocked,
        "last_message": last_message(registry, habits, record),
    }


def contact_user(registry: Registry, habits: Habits, record: User) -> dict[str, Any]:
    """Show a user as a part of a contact.

    :param registry: where the channel and the last message are found.
    :param habits: how times and texts are shown.
    :param record: the user.
    """
    return {
        "id": record.id,
        "channel_id": registry.channels[record.channel_uuid].id,
        "uid": record.phone,
        "blocked": registry.contacts[record.contact_id].blocked,
        "last_message": last_message(registry, habits, record),
    }


def last_message(registry: Registry, habits: Habits, record: User) -> dict[str, Any] | None:
    """Show the latest message of a user, if there is one.

    :param registry: where it is found.
    :param habits: how times and texts are shown.
    :param record: the user.
    """
    latest = registry.last_message_of.get(record.id)
    return _core(habits, latest) | {"message": _stored(habits, latest)} if latest else None


def message(registry: Registry, habits: Habits, record: Message) -> dict[str, Any]:
    """Show a message as history and webhooks do: the text is called ``message``.

    :param registry: where its user and channel are found.
    :param habits: how times and texts are shown.
    :param record: the message.
    """
    person = registry.users[record.user_id]
    return {
        **_core(habits, record),
        "user_id": record.user_id,
        "channel_id": registry.channels[record.channel_uuid].id,
        "message": _stored(habits, record),
        "user": _person(habits, person, registry.channels[person.channel_uuid]),
    }


def sent(registry: Registry, habits: Habits, record: Message) -> dict[str, Any]:
    """Show a message as the answer to a send does: the text is called ``text``.

    :param registry: where its channel is found.
    :param habits: how times and texts are shown.
    :param record: the message.
    """
    return {
        **_core(habits, record),
        "text": _stored(habits, record) if habits.texts_in_answer else record.text,
        "user_id": record.user_id,
        "channel_id": registry.channels[record.channel_uuid].id,
    }


def webhook(record: Webhook) -> dict[str, Any]:
    """Show a registered address.

    :param record: the webhook.
    """
    return {"uuid": record.uuid, "url": record.url, "entities": list(record.entities)}


def line(record: Message) -> dict[str, Any]:
    """Show a message as its receiver sees it. This is the sandbox's own spelling, in UTC.

    :param record: the message.
    """
    return {
        "id": record.id,
        "channel_uuid": record.channel_uuid,
        "direction": "incoming" if record.destination == "from" else "outgoing",
        "text": record.text,
        "message_type": record.message_type,
        "file_url": record.file_url,
        "status": record.status,
        "created_at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
    }


def _stored(habits: Habits, record: Message) -> str:
    return texts.stored(habits, record.text, incoming=record.destination == "from")


def _core(habits: Habits, record: Message) -> dict[str, Any]:
    return {
        "id": record.id,
        "message_type": record.message_type,
        "destination": record.destination,
        "status": record.status,
        **times.stamp(habits, record.created + record.skew),
        "file_url": record.file_url,
        "operator_id": None,
        "comment_user_id": None,
    }


def _person(habits: Habits, record: User, channel: Channel) -> dict[str, Any]:
    """Show a user as a part of a message."""
    return {
        "id": record.id,
        "name": record.name,
        "phone": None if channel.type == "instagram" else record.phone,  # nobody has one there
        "uid": record.phone,
        "uid2": None,
        "contact_id": record.contact_id,
        "channel_id": channel.id,
        **times.stamp(habits, record.created),
        "blocked": False,
    }
