"""The words that people are told, in their language: gettext's catalogues, and which of them is meant."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, get_args

from airflow_provider_wahelp.client.arguments import Language

if TYPE_CHECKING:
    from datetime import datetime
    from gettext import NullTranslations

LANGUAGES = get_args(Language)
DOMAIN = "wahelp"


def marked(message: str) -> str:
    """Return a message, which is translated where it is used: so the catalogues learn of it."""
    return message


def marked_many(one: str, many: str) -> tuple[str, str]:
    """Return a message about a number of things, likewise."""
    return one, many


_TIME = marked("%d %b %H:%M")
_ZONE = marked("MSK")  # as Python abbreviates it


class Words:
    """The words of one language.

    :param language: its code. What its catalogue lacks is told in English.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def gettext(self, message: str, **values: object) -> str:
        """Return a message, with values in place of what it has in braces."""
        return self._catalogue.gettext(message).format(**values) if message else ""

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """Return a message about so many: there it is ``{count}``."""
        return self._catalogue.ngettext(one, many, count).format(count=count, **values)

    def quoted(self, message: str) -> str:
        """Return a message of Airflow's: its translation where it is known, and the message as it is."""
        return self._catalogue.gettext(message) if message else ""

    def time(self, moment: datetime, *, zone: bool = False) -> str:
        """Return a time as its reader writes it.

        :param zone: whether it names its zone.
        """
        text = f"{moment:{self._catalogue.gettext(_TIME)}}"
        return f"{text} {self._catalogue.gettext(moment.tzname() or 'UTC')}" if zone else text

    @cached_property
    def _catalogue(self) -> NullTranslations:
        from gettext import translation
        from pathlib import Path

        folder = Path(__file__).parent / "locale"
        return translation(DOMAIN, folder, [self.language], fallback=True)


ENGLISH = Words("en")
