"""The Russian pages say what the English ones say: the same sections, code, tables and links."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAIRS = [("README.md", "README.ru.md"), ("docs/alerting.md", "docs/ru/alerting.md")]
TRANSLATED = {"docs/alerting.md": "docs/ru/alerting.md", "README.md": "README.ru.md"}


def sections(page: str) -> list[tuple[str, str]]:
    """Return the level of each heading, and what stands below it."""
    text = (ROOT / page).read_text("utf-8")
    code = re.findall(r"^```.*?^```", text, re.DOTALL | re.MULTILINE)
    for number, block in enumerate(code):  # what begins with # in it is no heading
        text = text.replace(block, f"@{number}@", 1)
    parts = re.split(r"^(#+) .*$", text, flags=re.MULTILINE)[1:]
    restored = [re.sub(r"^@(\d+)@$", lambda at: code[int(at[1])], part, flags=re.MULTILINE) for part in parts]
    return list(zip(parts[::2], restored[1::2], strict=True))


def code_of(section: str) -> list[str]:
    return re.findall(r"```.*?```", section, re.DOTALL)


def prose_of(section: str) -> str:
    return re.sub(r"```.*?```", "", section, flags=re.DOTALL)


def columns_of(section: str) -> list[int]:
    """Return how many columns each line of its tables has."""
    lines = [line for line in prose_of(section).splitlines() if line.startswith("|")]
    return [line.count("|") for line in lines]


def links_of(page: str, section: str) -> Counter[str]:
    """Return where its links lead, by file: of a page that is translated, as the English one."""
    found = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", prose_of(section))
    english = {russian: name for name, russian in TRANSLATED.items()}
    paths = [link if ":" in link else _path(page, link) for link in found]
    return Counter(english.get(path, path) for path in paths)


def _path(page: str, link: str) -> str:
    return str(((ROOT / page).parent / link).resolve().relative_to(ROOT))


@pytest.mark.parametrize(("english", "russian"), PAIRS)
def test_both_have_the_same_sections(english: str, russian: str) -> None:
    assert [level for level, _ in sections(english)] == [level for level, _ in sections(russian)]


@pytest.mark.parametrize(("english", "russian"), PAIRS)
def test_each_section_has_the_same_code_tables_and_bullets(english: str, russian: str) -> None:
    for (_, told), (_, told_in_russian) in zip(sections(english), sections(russian), strict=True):
        assert code_of(told_in_russian) == code_of(told)
        assert columns_of(told_in_russian) == columns_of(told)
        bullets = [len(re.findall(r"^- ", each, re.MULTILINE)) for each in (told, told_in_russian)]
        assert bullets[0] == bullets[1], told_in_russian


@pytest.mark.parametrize(("english", "russian"), PAIRS)
def test_each_section_leads_to_the_same_pages(english: str, russian: str) -> None:
    for (_, told), (_, told_in_russian) in zip(sections(english), sections(russian), strict=True):
        assert links_of(russian, told_in_russian) == links_of(english, told)


@pytest.mark.parametrize(("english", "russian"), PAIRS)
def test_both_name_the_same_things(english: str, russian: str) -> None:
    """What is marked as code is a name, apart from the texts that people read."""
    names = re.compile(r"`([a-zA-Z_][\w.\[\]]*)`")
    named, named_in_russian = (
        set(names.findall(prose_of((ROOT / page).read_text("utf-8")))) for page in (english, russian)
    )
    assert named_in_russian == named
