"""Sending a text to a person, once."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from airflow_provider_wahelp.client import calls, phones
from airflow_provider_wahelp.client.bodies import FilePart
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    InputError,
    NotFoundError,
    RecipientMissingError,
    WahelpError,
)
from airflow_provider_wahelp.client.file_likeness import name_digest
from airflow_provider_wahelp.client.flow import Flow, Stamped
from airflow_provider_wahelp.client.likeness import digest, sketch
from airflow_provider_wahelp.client.masking import mask_phone
from airflow_provider_wahelp.client.models import Message, User
from airflow_provider_wahelp.client.proof import LOOKS, find_sent, may_still_arrive
from airflow_provider_wahelp.client.reconcile import BegunSend, carried_out_once, moment
from airflow_provider_wahelp.client.refusals import with_channel_check
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
            raise RecipientMissingError(
                f"write to {mask_phone(self.phone)}", "the API names no id for this person"
            )
        return user.id


def send_to(
    recipient: Recipient, text: str, others: Container[Id] = (), file: FilePart | None = None
) -> Flow[Message]:
    """Find the recipient, and send them a text once.

    :param others: the ids of messages that are known to be others.
    :param file: a file to send with it.
    """
    begun = yield from begin_send(recipient, text, others, file=file)
    return (yield from send_message(begun, text, file=file))


def begin_send(
    to: Recipient,
    text: str,
    others: Container[Id] = (),
    user_id: Id | None = None,
    file: FilePart | None = None,
) -> Flow[BegunSend]:
    """Find the recipient, and return a send that begins now.

    :param others: the ids of messages that are known to be others.
    :param user_id: the recipient, if known by now.
    :param file: a file that is sent with the text.
    """
    if user_id is None:
        user_id = yield from to.resolve()
    now = yield from moment()
    known = to.project_id, to.channel_uuid, user_id, digest(text)
    name = name_digest(file.name) if file else ""
    return BegunSend(*known, now.seconds, now.by_host, others, now.seconds, sketch(text), name)


def send_message(
    begun: BegunSend,
    text: str,
    looks: Sequence[float] | None = LOOKS,
    before_repeat: Callable[[BegunSend], None] = lambda begun: None,
    *,
    patient: bool = True,
    file: FilePart | None = None,
) -> Flow[Message]:
    """Send a text once: where the outcome is unknown, look into the history before sending again.

    After a refusal the channel is read: the API may blame a person for a channel that is not active.

    :param looks: the seconds before each look; ``None`` leaves an unknown outcome to the caller.
    :param before_repeat: is called before the text is sent again, with when that is.
    :param patient: whether to wait, before that, until nothing can be under way any more, nor show up late;
        otherwise that is waited for only where the server was too slow to answer.
    :param file: a file to send with the text.
    :raises UnknownOutcomeError: if the outcome is unknown, and the history does not tell it.
    """

    def find(error: WahelpError) -> Flow[Message | None]:
        nonlocal begun
        found = yield from find_sent(begun, text, looks or (), under_way=patient or may_still_arrive(error))
        if found is None:
            begun = replace(begun, attempted=(yield from moment()).seconds)
            before_repeat(begun)
        return found

    attempt = partial(_attempt, begun, text, file)
    message = yield from attempt() if looks is None else carried_out_once(attempt, find)
    return replace(  # what the answer leaves out
        message,
        user_id=begun.user_id if message.user_id is None else message.user_id,
        text=text if message.text is None else message.text,
        direction="outgoing",
    )


def _attempt(begun: BegunSend, text: str, file: FilePart | None) -> Flow[Message]:
    """Send a text, and learn from the answer by which clock the history's times are."""
    project, channel = begun.project_id, begun.channel_uuid
    asked = yield from moment()
    call = calls.send_message(project, channel, begun.user_id, text, file)
    message = yield from with_channel_check(call, project, channel)
    if message.created_at:
        yield Stamped(message.created_at.timestamp(), asked)
    return message


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
