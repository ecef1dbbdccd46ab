"""What the package takes for known of the API: the calls that it makes, and what it reads of the answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from airflow_provider_wahelp.client import calls
from airflow_provider_wahelp.client.call import Call
from airflow_provider_wahelp.client.models import (
    Account,
    Channel,
    Contact,
    Message,
    Model,
    Project,
    User,
    Webhook,
)

OPERATIONS = 376
"""How many operations the vendor's list names."""

UNKNOWN = re.compile(
    r"/(status|qr|setup|import_contacts|waba_templates|lost_messages|block|clear_dialog)(/|$)"
    r"|files|mass_mailings|cascade|/messages/\{"
)
"""Operations whose bodies or answers are not known (docs/api.md, 3.4): whatever is said of them is new."""


@dataclass(frozen=True)
class Fact:
    """A call that the package makes.

    :param model: what is read of the answer's ``data``; ``None`` where it is no object of the API.
    :param many: whether ``data`` is a list of them.
    :param needs: the fields of ``data`` without which the package cannot go on.
    :param listed: whether the vendor's list has it.
    """

    call: Call[Any]
    model: type[Model] | None = None
    many: bool = False
    needs: Sequence[str] = ()
    listed: bool = True

    @property
    def path(self) -> str:
        """The path, with names in braces for ids."""
        return unquote(f"{self.call.root}{self.call.path}")

    def __str__(self) -> str:
        """Return how people speak of it."""
        return f"{self.call.method} /{self.path}"


_P, _C, _U, _ID, _URL = "{p}", "{c}", "{u}", "{id}", "https://example.com/in"

FACTS = (
    Fact(calls.log_in("me@example.com", "password"), needs=["access_token"]),
    Fact(calls.refresh_token("token"), needs=["token"]),
    Fact(calls.get_account(), Account),
    Fact(calls.list_projects(), Project, many=True),
    Fact(calls.create_project("Shop"), Project, needs=["id"]),
    Fact(calls.list_channels(_P), Channel, many=True),
    Fact(calls.create_channel(_P, "Support", "whatsapp"), Channel, needs=["uuid"]),
    Fact(calls.get_channel(_P, _C), Channel),
    Fact(calls.get_channel_qr(_P, _C)),
    Fact(calls.list_users(_P, _C), User, many=True),
    Fact(calls.create_user(_P, _C, "Anna", "+71234567890"), User, needs=["id"]),
    Fact(calls.get_user(_P, _C, _U), User),
    Fact(calls.find_contact(_P, "+71234567890"), Contact, needs=["users"]),
    Fact(calls.send_message(_P, _C, _U, "Hello"), Message, needs=["id"]),
    Fact(calls.get_messages(_P, _C, page=2), Message, many=True),
    Fact(calls.get_message(_P, _C, _ID), Message),
    Fact(calls.set_hook(_P, _URL), listed=False),
    Fact(calls.list_webhooks(_P), Webhook, many=True),
    Fact(calls.add_webhook(_P, _URL, ["channel.message"]), Webhook),
)

_SAMPLES: dict[str, Sequence[Any]] = {
    "integer": [1],
    "number": [1.5, 1],
    "string": ["true", "from", "2026-01-01 00:00:00"],
    "boolean": [True],
    "array": [[{"id": 1}], ["a"]],
    "object": [{"id": 1}],
}


def keys_of(model: type[Model]) -> list[str]:
    """Return the fields of an object that the package reads, by the API's names."""
    return list(dict.fromkeys(key for _, _, key in model._columns()))


def understands(model: type[Model], key: str, kind: str) -> bool:
    """Return whether the package makes anything of a field of a JSON type. Its readers are asked.

    :param kind: ``integer``, ``string``, ...
    """
    readers = [read for _, read, name in model._columns() if name == key]
    samples = _SAMPLES.get(kind, [])
    return any(read(sample) != read(None) for read in readers for sample in samples) or not samples
