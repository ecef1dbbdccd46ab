"""Whose a refusal is, once the channel has been read."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.answers import Answer

from .script import ADD, CHANNELS, CONTACT, GET_CHANNEL, SEND, THE_CHANNEL, contact, data, ensure, fails, send
from .script import outcome as failure

GONE = [(GET_CHANNEL, fails()), (CHANNELS, data([]))]
OFF = data({"id": 20, "active": False})
BLOCKED = {"success": False, "message": "blocked by the user"}


@pytest.mark.parametrize(
    ("status", "channel", "kind", "later"),
    [
        (403, [(GET_CHANNEL, THE_CHANNEL)], errors.RecipientRefusedError, False),
        (403, [(GET_CHANNEL, OFF)], errors.ChannelNotActiveError, False),
        (403, [(GET_CHANNEL, fails(403))], errors.ForbiddenError, False),
        (403, [(GET_CHANNEL, fails(502))], errors.ForbiddenError, True),
        (404, [(GET_CHANNEL, THE_CHANNEL)], errors.RecipientMissingError, False),
        (404, [(GET_CHANNEL, OFF)], errors.ChannelNotActiveError, False),
        (404, GONE, errors.NotFoundError, False),
        (404, [(GET_CHANNEL, fails(502))], errors.NotFoundError, True),
        (422, [(GET_CHANNEL, THE_CHANNEL)], errors.RejectedError, False),
        (422, [(GET_CHANNEL, OFF)], errors.ChannelNotActiveError, False),
        (422, [(GET_CHANNEL, fails(502))], errors.RejectedError, False),
    ],
)
@pytest.mark.parametrize("made", ["sent", "added"])
def test_the_channel_is_read_before_a_person_is_blamed(
    made: str, status: int, channel: list[tuple[str, Answer]], kind: type[errors.WahelpError], later: bool
) -> None:
    refused = fails(status, BLOCKED)
    conversation: Any = send() if made == "sent" else ensure("create")
    error = failure(conversation, (SEND if made == "sent" else ADD, refused), *channel)
    assert (type(error), error.words, error.status) == (kind, "blocked by the user", status)
    assert error.temporary is later
    assert not error.may_have_happened


@pytest.mark.parametrize("status", [401, 402, 429])
def test_what_is_about_the_account_is_not_asked_of_the_channel(status: int) -> None:
    failure(send(), (SEND, fails(status)))


def test_a_person_who_may_not_be_added_is_one_person() -> None:
    script = [(CONTACT, contact()), (ADD, fails(403, BLOCKED)), (GET_CHANNEL, THE_CHANNEL)]
    assert type(failure(ensure(), *script)) is errors.RecipientRefusedError
