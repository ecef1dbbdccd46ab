"""The site of `make docs`: the pages as they are, the example DAGs, and the reference from the docstrings."""

from __future__ import annotations

import ast
import importlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp()  # what is documented is imported, and Airflow writes there
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"

from sphinx.application import Sphinx  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402

from airflow_provider_wahelp import __version__  # noqa: E402

project = "airflow-provider-wahelp"
release = __version__
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "docs/**.rst"]
exclude_patterns = [".*", "airflow_provider_wahelp", "benchmarks", "build", "changes", "constraints", "dags"]
exclude_patterns += ["demo", "dist", "findings", "tests"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # of JSON in a command: it is coloured as far as it goes

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "furo"
html_title = project
html_show_sourcelink = False
html_copy_source = False
templates_path: list[str] = []

PUBLIC = (
    "operators",
    "sensors",
    "transfers",
    "notifications",
    "hooks",
    "triggers",
    "assets",
    "sandbox",
    "client",
)
"""The packages of which each name of ``__all__`` must be on a page."""

EXAMPLE = re.compile(r"\]\((?:\.\./)*example_dags(?:/(\w+)\.py)?/?\)")
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)#]+)\)")

CONTENTS = """
```{toctree}
:hidden:
:caption: %s

%s
```
"""
GUIDES = (
    "waiting",
    "mailings",
    "tables",
    "files",
    "listening",
    "alerting",
    "testing",
    "sandbox",
    "migration",
)
FACTS = ("promises", "exactly-once", "errors", "scaling", "versions", "api", "design")


def _contents() -> str:
    others = sorted({path.stem for path in (ROOT / "docs").glob("*.md")} - {*GUIDES, *FACTS})
    chapters = {
        "Guides": [f"docs/{name}" for name in (*GUIDES, *others)] + ["docs/site/examples"],
        "Reference": [f"docs/site/reference/{name}" for name in (*PUBLIC, "errors", "retry_policy")],
        "Facts": [f"docs/{name}" for name in FACTS],
        "По-русски": ["README.ru", "docs/ru/first-hour", "docs/ru/alerting"],
        "Project": ["CONTRIBUTING", "SECURITY", "CHANGELOG"],
    }
    return "".join(
        CONTENTS % (name, "\n".join(f"/{page}" for page in pages)) for name, pages in chapters.items()
    )


def _examples() -> str:
    """Return a section for each example DAG: what it says of itself, and its code."""
    return "\n".join(_example(path) for path in sorted((ROOT / "example_dags").glob("*.py")))


def _example(path: Path) -> str:
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    code = f"```{{literalinclude}} /example_dags/{path.name}\n:language: python\n```"
    return f"\n## {path.name}\n\n{said}\n\n{code}\n"


def complete(app: Sphinx, page: str, source: list[str]) -> None:
    """Add to a page what is nowhere written by hand; an example DAG is a section of a page here."""
    if page == root_doc:
        source[0] += _contents()
    if page == "docs/site/examples":
        source[0] += _examples()
    source[0] = EXAMPLE.sub(
        lambda link: f"](/docs/site/examples.md#{link[1]}py)" if link[1] else "](/docs/site/examples.md)",
        source[0],
    )
    here = (ROOT / page).parent
    source[0] = LINK.sub(lambda link: link[1] if (here / link[2]).is_dir() else link[0], source[0])


def link_pages(app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Let a docstring that names a page lead to it."""
    lines[:] = [re.sub(r"``(docs/[\w-]+)\.md``", r":doc:`/\1`", line) for line in lines]


def _public() -> dict[str, Any]:
    """Return each public name, and what it means."""
    packages = [importlib.import_module(f"airflow_provider_wahelp.{name}") for name in PUBLIC]
    return {f"{each.__name__}.{name}": getattr(each, name) for each in packages for name in each.__all__}


def load(app: Sphinx) -> None:
    """Import what the packages import when it is first used: Sphinx looks for it, and uses nothing."""
    for path, value in _public().items():
        package, _, name = path.rpartition(".")
        vars(importlib.import_module(package))[name] = value


def check_names(app: Sphinx, env: Any) -> None:
    """Refuse a public name that is on no page."""
    if missing := sorted(set(_public()) - set(env.get_domain("py").objects)):
        raise ExtensionError(f"These names are on no page of docs/site/reference: {', '.join(missing)}")


def lead_in(app: Sphinx, error: Exception | None) -> None:
    """Let the site be opened by its folder."""
    if not error:
        page = '<!doctype html><meta http-equiv="refresh" content="0; url=README.html">\n'
        Path(app.outdir, "index.html").write_text(page, "utf-8")


def setup(app: Sphinx) -> None:
    """Do all this when Sphinx runs."""
    app.connect("builder-inited", load)
    app.connect("source-read", complete)
    app.connect("autodoc-process-docstring", link_pages)
    app.connect("env-check-consistency", check_names)
    app.connect("build-finished", lead_in)
