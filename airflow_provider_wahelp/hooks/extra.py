"""What the extra of an Airflow connection gives: each value as its field is declared, or refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.connection_form import CONN_TYPE, FIELDS, MASKS, FormField

FORM_PREFIX = f"extra__{CONN_TYPE}__"
_STANDARD = ("host", "login", "password", "port")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_MUST = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "a text"}
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number with a fraction",
    list: "a list",
    dict: "an object",
}
_LIKE = 0.5
"""How alike a key must be to one of ours to be taken for it: ``token`` is, to ``access_token``."""

log = logging.getLogger(__name__)


def read_extra(extra: Any, conn_id: str) -> dict[str, Any]:
    """Return the value of every field of the form; the default of one that is not given.

    Forms store null, or an empty text, for a field that is not filled in. URIs, and the forms of Airflow 2.11
    and 3.1, make texts of numbers; a URI of Airflow 3.1 makes a number of 1. The button "Test" of Airflow
    2.11 sends each field twice: under its name in the form it has the value that was entered last.

    :raises InputError: naming the key that is not known, or whose value is not what it must be.
    """
    if not isinstance(extra, Mapping):
        raise InputError("extra", 'must be a JSON object, e.g. {"project_id": 101}')
    given = _named(extra)
    _refuse_unknown(given)
    given = {name: value for name, value in given.items() if not _is(value, "")}
    masked = sorted(name for name, value in given.items() if _is(value, *MASKS))
    if masked:
        _warn_of_mask(conn_id, tuple(masked))
    return {field.name: _read(field, {**given, **dict.fromkeys(masked)}) for field in FIELDS}


def _named(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by the names of our fields; one under its name in the form goes before the other."""
    last = sorted(extra.items(), key=lambda item: item[0].startswith(FORM_PREFIX))
    return {key.removeprefix(FORM_PREFIX): value for key, value in last}


def _refuse_unknown(keys: Iterable[str]) -> None:
    known = [field.name for field in FIELDS]
    for key in keys:
        if key in _STANDARD:
            raise InputError(key, "is a field of the connection, and no key of its extra: put it there")
        if key not in known:
            like = get_close_matches(key.lower(), known, n=1, cutoff=_LIKE)
            hint = f"is {like[0]} meant?" if like else f"there are {', '.join(known)}"
            raise InputError(key, f"is no key of a Wahelp connection's extra; {hint}")


def _is(value: Any, *texts: str) -> bool:
    return isinstance(value, str) and value.strip() in texts


def _read(field: FormField, given: Mapping[str, Any]) -> Any:
    value = given.get(field.name)
    if value is None:
        return field.default
    try:
        return _READERS[field.kind](value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(field.name, f"must be {_MUST[field.kind]}{_but_not(value)}") from None


def _but_not(value: Any) -> str:
    """Say what a value is, where its type is what is wrong; never the value: it may be a secret."""
    return f", not {_KINDS[type(value)]}" if type(value) in _KINDS else ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.strip()


def _whole(value: Any) -> int:
    if isinstance(value, bool | float):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _flag(value: Any) -> bool:
    if isinstance(value, float) or str(value).strip().lower() not in _WORDS:
        raise ValueError
    return _WORDS[str(value).strip().lower()]


_READERS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "integer": _whole,
    "number": _number,
    "boolean": _flag,
}


@cache
def _warn_of_mask(conn_id: str, names: Sequence[str]) -> None:
    log.warning(
        "Connection %r has Airflow's mask for a secret in place of %s: that counts as not given. "
        "Enter the value again, and save.",
        conn_id,
        ", ".join(names),
    )
