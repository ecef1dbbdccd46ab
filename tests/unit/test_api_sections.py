"""The code cites ``docs/api.md``, the page of facts about the API, and what it cites is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
SECTIONS = set(re.findall(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", PAGE, re.MULTILINE))
CITED = {
    (str(path.relative_to(ROOT)), section)
    for path in (ROOT / "airflow_provider_wahelp").rglob("*.py")
    for section in re.findall(r"docs/api\.md, (\d+(?:\.\d+)?)", path.read_text("utf-8"))
}


@pytest.mark.parametrize(("path", "section"), sorted(CITED), ids=lambda value: value.replace("/", "."))
def test_a_cited_section_exists(path: str, section: str) -> None:
    assert section in SECTIONS


def test_the_code_cites_the_page_and_no_other() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "airflow_provider_wahelp").rglob("*.py")]
    assert len(CITED) > 10
    assert not [source for source in sources if re.search(r"API section \d", source)]


@pytest.mark.parametrize("line", [line for line in PAGE.splitlines() if line.startswith("| `")])
def test_every_operation_has_a_mark(line: str) -> None:
    marks = line.rstrip("|").rpartition("|")[2]
    assert set(marks.replace(",", " ").split()) <= {"G", "L", "P", "?"}
    assert marks.strip()
