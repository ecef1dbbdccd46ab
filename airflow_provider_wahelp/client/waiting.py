"""What is waited for, and whether it is over: decisions that sensor, operator and trigger share.

A wait ends with a result, a plain dict in which nothing is personal: Airflow keeps it in its database and
its triggerer logs it.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.answers import Page
from airflow_provider_wahelp.client.call import Id
from airflow_provider_wahelp.client.errors import (
    DeliveryFailedError,
    NotFoundError,
    TokenRefusedError,
    WahelpError,
)
from airflow_provider_wahelp.client.flow import Flow, Pause
from airflow_provider_wahelp.client.masking import scrub, strings_in
from airflow_provider_wahelp.client.models import Channel, Message
from airflow_provider_wahelp.client.paging import Pager
from airflow_provider_wahelp.client.status import status_failed, status_reached

Result = dict[str, Any]

MISSING_LOOKS = (2.0, 4.0)
"""Seconds before the next look for a missing message: it may show up late (docs/api.md, 3.3)."""

LONGEST_TOLD = 3600.0
"""The longest time, in seconds, for which a wait obeys ``Retry-After``."""


_CHANNEL = ("id", "uuid", "name", "type", "active")
_MESSAGE = ("id", "user_id", "channel_id", "status", "created_at")


def active(channel: Channel) -> Result | None:
    """Return the channel once it is active.

    :param channel: the channel, as it is now. Its settings are left out: what they hold is not known.
    """
    return _part(channel.to_dict(), _CHANNEL) if channel.active else None


def arrived(message: Message, wanted: str) -> Result | None:
    """Return the message once it has got as far as wanted: one that was read was delivered.

    :param message: the message, as it is now. Its text and its person are left out.
    :raises DeliveryFailedError: if it never will.
    """
    if status_reached(message.status, wanted):
        return _part(message.to_dict(), _MESSAGE)
    if status_failed(message.status):
        raise DeliveryFailedError(f"deliver message {message.id}", f'its status is "{status_words(message)}"')
    return None


def status_words(message: Message) -> str:
    """Return the status of a message for an error: an unknown one may quote the message or the person."""
    private = [*strings_in(message.user), *filter(None, (message.text, message.file_url))]
    return scrub(str(message.status), private)


def is_transient(error: WahelpError) -> bool:
    """Return whether a wait goes on after an error.

    A refused login ends the wait. A refused token after a successful login does not: a moment in which Wahelp
    refuses every token must not end a wait of days.
    """
    return error.temporary or isinstance(error, TokenRefusedError)


def retry_delay(error: WahelpError) -> float:
    """Return the seconds that the API asks to wait before the next request."""
    return min(error.retry_after or 0.0, LONGEST_TOLD)


def find_message(project_id: Id, channel_uuid: str, message_id: Id) -> Flow[Message]:
    """Read one message; a server without that operation is asked for the history.

    :raises NotFoundError: if it is not there, nor a moment later.
    """
    for seconds in (*MISSING_LOOKS, None):
        found = yield from _look_up(project_id, channel_uuid, message_id)
        if found:
            return found
        if seconds is not None:
            yield Pause(seconds)
    raise NotFoundError(calls.get_message(project_id, channel_uuid, message_id).what)


def all_channels(project_id: Id) -> Flow[list[Channel]]:
    """List the channels of a project, whatever the API says about pages."""
    pager: Pager[Channel] = Pager(paged=False)
    found: list[Channel] = []
    while not pager.done:
        page = yield from pager.ask(lambda number: calls.list_channels(project_id, number))
        found += pager.take(page)
    return found


def _look_up(project_id: Id, channel_uuid: str, message_id: Id) -> Flow[Message | None]:
    try:
        message: Message = yield calls.get_message(project_id, channel_uuid, message_id)
    except NotFoundError:
        page: Page[Message] = yield calls.get_messages(project_id, channel_uuid)
        return next((each for each in page.items if str(each.id) == str(message_id)), None)
    return message


def _part(whole: Result, names: tuple[str, ...]) -> Result:
    return {name: whole[name] for name in names}
