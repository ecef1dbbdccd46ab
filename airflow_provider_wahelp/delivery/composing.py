"""Making a text for each person out of a row and a template."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_wahelp.client import arguments, phones
from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.delivery.worklist import Person

if TYPE_CHECKING:
    import jinja2

    from airflow_provider_wahelp.client.calls import Id

_KEY_BYTES = 12  # of a million keys two are the same with a probability of 1 in 10**17


class BadRowError(ValueError):
    """A row of which no message can be made; its words hold no value of the row."""


class Row:
    """A row, as a template sees it: its columns and nothing else, whatever they are called.

    :param values: the columns.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Composer:
    """Turns rows into people with their texts.

    :param environment: the DAG's Jinja environment, not a native one.
    :param template: the text, in which ``row`` is the row.
    :param context: the task's context, for whatever else the text names.
    :param key: the column that holds the row's own key; by default the recipient and the text are the key.
    :param longest: how many characters a text may have.
    :param zones: returns the zones of a phone; of ``""`` where there is none.
    """

    def __init__(
        self,
        environment: jinja2.Environment,
        template: str,
        context: Mapping[str, Any],
        key: str | None = None,
        longest: int = 4096,
        zones: Callable[[str], str] = lambda phone: "",
    ) -> None:
        from jinja2 import StrictUndefined

        strict = environment.overlay(undefined=StrictUndefined, finalize=_filled)
        self._template = strict.from_string(template)
        # Airflow 2's context is lazy: it is handed over as it is, and not copied into a dict.
        self._names = cast("MutableMapping[str, Any]", copy.copy(context))
        for name, value in strict.globals.items():
            if name not in self._names:
                self._names[name] = value
        self._key = key
        self._longest = longest
        self._zones = zones

    def compose(self, number: int, values: Mapping[str, Any]) -> Person:
        """Return who a row is for and with which text.

        :param number: the row in the source, from 1.
        :param values: the row.
        :raises BadRowError: if no message can be made of it.
        """
        user_id, phone = _recipient(values)
        text = self._text(values)
        label = self._label(values)
        parts = ("key", label) if self._key else ("to", str(user_id or phone), text)
        name = values.get("name")
        return Person(
            number,
            _digest(*parts),
            text,
            user_id,
            phone,
            _spelt(name, "name").strip() if name else "",
            self._zones(phone),
            label,
            by_phone=user_id is None,
        )

    def _text(self, values: Mapping[str, Any]) -> str:
        from jinja2 import UndefinedError

        self._names["row"] = Row(values)
        template = self._template
        try:
            made = template.new_context(cast("dict[str, Any]", self._names), shared=True)
            text = "".join(template.root_render_func(made))
        except UndefinedError as error:
            raise BadRowError(f"text: {_named(error)}") from None
        except Exception as error:  # noqa: BLE001 - whatever a filter raises; its words may hold a value
            raise BadRowError(f"text: {type(error).__name__}") from None
        if not _spelt(text, "text").strip():
            raise BadRowError("text: it is empty")
        if len(text) > self._longest:
            raise BadRowError(f"text: {len(text):,} characters, and {self._longest:,} are allowed")
        return text

    def label(self, values: Mapping[str, Any]) -> str:
        """Return what a row names as its key, for the report; ``""`` where it names none.

        :param values: the row.
        """
        return legible(self._cell(values))

    def _cell(self, values: Mapping[str, Any]) -> Any:
        cell = values.get(self._key) if self._key else None
        return "" if cell is None else cell

    def _label(self, values: Mapping[str, Any]) -> str:
        label = _spelt(self._cell(values), "key")
        if self._key and not label.strip():
            raise BadRowError(f"key: the column {self._key!r} is missing or empty")
        return label


def legible(cell: Any) -> str:
    """Return a cell as a report can have it, whatever it holds.

    :param cell: the cell.
    """
    try:
        return str(cell).encode(errors="backslashreplace").decode()
    except ValueError:  # a number of more digits than Python spells
        return ""


def _spelt(cell: Any, what: str) -> str:
    text = arguments.spelt(cell)
    if not text and cell != "":
        raise BadRowError(f"{what}: it cannot be written as UTF-8")
    return text


def _recipient(values: Mapping[str, Any]) -> tuple[Id | None, str]:
    """Return who a row is for: its ``user_id``, where it has both."""
    user_id, phone = values.get("user_id"), values.get("phone")
    try:
        if user_id not in (None, ""):
            return arguments.user_id(user_id), _phone_beside(phone)
        if phone in (None, ""):
            raise BadRowError("recipient: neither user_id nor phone is filled")
        return None, phones.normalise(phone)
    except InputError as error:
        raise BadRowError(str(error)) from None


def _phone_beside(phone: Any) -> str:
    """Return the phone of somebody who is a user: it tells their zone, and whether they are suppressed."""
    try:
        return phones.normalise(phone)
    except InputError:
        return ""


def _digest(*parts: str) -> str:
    hashed = hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=_KEY_BYTES)
    return base64.urlsafe_b64encode(hashed.digest()).decode()


def _filled(value: Any) -> Any:
    if value is None:
        from jinja2 import UndefinedError

        raise UndefinedError("a value in it is empty (NULL)")
    return value


def _named(error: Exception) -> str:
    """Say which column is missing; Jinja's words name the class that it was looked for in."""
    return str(error).replace(
        "'airflow_provider_wahelp.delivery.composing.Row object' has no attribute", "the row has no column"
    )
