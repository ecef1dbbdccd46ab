"""The checks of arguments, by the names that the arguments have everywhere.

They cost little: operators check literals with them when a DAG file is parsed. Each function returns the
value as the API takes it. For a bad value it raises an
:class:`~airflow_provider_wahelp.client.errors.InputError` with the argument's name, never with its value,
which may be personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from airflow_provider_wahelp.client.base_error import InputError

ChannelType = Literal["whatsapp", "telegram", "waba", "viber", "vk", "instagram", "max"]
"""Types of channels; the spelling of all but the first two is a guess (docs/api.md, 4.1)."""

WebhookApi = Literal["hook", "webhooks"]
HttpMethod = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
IfUnclear = Literal["check", "fail", "resend"]
OnRerun = Literal["skip", "resend"]
IfExists = Literal["reuse", "create", "fail"]
Awaited = Literal["delivered", "read"]
QuietZone = Literal["recipient", "project"]
Language = Literal["en", "ru"]

_A_TEXT = "must be a text that is not empty, without broken characters"
_C = TypeVar("_C", bound=str)
# Both are compiled when they are first used: a DAG file may need neither.
_ENTITY = r"[a-z]+(\.[a-z]+)*"
_SEGMENT = r"[\w-]{1,100}"
_MOST = 2**63 - 1  # SQLite has no greater number, and an id must fit into its tables
_DIGITS = len(str(_MOST))


def project_id(value: Any) -> int:
    """Return the id of a project."""
    return _number(value, "project_id", "e.g. 101, or \"{{ ti.xcom_pull('project')['id'] }}\"")


def limit(value: Any) -> int | None:
    """Return the maximal number of objects; ``None`` for all."""
    return None if value is None or value == "" else _number(value, "limit", "or None for all")


def channel_uuid(value: Any) -> str:
    """Return the uuid of a channel."""
    return _segment(value, "channel_uuid", "must be the channel's uuid (not its numeric id)")


def user_id(value: Any) -> int | str:
    """Return the id of a user of a channel."""
    return id_of(value, "user_id", "must be the id of a user of the channel")


def message_id(value: Any) -> int | str:
    """Return the id of a message."""
    return id_of(value, "message_id", "must be the id of a message of the channel")


def recipient(user: Any, phone: Any) -> None:
    """Check that exactly one of ``user_id`` and ``phone`` is given."""
    if (user in (None, "")) == (phone in (None, "")):
        raise InputError("user_id, phone", "exactly one of the two must be given")


def name(value: Any) -> str:
    """Return a name."""
    return _filled(value, "name", "must be a name that is not empty, without broken characters").strip()


def text(value: Any) -> str:
    """Return the text of a message, unchanged."""
    return _filled(value, "text", _A_TEXT)


def text_of(argument: str) -> Callable[[Any], str]:
    """Return the check of an argument that is the text of a message, too."""
    return partial(_filled, argument=argument, must=_A_TEXT)


def channel_type(value: Any) -> ChannelType:
    """Return a channel's type."""
    return choice(str(value).lower(), "channel_type", get_args(ChannelType))


def url(value: Any) -> str:
    """Return a URL that Wahelp can post to."""
    text = str(value).strip()
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)
        _ = parts.port  # raises a ValueError if it is not a number
    except ValueError:
        valid = False
    if not valid:
        raise InputError("url", "must be an absolute http or https URL, e.g. https://example.com/wahelp")
    return text


def file_url(value: Any) -> str:
    """Return the address of a file, without its blanks; where it leads is checked when it is asked."""
    text = spelt(value).strip()
    if not re.match(r"https?://[^\s@/?#]+(?:[/?#]|$)", text, re.IGNORECASE):
        raise InputError("file_url", "must be an address that begins with https:// or http://")
    return text


def entities(value: Any) -> list[str]:
    """Return the kinds of events that a webhook is for."""
    listed = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    if not listed or not all(isinstance(entry, str) and re.fullmatch(_ENTITY, entry) for entry in listed):
        raise InputError("entities", 'must be a list of kinds of events, e.g. ["channel.message"]')
    return listed


