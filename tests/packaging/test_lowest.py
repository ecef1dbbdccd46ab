"""What ``make lowest`` runs on is what is promised: each lower bound, and not the next version that works."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import ROOT

LOWEST = (ROOT / "constraints" / "lowest.txt").read_text()
# One that works on a Python to come has two lines.
PINS = dict(re.findall(r"^([a-z0-9-]+)==([0-9.]+)(?:$| ; python_full_version <)", LOWEST, re.MULTILINE))
BOUND = re.compile(r"([a-z0-9-]+)(?:\[[a-z,]+\])?>=([0-9.]+)")
EXTRAS = ("parquet", "qr", "sandbox", "sql")


def numbers(version: str) -> list[int]:
    """Return a version as numbers, 3.1 like 3.1.0."""
    found = [int(part) for part in version.split(".")]
    while found and not found[-1]:
        found.pop()
    return found


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_each_lower_bound_is_what_is_tested(project: dict[str, Any], extra: str | None) -> None:
    named = project["optional-dependencies"][extra] if extra else project["dependencies"]
    bounds = dict(bound.groups() for bound in map(BOUND.fullmatch, named) if bound)
    assert len(bounds) == len(named)
    assert {name: numbers(PINS[name]) for name in bounds} == {
        name: numbers(version) for name, version in bounds.items()
    }
