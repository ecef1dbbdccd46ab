"""The checks of arguments that only some operations have. They cost little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from airflow_provider_wahelp.client.arguments import id_of, one_of
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
