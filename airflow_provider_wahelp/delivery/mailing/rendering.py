"""Making a text for each person out of a row and a template."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.mailing.cells import user_id_of
from airflow_provider_wahelp.delivery.mailing.queued_message import QueuedMessage
from airflow_provider_wahelp.delivery.mailing.row_shape import by_theirs, cell, fold
from airflow_provider_wahelp.delivery.mailing.row_template import LackError, RowTemplate
from airflow_provider_wahelp.delivery.mailing.variants import variant_of
from airflow_provider_wahelp.rendering import names_around

if TYPE_CHECKING:
    from airflow_provider_wahelp.client.call import Id

_KEY_BYTES = 12  # of a million keys two are the same with a probability of 1 in 10**17


class BadRowError(ValueError):
    """A row of which no message can be made; its words hold no value of the row.

    :param user_id: the recipient, where the row names one that could be.
    :param phone: their number, as the row has it.
    """

    def __init__(self, reason: str, user_id: Id | None, phone: str | None, label: str) -> None:
        super().__init__(reason)
        self.user_id = user_id
        self.phone = phone
        self.label = label


class Renderer:
    """Turns rows into people with their texts.

    :param environment: the DAG's Jinja environment, not a native one.
    :param templates: the text, in which ``row`` is the row; or several, of which each person gets one.
    :param context: the task's context, for whatever else the text names.
    :param key: the column that holds the row's own key; by default the recipient and the text are the key.
    :param longest: how many characters a text may have.
    :param zones: returns the zones of a phone; of ``""`` where there is none.
    :param columns: the source's names of columns, by ours.
    :param region: the country of phones without a country code.
    :raises InputError: if the text names a filter, a test or a tag that the environment has not.
    """

    def __init__(
        self,
        environment: Environment,
        templates: Sequence[str],
        context: Mapping[str, Any],
        key: str | None = None,
        longest: int = 4096,
        zones: Callable[[str], str] = lambda phone: "",
        columns: Mapping[str, str] | None = None,
        region: str | None = None,
    ) -> None:
        self._region = region
        if region:
            _ = self._normalise  # a country that is none is refused before the first row
        names = names_around(context, environment)
        self._templates = [RowTemplate(environment, template, names, columns) for template in templates]
        self._key = key and (key if key in (columns or {}) else by_theirs(columns).get(fold(key), key))
        self._longest = longest
        self._zones = zones

    @cached_property
    def _normalise(self) -> Callable[[Any], str]:
        return phones.normaliser(self._region)  # reads the numbering plans, which user ids do not need

    def render(self, number: int, values: Mapping[str, Any]) -> QueuedMessage:
        """Return the recipient of a row and their text.

        :raises BadRowError: if no message can be made of it.
        """
        try:
            return self._rendered(number, values)
        except InputError as error:
            phone = values.get("phone")
            told = None if phone is None else _legible(phone)
            raise BadRowError(str(error), _user_id(values), told, _legible(self._cell(values))) from None

    def _rendered(self, number: int, values: Mapping[str, Any]) -> QueuedMessage:
        user_id, phone = _recipient(values, self._number)
        variant = self._variant(phone or str(user_id))
        text = self._text(values, variant)
        label = self._label(values)
        one = {"phone": phone, "user_id": str(user_id or "")}.get(fold(self._key or ""))  # in any spelling
        parts = ("key", one or label) if self._key else ("to", str(user_id or phone), text)
        name = values.get("name")
        return QueuedMessage(
            number,
            _digest(*parts),
            text,
            user_id,
            phone,
            _spelt(name, "name").strip() if name else "",
            self._zones(phone),
            label,
            by_phone=user_id is None,
            variant=variant,
        )

    def _number(self, phone: Any) -> str:
        return self._normalise(phone)

    def _variant(self, person: str) -> int:
        """Return which of several texts a person gets, from 1; 0 where there is one."""
        count = len(self._templates)
        return 1 + variant_of(person, count) if count > 1 else 0

    def _text(self, values: Mapping[str, Any], variant: int) -> str:
        try:
            text = self._templates[max(variant - 1, 0)].fill(values)
        except LackError as error:
            raise InputError("text", str(error)) from None
        except Exception as error:  # noqa: BLE001 - whatever a filter raises; its words may hold a value
            raise InputError("text", type(error).__name__) from None
        if not _spelt(text, "text").strip():
            raise InputError("text", "it is empty")
        if len(text) > self._longest:
            raise InputError("text", f"{len(text):,} characters, and {self._longest:,} are allowed")
        return text

    def _cell(self, values: Mapping[str, Any]) -> Any:
        found = cell(values, self._key) if self._key else None
        return "" if found is None else found

    def _label(self, values: Mapping[str, Any]) -> str:
        if not self._key:
            return ""
        label = _spelt(self._cell(values), "key")
        if not label.strip():
            raise InputError("key", f"the column {self._key!r} is missing or empty")
        return label


def _legible(cell: Any) -> str:
    """Return a cell as a report can have it, whatever it holds."""
    try:
        return str(cell).encode(errors="backslashreplace").decode()
    except ValueError:  # a number of more digits than Python spells
        return ""


def _spelt(cell: Any, what: str) -> str:
    text = arguments.spelt(cell)
    if not text and cell != "":
        raise InputError(what, "it cannot be written as UTF-8")
    return text


def _recipient(values: Mapping[str, Any], normalise: Callable[[Any], str]) -> tuple[Id | None, str]:
    """Return the recipient of a row: its ``user_id``, where it has both."""
    phone = values.get("phone")
    if (user_id := user_id_of(values)) is not None:
        return user_id, _phone_beside(phone, normalise)
    if phone in (None, ""):
        raise InputError("recipient", "neither user_id nor phone is filled")
    return None, normalise(phone)


def _user_id(values: Mapping[str, Any]) -> Id | None:
    try:
        return user_id_of(values)
    except InputError:
        return None


def _phone_beside(phone: Any, normalise: Callable[[Any], str]) -> str:
    """Return the phone of a row with a user_id: it tells the zone, and whether it is suppressed."""
    try:
        return "" if phone is None else normalise(phone)
    except InputError:
        return ""


def _digest(*parts: str) -> str:
    hashed = hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=_KEY_BYTES)
    return base64.urlsafe_b64encode(hashed.digest()).decode()
