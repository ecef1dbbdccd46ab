"""The template of a mailing's text, compiled once and filled in row by row."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, MutableMapping
from typing import Any, cast

from jinja2 import (
    Environment,
    StrictUndefined,
    Template,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.runtime import Context
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from airflow_provider_wahelp.delivery.mailing.options import no_template
from airflow_provider_wahelp.delivery.mailing.row_shape import by_theirs, fold, spelling

_EMPTY = "a value in it is empty (NULL)"
_CHANGES_ITS_CONTEXT = (
    nodes.Assign,
    nodes.AssignBlock,
    nodes.Extends,  # each time adds the blocks of its base
    nodes.FromImport,
    nodes.Import,
    nodes.Macro,
)


class LackError(UndefinedError):
    """A value that the text needs is missing; the words hold no value of the row."""


class _EmptyError(LackError):
    """A value that the text needs is NULL."""


class RowProxy:
    """A row, as a template sees it: its columns and nothing else, whatever they are called, in any case.

    :param others: further names of columns.
    """

    __slots__ = ("_others", "_values")

    def __init__(self, values: Mapping[str, Any], others: Mapping[str, str]) -> None:
        self._values = values
        self._others = others

    def __getitem__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            return self._values[self._spelling(name) or name]

    def __contains__(self, name: str) -> bool:
        return name in self._values or self._spelling(name) in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a column, as a mapping's method does; ``row.get`` that is not called is a column."""
        try:
            return self[name]
        except KeyError:
            return default

    def _spelling(self, name: str) -> str | None:
        return spelling(tuple(self._values), name) or self._others.get(fold(name))


class RowTemplate:
    """A text with a place for each column of a row.

    Jinja makes a context for each text, and looks for an attribute of the row before it looks for the column.
    That is four fifths of what a text costs. So the rows share a context, unless the text changes it, and
    ``row.name`` is compiled to ``row["name"]``.

    :param environment: the DAG's Jinja environment, not a native one.
    :param source: the text, in which ``row`` is the row.
    :param names: what else the text may name.
    :param columns: the source's names of columns, by ours: the text may use either.
    :raises InputError: if the text is no template, or names a filter, a test or a tag that does not exist.
    """

    def __init__(
        self,
        environment: Environment,
        source: str,
        names: MutableMapping[str, Any],
        columns: Mapping[str, str] | None = None,
    ) -> None:
        self._others = by_theirs(columns)
        try:
            tree = environment.parse(source)
            self._named = sorted(_named(tree))
            alone = next(tree.find_all(_CHANGES_ITS_CONTEXT), None) is None
            self._template = _compiled(environment, tree)
        except TemplateSyntaxError as error:
            raise no_template(error) from None
        self._names = names
        self._shared = self._context() if alone else None

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the text of a row.

        :raises LackError: if the row lacks a value that the text needs.
        :raises Exception: whatever a filter of the text raises.
        """
        self._names["row"] = row = RowProxy(values, self._others)
        try:
            return "".join(self._template.root_render_func(self._shared or self._context()))
        except _EmptyError:
            empty = next((name for name in self._named if name in row and row[name] is None), None)
            raise LackError(f"the column {empty!r} is empty (NULL)" if empty else _EMPTY) from None

    def _context(self) -> Context:
        return self._template.new_context(cast("dict[str, Any]", self._names), shared=True)


class _ColumnsAtOnce(NodeTransformer):
    """Turns ``row.name`` into ``row["name"]``, but not the call of a method such as ``row.get("name")``."""

    def __init__(self, tree: nodes.Template) -> None:
        self._called = {id(call.node) for call in tree.find_all(nodes.Call)}

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802 - the visitor's convention
        """Visit an attribute."""
        self.generic_visit(node)
        of_row = isinstance(node.node, nodes.Name) and node.node.name == "row"
        if not of_row or id(node) in self._called:
            return node
        return nodes.Getitem(node.node, nodes.Const(node.attr), node.ctx, lineno=node.lineno)


def _filled(value: Any) -> Any:
    if value is None:
        raise _EmptyError(_EMPTY)
    return value


def _compiled(environment: Environment, tree: nodes.Template) -> Template:
    """Return a template that puts nothing in place of what is missing."""
    undefined = _undefined(_named(tree))
    rows_alone = all(name.ctx == "load" for name in tree.find_all(nodes.Name) if name.name == "row")
    made = _ColumnsAtOnce(tree).visit(tree) if rows_alone else tree
    return environment.overlay(undefined=undefined, finalize=_filled).from_string(made)


def _named(tree: nodes.Template) -> frozenset[str]:
    """Return what a template names itself: names, attributes and words in quotes."""
    names = {node.name for node in tree.find_all(nodes.Name)}
    attributes = {node.attr for node in tree.find_all(nodes.Getattr)}
    quoted = {node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)}
    return frozenset(names | attributes | quoted)


def _undefined(named: Container[str]) -> type[StrictUndefined]:
    """Return the kind of what is missing: Jinja's own words name a key even where the row has it.

    :param named: what the template names itself.
    """

    class Undefined(StrictUndefined):
        __slots__ = ()

        def __init__(
            self,
            hint: str | None = None,
            obj: Any = missing,
            name: Any = None,
            exc: type[TemplateRuntimeError] = UndefinedError,
        ) -> None:
            told = name if isinstance(name, str) and name in named else None
            kind = LackError if exc is UndefinedError else exc
            super().__init__(_lack(obj, told), obj, name, kind)

    return Undefined


def _lack(obj: object, name: str | None) -> str:
    """Say what is missing, by its name where that may be told."""
    if name is not None and obj is missing:
        return f"{name!r} is undefined"
    if name is not None and isinstance(obj, RowProxy):
        return f"the row has no column {name!r}"
    return "a value in it is undefined"
