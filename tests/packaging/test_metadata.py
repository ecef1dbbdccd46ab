"""What the package says of itself, as pip and Airflow read it in the wheel."""

from __future__ import annotations

import re
from importlib.metadata import PathDistribution
from typing import Any
from zipfile import Path as ZipPath

import pytest
from trove_classifiers import classifiers

from airflow_provider_wahelp import __version__
from airflow_provider_wahelp.get_provider_info import get_provider_info

from .conftest import ROOT, Built


@pytest.fixture(scope="module")
def wheel(built: Built) -> PathDistribution:
    return PathDistribution(ZipPath(str(built.wheel), f"airflow_provider_wahelp-{__version__}.dist-info/"))  # type: ignore[arg-type]


def test_airflow_finds_the_provider_under_the_distributions_name(wheel: PathDistribution) -> None:
    [entry] = wheel.entry_points.select(group="apache_airflow_provider")
    assert entry.load() is get_provider_info
    assert entry.load()()["package-name"] == wheel.metadata["Name"] == "airflow-provider-wahelp"


def test_every_entry_point_leads_somewhere(wheel: PathDistribution) -> None:
    assert {entry.group for entry in wheel.entry_points} == {
        "airflow.plugins", "airflow.policy", "apache_airflow_provider", "console_scripts", "pytest11",
    }  # fmt: skip
    for entry in wheel.entry_points:
        assert entry.load()


def test_the_licence_is_an_expression_and_a_file(wheel: PathDistribution) -> None:
    assert wheel.metadata["License-Expression"] == "Apache-2.0"
    assert wheel.read_text("licenses/LICENSE") == (ROOT / "LICENSE").read_text()


def test_the_extras_are_those_of_the_documentation(wheel: PathDistribution) -> None:
    extras = set(wheel.metadata.get_all("Provides-Extra") or [])
    ours = {"bench", "browser", "celery", "dev", "docs", "fab", "release", "tables"}
    assert extras - ours == {"parquet", "postgres", "qr", "redis", "sandbox", "socks", "sql", "xlsx"}
    named = {
        extra
        for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        for extra in re.findall(r"airflow-provider-wahelp\[([a-z]+)]", page.read_text())
    }
    assert extras - ours <= named <= extras


def test_what_is_said_about_it_is_complete(wheel: PathDistribution) -> None:
    said: Any = wheel.metadata
    assert set(said.get_all("Classifier")) <= classifiers
    assert "Framework :: Apache Airflow :: Provider" in said.get_all("Classifier")
    assert {"airflow", "telegram", "wahelp", "whatsapp"} <= set(said["Keywords"].split(","))
    assert said["Summary"]
    assert said["Project-URL"]
    assert said["Version"] == __version__


def test_the_page_on_the_index_is_the_readme_without_links_that_lead_nowhere(wheel: PathDistribution) -> None:
    page = str(wheel.metadata.get_payload()).strip()  # type: ignore[attr-defined]
    readme = without_pictures((ROOT / "README.md").read_text().strip())
    assert [target for target in links(page) if not target.startswith("https://")] == []
    assert links(readme) != links(page)
    assert not [target for target in links(readme) if named(target) not in page]
    assert without_links(page) == without_links(readme)


def without_pictures(page: str) -> str:
    """Return a page as it is where the files beside it are not."""
    return re.sub(r"!\[[^\]]*\]\([^)]*\)\n\n", "", page)


def links(page: str) -> list[str]:
    return re.findall(r"\]\(([^)]*)\)", page)


def named(target: str) -> str:
    """Return the file that a link leads to; nothing, for a heading of the same page."""
    return target if target.startswith("https://") else target.partition("#")[0]


def without_links(page: str) -> str:
    """Return the words of a page, whatever it says of where links lead."""
    words = re.sub(r"\[(`?)([^\]`]+)\1\]\(\2\)", r"\1\2\1", page)
    words = re.sub(r"\[([^\]]+)\]\((?!https:)[^)]*\)", r"\1", words)
    files = r" \(`(?:docs|example_dags)/[^`]+`\)| \(`[A-Z]+(?:\.ru)?\.md`\)"
    return re.sub(files, "", words)


def test_only_what_a_task_needs_is_required(wheel: PathDistribution) -> None:
    needed = {re.split(r"[<>=\[ ]", name)[0] for name in wheel.requires or [] if "extra ==" not in name}
    assert needed == {
        "apache-airflow", "apache-airflow-providers-common-compat",
        "asgiref", "certifi", "greenlet", "httpx", "phonenumbers", "requests", "tenacity",
    }  # fmt: skip
