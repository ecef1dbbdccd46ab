"""The README's examples are those of ``example_dags/``, and its links lead somewhere."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.ru.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGES[0].read_text("utf-8"), re.DOTALL)


def squeezed(code: str) -> str:
    """Return code without its indentation: an example may stand deeper in its DAG."""
    return "\n".join(line.strip() for line in textwrap.dedent(code).strip().splitlines() if line.strip())


FIRST_HOUR = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs/ru/first-hour.md").read_text("utf-8"), re.DOTALL
)


@pytest.mark.parametrize(
    "example", [*EXAMPLES, *FIRST_HOUR], ids=lambda code: squeezed(code).partition("\n")[0][:40]
)
def test_every_example_is_part_of_an_example_dag(example: str) -> None:
    dags = [squeezed(path.read_text("utf-8")) for path in (ROOT / "example_dags").glob("*.py")]
    assert any(squeezed(example) in dag for dag in dags)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_is_python(page: Path) -> None:
    for example in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        ast.parse(textwrap.dedent(example))


@pytest.mark.parametrize(
    "name",
    [
        "CreateProjectOperator",
        "CreateChannelOperator",
        "ChannelActiveSensor",
        "CreateUserOperator",
        "SendMessageOperator",
        "SendFileOperator",
        "AskOperator",
        "SendMessagesOperator",
        "SqlToWahelpOperator",
        "MessageStatusSensor",
        "StartPlatformMailingOperator",
        "ExportPlatformMailingOperator",
        "SetWebhookOperator",
        "GetMessagesOperator",
        "WahelpApiOperator",
        "WahelpHook",
        "WahelpNotifier",
    ],
)
def test_everything_public_has_an_example(name: str) -> None:
    made = re.compile(rf"{name}(\.partial)?\(")
    assert any(made.search(example) for example in EXAMPLES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_picture_is_small_and_shown() -> None:
    pictures = {path.resolve() for path in (ROOT / "docs/pictures").iterdir()}
    links = {page: re.findall(r"!\[[^\]]{20,}\]\(([^)]+\.png)\)", page.read_text("utf-8")) for page in PAGES}
    assert pictures == {(page.parent / link).resolve() for page in PAGES for link in links[page]}
    assert [path.name for path in pictures if path.stat().st_size >= 50_000] == []


def test_every_error_is_explained() -> None:
    from airflow_provider_wahelp.client import errors

    named = {name for name in vars(errors) if name.endswith("Error") and name != "WahelpError"}
    errors_page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    assert {name for name in named if f"`{name}`" not in errors_page} == set()