def idempotency_key(value: Any) -> str | None:
    """Return the key that identifies a message over all attempts; ``None``: the task instance does."""
    if value is None:
        return None
    text = spelt(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if text in ("", "None"):  # "None" is what Jinja makes of a missing XCom: all messages would share it
        raise InputError(
            "idempotency_key", 'must be a text or number that no other message has, e.g. "order 7, ready"'
        )
    return text


def moment_of(argument: str) -> Callable[[Any], datetime]:
    """Return the check of an argument that is a time with its zone: a ``datetime``, or ISO 8601."""
    return partial(_moment, argument=argument)


def choice(value: Any, argument: str, choices: Sequence[_C]) -> _C:
    """Return one of some choices."""
    if value not in choices:
        raise InputError(argument, f"must be one of {', '.join(map(repr, choices))}")
    return choices[choices.index(value)]


def some_of(value: Any, argument: str, choices: Sequence[_C]) -> list[_C]:
    """Return some of the choices, in their order."""
    if not isinstance(value, list | tuple | set | frozenset) or not set(value) <= set(choices):
        raise InputError(argument, f"must be a list of {', '.join(map(repr, choices))}")
    return [each for each in choices if each in value]


def one_of(argument: str, choices: tuple[_C, ...]) -> Callable[[Any], _C]:
    """Return the check of an argument that is one of some choices."""
    return partial(choice, argument=argument, choices=choices)


if_exists: Callable[[Any], IfExists] = one_of("if_exists", get_args(IfExists))
webhook_api: Callable[[Any], WebhookApi] = one_of("api", get_args(WebhookApi))
if_unclear: Callable[[Any], IfUnclear] = one_of("if_unclear", get_args(IfUnclear))
on_rerun: Callable[[Any], OnRerun] = one_of("on_rerun", get_args(OnRerun))
awaited: Callable[[Any], Awaited] = one_of("status", get_args(Awaited))
language: Callable[[Any], Language] = one_of("language", get_args(Language))
quiet_zone: Callable[[Any], QuietZone] = one_of("quiet_zone", get_args(QuietZone))


def id_of(value: Any, argument: str, must: str) -> int | str:
    """Return an id in its form in the API: templates turn numbers into strings."""
    return as_id(_segment(value, argument, must))


def as_id(value: int | str) -> int | str:
    """Return an id in the form that is compared and stored: a number, if SQLite can store it."""
    if isinstance(value, int):
        return value if -_MOST <= value <= _MOST else str(value)
    number = whole(value)
    return number if str(number) == value else value


def whole(digits: str) -> int:
    """Return a whole number; 0 if the text is no number, or a greater one than SQLite can store."""
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS else 0
    return number if number <= _MOST else 0


def spelt(value: Any) -> str:
    """Return a value as text; ``""`` if it has no text that could be stored and sent.

    UTF-8 cannot encode half of a surrogate pair, and Python refuses to print a number of 5,000 digits.
    """
    try:
        text = str(value)
        text.encode()
    except ValueError:
        return ""
    return text


def _moment(value: Any, argument: str) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(argument, "must be a time with its zone, e.g. 2026-01-01T09:00:00+03:00")
    return moment


def _number(value: Any, argument: str, example: str) -> int:
    number = whole(spelt(value).strip())
    if isinstance(value, bool | float) or number == 0:
        raise InputError(argument, f"must be a whole number above 0, {example}")
    return number


def _segment(value: Any, argument: str, must: str) -> str:
    """Return a part of a URL's path. Characters that could lead to another path are refused."""
    text = spelt(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(_SEGMENT, text) or text == "None":  # "None" is what Jinja makes of a missing XCom
        raise InputError(argument, must)
    return text


def _filled(value: Any, argument: str, must: str) -> str:
    text = spelt(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not text.strip():
        raise InputError(argument, must)
    return text
