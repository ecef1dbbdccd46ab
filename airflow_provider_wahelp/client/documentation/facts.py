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
from airflow_provider_wahelp.client.platform import mailings, people, templates
from airflow_provider_wahelp.client.platform.mailings import MailingPlace, PlatformMailing
from airflow_provider_wahelp.client.platform.templates import Template

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

_WABA = MailingPlace(_P, "waba", f"projects/{_P}/channels/{_C}/mass_mailings/waba")

GUESSES = (
    Fact(mailings.list_mailings(_WABA, page=2), PlatformMailing, many=True),
    Fact(mailings.create_mailing(_WABA, "News", {}), PlatformMailing, needs=["id"]),
    Fact(mailings.try_mailing(_WABA, {})),
    Fact(mailings.send_mailing(_WABA, _ID)),
    Fact(mailings.stop_mailing(_WABA, _ID)),
    Fact(mailings.mailing_stats(_WABA, _ID)),
    Fact(mailings.export_mailing(_WABA, _ID)),
    Fact(people.edit_message(_P, _C, _ID, "Hello")),
    Fact(people.delete_message(_P, _C, _ID)),
    Fact(people.update_user(_P, _C, _U, {"name": "Anna"})),
    Fact(people.delete_user(_P, _C, _U)),
    Fact(people.update_channel(_P, _C, {"name": "Support"})),
    Fact(people.delete_channel(_P, _C)),
    Fact(people.block_contact(_P, _ID, blocked=True)),
    Fact(people.import_contacts(_P, _C)),
    Fact(people.list_lost_messages(_P, page=2), Message, many=True),
    Fact(people.get_cascade(_P)),
    Fact(people.send_cascade(_P, "+71234567890", "Hello", {})),
    Fact(templates.list_templates(_P, _C, page=2), Template, many=True),
    Fact(templates.create_template(_P, _C, "hello", {}), Template, needs=["id"]),
    Fact(templates.get_template(_P, _C, _ID), Template),
    Fact(templates.delete_template(_P, _C, _ID)),
    Fact(templates.import_templates(_P, _C)),
)
"""Calls of which the list has the path alone, or not even all of it."""

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
    *GUESSES,
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
