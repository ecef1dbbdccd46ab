"""What may be shown of a secret, a phone number or an address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from airflow_provider_wahelp.client import phones
from airflow_provider_wahelp.client.base_error import InputError

HIDDEN = "***"
_PHONE = r"\+?\d(?:[\s().-]{0,2}\d){9,14}(?!\d)"  # compiled when it is first used, as a DAG file never does
_SHORTEST_PART = 8  # of an address: what is shorter is a word such as "webhook"


def mask_phone(phone: object) -> str:
    """Return a phone number as ``+7*****4567``; without the plus where its country is not known."""
    text = str(phone).strip()
    number = text if text.startswith("+") else _understood(text)
    digits = phones.digits(number)
    plus = "+" if number.startswith("+") else ""
    return f"{plus}{digits[0]}*****{digits[-4:]}" if len(digits) > 7 else HIDDEN  # noqa: PLR2004


def mask_url(url: str) -> str:
    """Return only the scheme and host of an address: paths and queries are where webhook secrets are put."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    rest = f"/{HIDDEN}" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{host}{rest}"


def secrets_of(url: str) -> list[str]:
    """Return an address and those of its parts that may be secret, for :func:`scrub`."""
    parts = urlsplit(url)
    found = re.split(r"[/?&=#]", f"{parts.path}?{parts.query}#{parts.fragment}")
    return [url, *filter(None, (parts.password, *(part for part in found if len(part) >= _SHORTEST_PART)))]


def scrub(words: str, private: Iterable[str] = ()) -> str:
    """Return words of the API without what was sent to it, and without phone numbers.

    What was sent may be quoted in part, and escaped as JSON, HTML or in an address.

    :param words: an error text from the API, which may quote the request.
    :param private: values of the request that must not be shown.
    """
    from airflow_provider_wahelp.client.quotes import quotes  # 5 ms, and a DAG file never needs it

    return re.sub(_PHONE, lambda match: mask_phone(match.group()), _without(quotes(words, private), words))


def without_echoes(words: str, private: Iterable[str]) -> str:
    """Return words of the API in which a meaning may be looked for: without texts that were sent to it.

    :param words: an error text from the API, which may quote the request.
    :param private: values of the request.
    """
    from airflow_provider_wahelp.client.quotes import echoes

    return _without(echoes(words, private), words)


def _without(spans: Iterable[tuple[int, int]], words: str) -> str:
    for start, end in sorted(spans, reverse=True):
        words = f"{words[:start]}{HIDDEN}{words[end:]}"
    return words


def _understood(phone: str) -> str:
    """Return the number that a message would go to: ``8 916 ...`` is ``+7916...``, not ``+8916...``."""
    try:
        return phones.normalise(phone)
    except InputError:
        return phone


def strings_in(value: object) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from strings_in(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from strings_in(entry)
