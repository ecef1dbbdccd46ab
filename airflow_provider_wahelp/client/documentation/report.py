"""The comparison in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from airflow_provider_wahelp.client.documentation.comparison import Finding, Kind
from airflow_provider_wahelp.client.documentation.document import Document
from airflow_provider_wahelp.client.documentation.facts import OPERATIONS

_ORDER = ("contradicts", "adds", "does not say", "confirms")


def lines_of(document: Document, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of the report, the contradictions first."""
    count = len(document.operations)
    yield f"{document.title}: {count} operations; the list that the package was made from has {OPERATIONS}."
    for kind in sorted(get_args(Kind), key=_ORDER.index):
        found = [each for each in findings if each.kind == kind]
        yield f"\n{kind.capitalize()} ({len(found)}){':' if found else '.'}"
        for each in found:
            yield f"  {each.about}{': ' if each.words else ''}{each.words}"
