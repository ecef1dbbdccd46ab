"""What is waited for, and whether it is over: decisions that sensor, operator and trigger share.

A wait ends with a result, a plain dict in which nothing is personal: Airflow keeps it in its database and
its triggerer logs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_wahelp.client import calls, errors
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.calls import Id
from airflow_provider_wahelp.client.errors import (
    DeliveryFailedError,
    NotFoundError,
    TokenRefusedError,
    WahelpError,
)
from airflow_provider_wahelp.client.models import Channel, Message, status_failed, status_reached
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.steps import Conversation, Pause

Result = dict[str, Any]

MISSING_LOOKS = (2.0, 4.0)
"""Seconds before another look for a message that is not there: it may show up late (docs/api.md, 3.3)."""

LONGEST_TOLD = 3600.0
"""Seconds that the API may send away somebody who waits."""

STANDINGS = ("sent", "failed", "delivered", "read")
"""How far a message may have got: none ever gets less far, whatever comes later (docs/api.md, 4.6)."""

_CHANNEL = ("id", "uuid", "name", "type", "active")
_MESSAGE = ("id", "user_id", "channel_id", "status", "created_at")
_ERROR = ("what", "words", "status", "retry_after", "argument", "must")


def active(channel: Channel) -> Result | None:
    """Return the channel once it is active.

    :param channel: the channel, as it is now. Its settings are left out: what they hold is not known.
    """
    return _part(channel.to_dict(), _CHANNEL) if channel.active else None


def arrived(message: Message, wanted: str) -> Result | None:
    """Return the message once it has got as far as wanted: one that was read was delivered.

    :param message: the message, as it is now. Its text and its person are left out.
    :param wanted: ``delivered`` or ``read``.
    :raises DeliveryFailedError: if it never will.
    """
    if status_reached(message.status, wanted):
        return _part(message.to_dict(), _MESSAGE)
    if status_failed(message.status):
        raise DeliveryFailedError(f"deliver message {message.id}", f'its status is "{message.status}"')
    return None


def may_pass(error: WahelpError) -> bool:
    """Return whether a wait outlasts an error.

    Credentials that do not log in end it. A call that is refused where the login works does not: nobody who
    waits for days wants to lose that to a moment in which Wahelp knows no token.

    :param error: the error.
    """
    return error.temporary or isinstance(error, TokenRefusedError)


def sent_away(error: WahelpError) -> float:
    """Return for how many seconds the API wants to see nobody who waits.

    :param error: what it has answered.
    """
    return min(error.retry_after or 0.0, LONGEST_TOLD)


def standing(status: str | None) -> str:
    """Return how far a message has got, as one of :data:`STANDINGS`.

    :param status: its status, however the API spells it.
    """
    if status_failed(status):
        return "failed"
    return next((far for far in ("read", "delivered") if status_reached(status, far)), "sent")


def further(known: str, seen: str) -> str:
    """Return which of two standings counts: statuses come out of order, and never move backwards.

    :param known: what was known.
    :param seen: what is seen now.
    """
    return max(known, seen, key=STANDINGS.index)


def find_message(project_id: Id, channel_uuid: str, message_id: Id) -> Conversation[Message]:
    """Read one message; a server without that operation is asked for the history.

    :param project_id: the project.
    :param channel_uuid: the channel.
    :param message_id: the message.
    :raises NotFoundError: if it is not there, nor a moment later.
    """
    for seconds in (*MISSING_LOOKS, None):
        found = yield from _look_up(project_id, channel_uuid, message_id)
        if found:
            return found
        if seconds is not None:
            yield Pause(seconds)
    raise NotFoundError(calls.get_message(project_id, channel_uuid, message_id).what)


def all_channels(project_id: Id) -> Conversation[list[Channel]]:
    """List the channels of a project, whatever the API says about pages.

    :param project_id: the project.
    """
    pager: Pager[Channel] = Pager(paged=False)
    found: list[Channel] = []
    while not pager.done:
        found += pager.take((yield calls.list_channels(project_id, pager.number)))
    return found


def told(error: WahelpError) -> Result:
    """Return an error as plain values, for the way from the triggerer to the worker.

    :param error: the error.
    """
    said = {name: getattr(error, name) for name in _ERROR if getattr(error, name, None) is not None}
    return {"kind": type(error).__name__, **said}


def understood(said: Mapping[str, Any]) -> WahelpError:
    """Return the error that :func:`told` was given.

    :param said: what it has returned.
    """
    kind = getattr(errors, str(said.get("kind")), WahelpError)
    if not (isinstance(kind, type) and issubclass(kind, WahelpError)):
        kind = WahelpError
    if kind is errors.InputError:
        return kind(said.get("argument", ""), said.get("must", ""))
    error = kind(said.get("what", "wait"), said.get("words", ""))
    error.status, error.retry_after = said.get("status"), said.get("retry_after")
    return error


def _look_up(project_id: Id, channel_uuid: str, message_id: Id) -> Conversation[Message | None]:
    try:
        message: Message = yield calls.get_message(project_id, channel_uuid, message_id)
    except NotFoundError:
        page: Page[Message] = yield calls.get_messages(project_id, channel_uuid)
        return next((each for each in page.items if str(each.id) == str(message_id)), None)
    return message


def _part(whole: Result, names: tuple[str, ...]) -> Result:
    return {name: whole[name] for name in names}
