"""A text that is filled in row by row is what Jinja makes of it alone, whatever it is made of."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from airflow_provider_wahelp.delivery.mailing.row_template import LackError, RowTemplate

ROWS: list[dict[str, Any]] = [
    {"name": "Anna", "items": [1, 2], "sums": {"due": 5, "items": 7}, "get": "got", "many": [{"name": "x"}]},
    {"name": "Boris", "items": [], "sums": {"due": 6, "items": 8}, "get": "", "many": []},
    {"name": "Clara", "items": [3], "sums": {"due": 7, "items": 9}, "get": "2", "many": [{"name": "y"}]},
]
FILES = {
    "part": "{{ row.name }}!",
    "base": "[{% block body %}{% endblock %}]",
    "macros": "{% macro m(v) %}<{{ v }}>{% endmacro %}",
}
TEXTS = [
    "{{ row.name }} {{ row['name'] }} {{ row.sums.due }} {{ row.sums['items'] }}",
    "{{ row.name.upper() }} {{ row.name | lower }} {{ row.sums.items() | list }}",
    "{{ row.items | length }} {{ row.items }} {{ row.get }}",
    "{% for entry in row['items'] %}{{ loop.index }}{{ entry }}{% else %}none{% endfor %}",
    "{% for row in row.many %}{{ row.name }}{{ row.keys() | list }}{% endfor %}",
    "{% set row = {'name': 'other'} %}{{ row.name }}{{ row.keys() | list }}",
    "{% set seen = row.name %}{{ seen }}",
    "{% if row.name == 'Anna' %}{% set first = 1 %}{% endif %}{{ first is defined }}",
    "{% if row.name == 'Anna' %}{% set first %}1{% endset %}{% endif %}{{ first is defined }}",
    "{% if row.name == 'Anna' %}{% macro m() %}{% endmacro %}{% endif %}{{ m is defined }}",
    "{% if row.name == 'Anna' %}{% import 'macros' as m %}{% endif %}{{ m is defined }}",
    "{% if row.name == 'Anna' %}{% from 'macros' import m %}{% endif %}{{ m is defined }}",
    "{% with name = row.name %}{{ name }}{% endwith %}",
    "{% macro hello(row) %}{{ row.name }}{% endmacro %}{{ hello(row) }}{{ hello({'name': 1}) }}",
    "{% macro m() %}({{ caller() }}){% endmacro %}{% call m() %}{{ row.name }}{% endcall %}",
    "{% include 'part' %}",
    "{% extends 'base' %}{% block body %}{{ row.name }}{% endblock %}",
    "{% from 'macros' import m %}{{ m(row.name) }}",
    "{% import 'macros' as macros %}{{ macros.m(row.name) }}",
    "{% block body %}{{ row.name }}{% endblock %}{{ self.body() }}",
    "{% filter upper %}{{ row.name }}{% endfilter %}",
    "{{ row.nobody is defined }} {{ row.nobody | default('-') }} {{ row['nobody'] | default('-') }}",
    "{{ 'name' in row }} {{ row | length }} {{ row | list }}",
    "{{ ds }} {{ row.name if ds else 'x' }}",
    "{{ [row.name, row.sums.due] | join(', ') }}",
]


def environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(loader=DictLoader(FILES), undefined=StrictUndefined)


@pytest.mark.parametrize("text", TEXTS)
def test_each_row_is_filled_in_as_if_it_were_the_only_one(text: str) -> None:
    one_by_one = [RowTemplate(environment(), text, {"ds": "2026-11-28"}).fill(row) for row in ROWS]
    shared = RowTemplate(environment(), text, {"ds": "2026-11-28"})
    assert [shared.fill(row) for row in ROWS + ROWS] == one_by_one * 2


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if "row.items" not in text and "row.get" not in text]
)
def test_a_row_reads_as_a_mapping_does_in_jinja(text: str) -> None:
    template, plain = RowTemplate(environment(), text, {"ds": 1}), environment().from_string(text)
    assert [template.fill(row) for row in ROWS] == [plain.render(row=row, ds=1) for row in ROWS]


def test_a_column_may_be_called_as_a_method_of_a_mapping_is() -> None:
    assert (
        RowTemplate(environment(), "{{ row.items }}{{ row.get }}{{ row.keys }}", {}).fill(
            {"items": 1, "get": 2, "keys": 3}
        )
        == "123"
    )


def test_after_a_row_that_lacks_a_value_the_next_one_is_filled_in() -> None:
    template = RowTemplate(environment(), "{{ row.name }}{{ row.due }}", {})
    with pytest.raises(LackError, match="the row has no column 'due'"):
        template.fill({"name": "s3cret"})
    with pytest.raises(LackError, match="NULL"):
        template.fill({"name": None, "due": 1})
    assert template.fill({"name": "Anna", "due": 5}) == "Anna5"
