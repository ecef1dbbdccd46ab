"""The changelog can be built, and says all that lies in its folder."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .conftest import ROOT

FRAGMENTS = sorted((ROOT / "changes").glob("*.md"))
KINDS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]


@pytest.fixture(scope="module")
def draft() -> str:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--date", "today"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda path: path.name)
def test_each_change_is_of_a_known_kind_and_in_the_changelog(fragment: Path, draft: str) -> None:
    assert fragment.suffixes[-2].removeprefix(".") in {kind["directory"] for kind in KINDS}
    assert " ".join(fragment.read_text().split()) in " ".join(draft.split())


def test_contributors_are_told_the_kinds() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text()
    assert all(f"`{kind['directory']}`" in told for kind in KINDS)
