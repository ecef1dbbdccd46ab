"""A million phones made E.164 of, beside a loop that has phonenumbers do it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_wahelp.client import phones
from benchmarks.table import TIMES, Row

MANY, FEW = 1_000_000, 100_000
LEAST_TIMES = 10.0
FORMS = {
    "E.164": ("+7{0}{1}{2}{3}", None),
    "with a plus and brackets": ("+7 ({0}) {1}-{2}-{3}", None),
    "as Russians write it": ("8 ({0}) {1}-{2}-{3}", "RU"),
    "ten digits": ("{0}{1}{2}{3}", "RU"),
}


def measure(home: Path, say: Callable[[str], None]) -> list[Row]:
    """Measure it.

    :param home: a directory, which this leaves empty.
    :param say: tells what is being done.
    """
    del home
    rows = []
    for form, (pattern, region) in FORMS.items():
        say(f"Phones written as {form}")
        written = _written(pattern)
        ours = _microseconds(phones.normaliser(region), written)
        theirs = _microseconds(_plain(region), written[:FEW])
        least = LEAST_TIMES if form == "E.164" else None
        rows.append(Row(f"phones, {form} / phonenumbers in a loop", theirs / ours, TIMES, least=least))
        rows.append(Row(f"phones, {form}: one of {MANY:,}", ours, "us"))
    return rows


def _written(pattern: str) -> list[str]:
    chance = random.Random(20261128)
    numbers = (f"916{chance.randrange(10**7):07}" for _ in range(MANY))
    return [pattern.format(number[:3], number[3:6], number[6:8], number[8:]) for number in numbers]


def _microseconds(normalise: Callable[[Any], str], written: Sequence[str]) -> float:
    began = time.process_time()
    for phone in written:
        normalise(phone)
    return (time.process_time() - began) / len(written) * 1e6


def _plain(region: str | None) -> Callable[[Any], str]:
    import phonenumbers

    def normalise(phone: str) -> str:
        number = phonenumbers.parse(phone, region)
        if not phonenumbers.is_valid_number(number):
            raise ValueError("no valid number")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    return normalise
