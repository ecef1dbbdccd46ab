"""Sending a text to a person, once."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_wahelp.client import messages

from .script import ADD, CONTACT, GET_CHANNEL, IN_C, SEND, THE_CHANNEL, contact, data, outcome, play, send
from .wire import PHONE, TEXT


@pytest.mark.parametrize(
    ("answered", "text", "user_id"),
    [
        ({"id": 1, "status": "sent"}, TEXT, 5),
        ({"id": 1, "text": "as sent", "user_id": 6}, "as sent", 6),
        ({"id": 1, "message": "as sent", "destination": "from_whatsapp"}, "as sent", 5),
    ],
)
def test_what_was_sent_is_known_whatever_is_answered(answered: Any, text: str, user_id: int) -> None:
    sent = play(send(), (SEND, data(answered)))
    assert (sent.id, sent.text, sent.user_id, sent.direction) == (1, text, user_id, "outgoing")


def test_a_phone_is_written_to_through_the_user_found_or_added() -> None:
    def send_to_phone() -> Any:
        return messages.send_to(messages.Recipient(1, "c", phone=PHONE, name="Анна"), TEXT)

    sent = (SEND, data({"id": 1}))
    assert play(send_to_phone(), (CONTACT, contact(IN_C)), (GET_CHANNEL, THE_CHANNEL), sent).user_id == 5
    assert play(send_to_phone(), (CONTACT, contact()), (ADD, data({"id": 5})), sent).user_id == 5
    nobody = {"channel_id": 20}
    error = outcome(send_to_phone(), (CONTACT, contact(nobody)), (GET_CHANNEL, THE_CHANNEL))
    assert "9161234567" not in str(error)
