"""The checks of arguments that only some operations have. They cost little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from airflow_provider_wahelp.client.arguments import id_of, one_of
from airflow_provider_wahelp.client.arguments import name as check_name
from airflow_provider_wahelp.client.errors import InputError

MailingKind = Literal["whatsapp", "waba", "viber_tg_vk"]

mailing_kind: Callable[[Any], MailingKind] = one_of("kind", get_args(MailingKind))


def mailing_id(value: Any) -> int | str:
    """Return the id of a mailing."""
    return id_of(value, "mailing_id", "must be the id of one of Wahelp's own mailings")


def fields(value: Any) -> Mapping[str, Any]:
    """Return what else a request says; what the platform takes is not known."""
    if value in (None, ""):
        return {}
    if not isinstance(value, Mapping):
        raise InputError("fields", "must be a dict of what else the request says, by the API's names")
    return value


def contact_id(value: Any) -> int | str:
    """Return the id of a contact."""
    return id_of(value, "contact_id", "must be the id of a contact of the project")


def template_id(value: Any) -> int | str:
    """Return the id of a template."""
    return id_of(value, "template_id", "must be the id of a template of the channel")


def one_given(**given: Any) -> None:
    """Check that exactly one of some arguments is given."""
    if sum(value not in (None, "") for value in given.values()) != 1:
        raise InputError(", ".join(given), "exactly one of the two must be given")


def changes(name: Any, fields_given: Any) -> dict[str, Any]:
    """Return what is to be changed."""
    named = {} if name in (None, "") else {"name": check_name(name)}
    changed = {**named, **fields(fields_given)}
    if not changed:
        raise InputError("name, fields", "one of the two must be given: what is to be changed")
    return changed
