"""Reading an answer: its data, or the error that it means. No input or output here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

from airflow_provider_wahelp.client import errors
from airflow_provider_wahelp.client.masking import scrub, without_echoes
from airflow_provider_wahelp.client.models import Model

M = TypeVar("M", bound=Model)
T = TypeVar("T")

# Wordings seen in production, in any case of letters (docs/api.md, 6).
_MESSENGER_MISSING = re.compile(
    r"нет\s+нужного\s+мессенджера|мессенджер\s+не\s+подключ[её]н|номер\s+не\s+подключ[её]н"
    r"|номер\s+не\s+зарегистрирован",
    re.IGNORECASE,
)
_RATE_LIMITED = re.compile(r"too many requests|слишком много попыток", re.IGNORECASE)
_LONGEST_WORDS = 300
_LONGEST_READ = 20_000
_BY_STATUS: Mapping[int, type[errors.WahelpError]] = {
    401: errors.TokenRefusedError,
    402: errors.PaymentRequiredError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    405: errors.NotFoundError,
    408: errors.ReadTimeoutError,
    429: errors.RateLimitedError,
    501: errors.NotFoundError,
}
_WHATEVER_IS_SAID = (402, 408)


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP, whichever library brought it.

    :param headers: the headers, their names in lower case.
    :param stored: how many bytes of the body went to a file in place of ``body``.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    stored: int | None = None

    @property
    def retry_after(self) -> float | None:
        """The seconds to wait that ``Retry-After`` names, as a number or as a date."""
        value = self.headers.get("retry-after", "").strip()
        if not value:
            return None
        try:
            seconds = float(value)
        except ValueError:
            return self._seconds_until(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None

    def _seconds_until(self, date: str) -> float | None:
        when = _time(date)
        # The server's clock and this host's may differ by hours: what counts is the server's now.
        now = _time(self.headers.get("date", "")) or datetime.now(UTC)
        return max(0.0, (when - now).total_seconds()) if when else None


@dataclass(frozen=True)
class Envelope:
    """A successful answer, out of its envelope (docs/api.md, 1).

    :param has_more: whether a list goes on; ``None`` where the API does not say.
    :param answer: the answer itself.
    """

    data: Any = field(repr=False)
    has_more: bool | None = None
    answer: Answer = field(default=Answer(200, {}, b""), repr=False, compare=False)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list.

    :param has_more: whether the list goes on; ``None`` where the API does not say.
    """

    items: Sequence[T]
    has_more: bool | None = None


def open_envelope(answer: Answer, what: str, private: Iterable[str] = ()) -> Envelope:
    """Return what a successful answer says.

    :param what: what was attempted, for the error.
    :param private: values of the request that must not show in the error.
    :raises WahelpError: the error that the answer means.
    """
    body = _decode(answer.body)
    if error := error_of(answer, body, what, private):
        raise error
    if isinstance(body, Mapping):
        has_more = body.get("has_more")
        data = body["data"] if "data" in body else None if set(body) == {"success"} else body
        return Envelope(data, has_more if isinstance(has_more, bool) else None, answer)
    if body is _NOT_JSON:
        if answer.body.strip():
            raise errors.UnreadableAnswerError(what, "it is not JSON", status=answer.status)
        return Envelope(None, answer=answer)
    return Envelope(body, answer=answer)


def error_of(
    answer: Answer, body: object, what: str, private: Iterable[str] = ()
) -> errors.WahelpError | None:
    """Return the error that an answer means, or ``None``.

    :param private: values of the request that must not show.
    """
    refused = isinstance(body, Mapping) and body.get("success") in (False, "false")
    if answer.status < 300 and not refused:  # noqa: PLR2004
        return None
    words = _words_of(body, answer)[:_LONGEST_READ]
    everything = "; ".join([words, *_leaves(body)])[:_LONGEST_READ]  # a wording's key is not known
    return _kind_of(answer, without_echoes(everything, private))(
        what,
        _shortened(scrub(words, private)),
        status=answer.status,
        retry_after=answer.retry_after,
        payload=None if body is _NOT_JSON else body,
    )


def read_object(kind: type[M]) -> Callable[[Envelope], M]:
    """Return a reader of one object."""

    def read(envelope: Envelope) -> M:
        if not isinstance(envelope.data, Mapping):
            raise TypeError(f"it holds no {kind.__name__.lower()}")
        return kind.from_api(envelope.data)

    return read


def read_list(kind: type[M]) -> Callable[[Envelope], Page[M]]:
    """Return a reader of a page of objects."""

    def read(envelope: Envelope) -> Page[M]:
        data = [] if envelope.data is None else envelope.data
        if not isinstance(data, list):
            raise TypeError(f"it holds no list of {kind.__name__.lower()}s")
        items = [kind.from_api(entry) for entry in data if isinstance(entry, Mapping)]
        return Page(items, envelope.has_more)

    return read


class _NotJson:
    """The mark of a body that is no JSON; ``None`` would be the JSON ``null``."""


_NOT_JSON = _NotJson()


def _decode(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _kind_of(answer: Answer, words: str) -> type[errors.WahelpError]:
    if answer.status >= 500 and answer.status not in _BY_STATUS:  # noqa: PLR2004
        return errors.ServerError
    if 300 <= answer.status < 400:  # noqa: PLR2004
        return errors.RedirectedError
    if answer.status in _WHATEVER_IS_SAID:
        return _BY_STATUS[answer.status]
    if _RATE_LIMITED.search(words):
        return errors.RateLimitedError
    if _MESSENGER_MISSING.search(words):
        return errors.MessengerMissingError
    return _BY_STATUS.get(answer.status, errors.RejectedError)


def _words_of(body: object, answer: Answer) -> str:
    """Find the API's own words; the shape of an error's body is not documented (docs/api.md, 1)."""
    if 300 <= answer.status < 400:  # noqa: PLR2004
        return answer.headers.get("location", "")
    if isinstance(body, _NotJson):
        text = answer.body.decode("utf-8", "replace")
        words = "a page of HTML" if re.search(r"<html|<!doctype", text, re.IGNORECASE) else text
    elif isinstance(body, Mapping):
        said = (body.get(key) for key in ("message", "error", "errors", "detail"))
        words = "; ".join(dict.fromkeys(word for part in said for word in _leaves(part)))
    else:
        words = "; ".join(_leaves(body))
    return words


def _shortened(words: str) -> str:
    words = " ".join(words.split()).rstrip(".")
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]}…"


def _leaves(part: object) -> list[str]:
    if isinstance(part, str):
        return [part] if part.strip() else []
    if isinstance(part, Mapping):
        return [leaf for value in part.values() for leaf in _leaves(value)]
    if isinstance(part, list):
        return [leaf for value in part for leaf in _leaves(value)]
    return []


def _time(date: str) -> datetime | None:
    """Return the time that a header names; ``None`` if it names none, or one without a zone."""
    try:
        time = parsedate_to_datetime(date)
    except ValueError:
        return None
    return time if time.tzinfo else None
