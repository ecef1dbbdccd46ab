"""Changing what there is: what takes more than one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import InputError, NotFoundError, UnknownOutcomeError, WahelpError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Channel, Contact, Message, User
from airflow_provider_wahelp.client.operations import get_channel
from airflow_provider_wahelp.client.platform import people
from airflow_provider_wahelp.client.users import find_user


def delete_message(project_id: Id, channel_uuid: str, message_id: Id) -> Flow[bool]:
    """Delete a message; return whether there was one."""
    look = calls.get_message(project_id, channel_uuid, message_id)
    around = calls.get_channel(project_id, channel_uuid)
    return delete(people.delete_message(project_id, channel_uuid, message_id), look, around)


def delete_user(
    project_id: Id, channel_uuid: str, user_id: Id | None = None, phone: str | None = None
) -> Flow[bool]:
    """Remove a user from a channel; return whether there was one.

    :param user_id: the user; or
    :param phone: their number.
    """
    if phone:
        user: User | None = yield from find_user(project_id, channel_uuid, phone)
        user_id = user.id if user else None
    if user_id is None:
        return False
    look = calls.get_user(project_id, channel_uuid, user_id)
    around = calls.get_channel(project_id, channel_uuid)
    return (yield from delete(people.delete_user(project_id, channel_uuid, user_id), look, around))


def delete_channel(project_id: Id, channel_uuid: str, name: str) -> Flow[bool]:
    """Remove a channel; return whether there was one.

    :param name: its name, so that no other one is removed by a mistyped uuid.
    :raises InputError: if its name is another.
    """
    try:
        channel: Channel = yield from get_channel(project_id, channel_uuid)
    except NotFoundError:
        yield calls.list_channels(project_id)  # an error if it is the project that is missing
        return False
    if (channel.name or "").strip() != name.strip():
        raise InputError("name", f"must be the name of channel {channel_uuid}: what is deleted is gone")
    look, around = calls.get_channel(project_id, channel_uuid), calls.list_channels(project_id)
    return (yield from delete(people.delete_channel(project_id, channel_uuid), look, around))


def block_contact(project_id: Id, contact_id: Id, *, blocked: bool) -> Flow[Id]:
    """Block a contact, or unblock it; return its id."""
    yield people.block_contact(project_id, contact_id, blocked=blocked)
    return contact_id


def block_phone(project_id: Id, phone: str, *, blocked: bool) -> Flow[Id]:
    """Block the contact with a phone, or unblock it; return its id.

    :raises NotFoundError: if the project does not know the number.
    """
    call = calls.find_contact(project_id, phone)
    contact: Contact | None = yield call
    if contact is None or contact.id is None:
        raise NotFoundError(call.what, "the project has no contact with this phone")
    return (yield from block_contact(project_id, contact.id, blocked=blocked))


def send_cascade(project_id: Id, phone: str, text: str, fields: Mapping[str, Any]) -> Flow[Message]:
    """Send a text through the cascade.

    :raises UnknownOutcomeError: if the answer was lost: which channel's history would show it is not known.
    """
    call = people.send_cascade(project_id, phone, text, fields)
    try:
        message: Message = yield call
    except WahelpError as error:
        if not error.may_have_happened:
            raise
        what = f"the message through the cascade of project {project_id} was sent"
        raise UnknownOutcomeError(what, error.reason, status=error.status) from error
    return message


def delete(call: Call[None], look: Call[Any], around: Call[Any]) -> Flow[bool]:
    """Delete something; it counts as gone only where it cannot be read, and what it was in can.

    :param look: reads it.
    :param around: reads what it is in.
    :return: whether there was one.
    """
    try:
        yield call
    except NotFoundError:  # of the thing, of what it was in, or of the operation
        if (yield from _is_there(look)):
            raise
        yield around
        return False
    return True


def _is_there(look: Call[Any]) -> Flow[bool]:
    try:
        yield look
    except NotFoundError:
        return False
    return True
