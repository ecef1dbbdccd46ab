"""Reading the fields of a request, with the platform's kind of complaint about the wrong ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from airflow_provider_wahelp.sandbox.errors import invalid
from airflow_provider_wahelp.sandbox.habits.pages import Asked
from airflow_provider_wahelp.sandbox.phones import digits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Fields: TypeAlias = "Mapping[str, Any]"

_PAGE = 50
_WHOLE = re.compile(r"[1-9][0-9]{0,8}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def text(fields: Fields, name: str) -> str:
    """Read a text that must not be empty.

    :param fields: the request's fields.
    :param name: the name of the field.
    """
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(name, "Обязательное поле")
    try:
        value.encode()
    except UnicodeEncodeError:
        # JSON can spell half a character; nobody could be shown it.
        raise invalid(name, "Недопустимые символы") from None
    return value


def name(fields: Fields, default: str) -> str:
    """Read the field ``name``, which may be missing or empty.

    :param fields: the request's fields.
    :param default: what it means then.
    """
    return default if fields.get("name") in (None, "") else text(fields, "name")


def choice(fields: Fields, name: str, allowed: Sequence[str], *, default: str | None = None) -> str:
    """Read one of several words.

    :param fields: the request's fields.
    :param name: the name of the field.
    :param allowed: the words.
    :param default: what a missing field means; ``None``: it must be there.
    """
    value = fields.get(name, default)
    if value not in allowed:
        raise invalid(name, "Недопустимое значение")
    return str(value)


def phone(fields: Fields) -> str:
    """Read the field ``phone`` as digits.

    :param fields: the request's fields.
    """
    try:
        return digits(fields.get("phone", ""))
    except ValueError:
        raise invalid("phone", "Неверный номер телефона") from None


def flag(fields: Fields, name: str) -> bool:
    """Read a yes or no; missing means no. Forms know no other way than words to say it.

    :param fields: the request's fields.
    :param name: the name of the field.
    """
    value = fields.get(name, False)
    known = _TRUTH.get(str(value).lower())
    if known is None:
        raise invalid(name, "Недопустимое значение")
    return known


def url(fields: Fields, name: str = "url") -> str:
    """Read the address of something on the web.

    :param fields: the request's fields.
    :param name: the name of the field.
    """
    value = text(fields, name)
    if not _is_web_address(value):
        raise invalid(name, "Неверный адрес")
    return value


def words(fields: Fields, name: str) -> list[str]:
    """Read a list of words; missing means an empty one.

    :param fields: the request's fields.
    :param name: the name of the field.
    """
    value = fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise invalid(name, "Должен быть список")
    return list(value)


def positive(fields: Fields, name: str, default: int) -> int:
    """Read a whole number of one or more.

    :param fields: the request's fields.
    :param name: the name of the field.
    :param default: what a missing field means.
    """
    value = str(fields.get(name, default))
    if not _WHOLE.fullmatch(value):
        raise invalid(name, "Должно быть целое число больше нуля")
    return int(value)


def page(query: Fields) -> Asked:
    """Read which page of a list is wanted.

    :param query: ``limit`` and ``page``, which counts from 1.
    """
    return Asked(positive(query, "limit", _PAGE), positive(query, "page", 1))


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
