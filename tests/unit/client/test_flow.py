"""Both clients run the same operations."""

from __future__ import annotations

import pytest

from airflow_provider_wahelp.client import calls, errors, users
from airflow_provider_wahelp.client.flow import once

from .script import ANNA
from .wire import PHONE, Blocking, Wire, ok, says


def test_a_client_performs_a_conversation_and_hands_errors_into_it(client: Blocking, wire: Wire) -> None:
    wire.will(says(status=404), ok([ANNA]))
    found = client.run(users.find_user(1, "c", PHONE))
    assert (found.id, len(wire.calls)) == (5, 2)
    wire.will(says(status=403))
    with pytest.raises(errors.ForbiddenError):
        client.run(once(calls.get_account()))
    assert client.run(once(calls.get_account())).id == 1
