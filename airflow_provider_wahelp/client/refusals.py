"""Whose a refusal is: the person's alone, or the channel's or the account's, and so everybody's.

The API may blame a person for a channel that is not active (docs/api.md, 6), and its 403 and 404 may mean a
person, a channel or an account. Nothing else decides it: messages, mailings, alerts and hooks go by the class
of the error that comes from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from airflow_provider_wahelp.client.call import Call, Id
from airflow_provider_wahelp.client.errors import (
    ChannelNotActiveError,
    ForbiddenError,
    NotFoundError,
    RecipientMissingError,
    RecipientRefusedError,
    RejectedError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import Flow
from airflow_provider_wahelp.client.operations import get_channel

T = TypeVar("T")

Refusal = ForbiddenError | NotFoundError | RejectedError
REFUSALS = (ForbiddenError, NotFoundError, RejectedError)

_OF_A_PERSON: Mapping[type[WahelpError], type[WahelpError]] = {
    ForbiddenError: RecipientRefusedError,
    NotFoundError: RecipientMissingError,
}


def with_channel_check(call: Call[T], project_id: Id, channel_uuid: str) -> Flow[T]:
    """Perform a call about one person; where it is refused, look at the channel before blaming the person.

    :raises ChannelNotActiveError: if the call is refused because the channel is not active.
    :raises RecipientRefusedError: if it is forbidden for this person only.
    :raises RecipientMissingError: if the channel is there, and this person is not.
    """
    try:
        result: T = yield call
    except REFUSALS as error:
        verdict = yield from judged(error, project_id, channel_uuid)
        if verdict is error:
            raise
        raise verdict from None
    return result


def judged(error: Refusal, project_id: Id, channel_uuid: str) -> Flow[WahelpError]:
    """Return what a refusal of a call about one person comes to, once the channel has been read."""
    try:
        channel = yield from get_channel(project_id, channel_uuid)
    except WahelpError as unread:  # what was refused is the news, not that the channel cannot be read
        if type(error) in _OF_A_PERSON and unread.temporary:
            error.temporary = True  # whose it is will be known when the channel can be read
        return error
    if not channel.active:
        return _as(ChannelNotActiveError, error)
    return _as(_OF_A_PERSON.get(type(error), type(error)), error)


def _as(kind: type[WahelpError], error: WahelpError) -> WahelpError:
    if kind is type(error):
        return error
    return kind(error.what, error.words, status=error.status, payload=error.payload)
