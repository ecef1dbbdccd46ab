"""Finding a person in a channel, or adding them to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.arguments import IfExists
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    NotFoundError,
    RejectedError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.models import Channel, Contact, User
from airflow_provider_wahelp.client.operations import existing, get_channel
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.phones import digits
from airflow_provider_wahelp.client.reconcile import created_once
from airflow_provider_wahelp.client.refusals import REFUSALS, Refusal, judged, with_channel_check

_IDS = ("user_id", "existing_id", "id")


def find_user(project_id: Id, channel_uuid: str, phone: str) -> Flow[User | None]:
    """Find a person in a channel by phone, compared by digits; ``None`` if the channel has no such user.

    Asks ``contact_by_phone``, which the integration guide does not know, and where the server lacks that,
    the list of the channel's users.
    """
    try:
        contact: Contact | None = yield calls.find_contact(project_id, phone)
    except (NotFoundError, RejectedError) as error:
        # "No such contact" and "no such operation" can look alike; one page of users is a cheap second look.
        pages = 1 if _speaks_of_the_contact(error) else None
        return (yield from _search_users(project_id, channel_uuid, phone, pages))
    if contact is None or not contact.users:
        return None
    try:
        channel = yield from get_channel(project_id, channel_uuid)
    except NotFoundError:
        channel = Channel()
    if channel.id is None:  # nothing to compare the contact's channels with
        return (yield from _search_users(project_id, channel_uuid, phone))
    return next(
        (_user_of(contact, user, phone) for user in contact.users if user.channel_id == channel.id), None
    )


def ensure_user(
    project_id: Id,
    channel_uuid: str,
    name: str,
    phone: str,
    if_exists: IfExists = "reuse",
    *,
    complete: bool = True,
) -> Flow[User]:
    """Add a person to a channel, or take the one with the same phone.

    :param if_exists: what to do with somebody of the same phone.
    :param complete: whether all fields of somebody found are wanted, or the id will do.
    """
    call = calls.create_user(project_id, channel_uuid, name, phone)
    if if_exists != "create":
        found = yield from find_user(project_id, channel_uuid, phone)
        if found:
            existing(found, if_exists, call.what)
            return (yield from _completed(project_id, channel_uuid, found)) if complete else found

    def find_again() -> Flow[User | None]:
        return (yield from find_user(project_id, channel_uuid, phone))

    if if_exists == "create":  # a user of the same phone may be an older one: nothing to look for
        return (yield from with_channel_check(call, project_id, channel_uuid))
    try:
        return (yield from created_once(call, find_again))
    except REFUSALS as error:
        there = yield from _there_already(error, project_id, channel_uuid, phone)
        return existing(there, if_exists, call.what)


def _search_users(
    project_id: Id, channel_uuid: str, phone: str, pages: int | None = None
) -> Flow[User | None]:
    pager: Pager[User] = Pager(paged=True)
    while not pager.done and (pages is None or pager.number <= pages):
        try:
            page = yield from pager.ask(lambda number: calls.list_users(project_id, channel_uuid, number))
        except NotFoundError:
            return None
        for user in pager.take(page):
            if user.phone and digits(user.phone) == digits(phone):
                return user
    return None


def _there_already(error: Refusal, project_id: Id, channel_uuid: str, phone: str) -> Flow[User]:
    """Return whom a refusal is about: an error may say that the phone is there already (docs/api.md, 3.1).

    :raises WahelpError: what the refusal comes to, where it is about nobody who is there.
    """
    if named := (yield from _named(error, project_id, channel_uuid, phone)):
        return named
    verdict = yield from judged(error, project_id, channel_uuid)
    if type(verdict) is RejectedError:
        found = yield from _search_users(project_id, channel_uuid, phone)
        if found:
            return found
    raise verdict


def _named(error: WahelpError, project_id: Id, channel_uuid: str, phone: str) -> Flow[User | None]:
    """Return the person whom a refusal names as the one with this phone; where it does so is not known."""
    user_id = next(_ids(error.payload), None)
    if user_id is None:
        return None
    try:
        user: User = yield calls.get_user(project_id, channel_uuid, user_id)
    except (NotFoundError, RejectedError):
        return None
    there = user.id is not None and user.phone and digits(user.phone) == digits(phone)
    return user if there else None


def _ids(body: object, *, called: bool = False) -> Iterator[Id]:
    """Yield the numbers that an answer calls an id."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            yield from _ids(value, called=key in _IDS)
    elif isinstance(body, list):
        for value in body:
            yield from _ids(value, called=called)
    elif called and str(body).isdecimal():
        yield str(body)


def _completed(project_id: Id, channel_uuid: str, user: User) -> Flow[User]:
    if user.name is not None or user.id is None:
        return user
    try:
        full: User = yield calls.get_user(project_id, channel_uuid, user.id)
    except NotFoundError:
        return user
    return full


def _user_of(contact: Contact, user: User, phone: str) -> User:
    return replace(
        user,
        name=user.name or contact.name,
        phone=user.phone or digits(phone),
        contact_id=user.contact_id or contact.id,
    )


def _speaks_of_the_contact(error: WahelpError) -> bool:
    """Return whether an answer looks as if the operation was there and only the contact was not."""
    return isinstance(error.payload, Mapping) and "success" in error.payload
