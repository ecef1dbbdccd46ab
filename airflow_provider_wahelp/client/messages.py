"""Sending a text to a person, once."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace

from airflow_provider_wahelp.client import calls, phones
from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import InputError, NotFoundError
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.client.models import Message, User
from airflow_provider_wahelp.client.operations import with_channel_check
from airflow_provider_wahelp.client.reconcile import LOOKS, carried_out_once, digest, find_sent, moment
from airflow_provider_wahelp.client.server_clock import Moment
from airflow_provider_wahelp.client.users import ensure_user


@dataclass(frozen=True)
class Recipient:
    """The recipient of a message and the channel: a user of the channel, or a phone.

    :param user_id: the person, as a user of the channel; or
    :param phone: their normalised number.
    """

    project_id: Id
    channel_uuid: str
    user_id: Id | None = None
    phone: str = field(default="", repr=False)
    name: str = field(default="", repr=False)

    def resolve(self) -> Flow[Id]:
        """Return the user's id; a phone is found in the channel, or added to it."""
        if self.user_id is not None:
            return self.user_id
        user = yield from ensure_user(
            self.project_id, self.channel_uuid, self.name, self.phone, complete=False
        )
        if user.id is None:
            raise NotFoundError(f"write to {mask_phone(self.phone)}", "the API names no id for this person")
        return user.id


def send_to(recipient: Recipient, text: str, others: Container[Id] = ()) -> Flow[Message]:
    """Send a text to whoever it is for; see :func:`send_message`.

    :param others: the ids of messages that are known to be others.
    """
    user_id = yield from recipient.resolve()
    return (yield from send_message(recipient, user_id, text, others=others))


def send_message(
    recipient: Recipient,
    user_id: Id,
    text: str,
    since: Moment | None = None,
    *,
    look: bool = True,
    others: Container[Id] = (),
    looks: Sequence[float] = LOOKS,
) -> Flow[Message]:
    """Send a text once: where the outcome is unclear, look into the history before sending again.

    After a refusal the channel is read: the API may blame a person for a channel that is not active.

    :param since: when this was begun; now by default.
    :param look: whether to look, or to leave an unclear outcome to the caller.
    :param others: the ids of messages that are known to be others.
    :param looks: the seconds before each look.
    :raises UnknownOutcomeError: if the outcome is unclear and the history cannot be read.
    """
    project, channel = recipient.project_id, recipient.channel_uuid
    call = calls.send_message(project, channel, user_id, text)
    known = project, channel, user_id, digest(text), since or (yield from moment()), others, looks

    def send() -> Flow[Message]:
        return with_channel_check(call, project, channel)

    message = yield from carried_out_once(send, lambda: find_sent(*known)) if look else send()
    return _sent(message, user_id, text)


def by_phone(to: Recipient) -> Flow[Recipient]:
    """Return a person as they are known by in every channel.

    :param to: the person, as a user of one channel.
    :raises InputError: if Wahelp does not tell their phone.
    """
    try:
        user: User = yield calls.get_user(to.project_id, to.channel_uuid, to.user_id or "")
        number = phones.normalise(user.phone)
    except (NotFoundError, InputError):
        raise InputError(
            "fallback",
            "needs the person's phone, and Wahelp does not tell it: name them by phone, not user_id",
        ) from None
    return replace(to, user_id=None, phone=number, name=user.name or number)


def _sent(message: Message, user_id: Id, text: str) -> Message:
    """Fill in what the API's answer leaves out."""
    return replace(
        message,
        user_id=user_id if message.user_id is None else message.user_id,
        text=text if message.text is None else message.text,
        direction="outgoing",
    )
