"""What the API's own documentation confirms, contradicts and adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from airflow_provider_wahelp.client.documentation.document import (
    JSON,
    Document,
    Operation,
    Schema,
    choices_of,
    required_of,
    types_of,
)
from airflow_provider_wahelp.client.documentation.facts import FACTS, UNKNOWN, Fact, keys_of, understands
from airflow_provider_wahelp.client.models import Message, direction_of
from airflow_provider_wahelp.client.status import STATUSES, status_failed

Kind = Literal["confirms", "contradicts", "adds", "does not say"]

_HEADERS = {"authorization", "x-project", "accept", "content-type"}
_ENVELOPE = {"success", "data", "has_more", "message"}
_ALIASES = {"message": "text"}  # the text of a message has two names (docs/api.md, 4.3)


class Finding(NamedTuple):
    """One thing that the documentation says, or fails to say.

    :param about: the operation, or the part of the API.
    """

    kind: Kind
    about: str
    words: str


def compare(document: Document) -> list[Finding]:
    """Return all that the documentation says of what the package takes for known, or knows not at all."""
    found = list(_authorization(document))
    for fact in FACTS:
        found += _of(document, fact)
    return [*found, *_unknown(document)]


def _of(document: Document, fact: Fact) -> list[Finding]:
    operation, methods = document.find(fact.call.method, fact.path)
    if operation is None:
        return [_missing(fact, methods)]
    told = [
        *_path(operation, fact),
        *_parameters(operation, fact),
        *_body(document, operation, fact),
        *_answer(document, operation, fact),
    ]
    if any(each.kind == "contradicts" for each in told):
        return told
    return [Finding("confirms", str(fact), ""), *told]


def _missing(fact: Fact, methods: list[str]) -> Finding:
    if not fact.listed and not methods:
        return Finding("does not say", str(fact), "is in the integration guide alone")
    instead = f"; its methods there are {', '.join(methods)}" if methods else ""
    return Finding("contradicts", str(fact), f"is not in it{instead}")


def _path(operation: Operation, fact: Fact) -> Iterator[Finding]:
    ends = operation.path.endswith("/")
    if ends != fact.path.endswith("/"):
        words = "ends in a slash" if ends else "does not end in a slash"
        kind: Kind = "adds" if fact.call.method == "GET" else "contradicts"  # a redirect of a GET is followed
        yield Finding(kind, str(fact), f"its path {words}: /{operation.path}")


def _parameters(operation: Operation, fact: Fact) -> Iterator[Finding]:
    known, sent = operation.named("query"), set(fact.call.params or {})
    for name in sorted(sent - set(known)):
        yield Finding("contradicts", str(fact), f"has no query parameter `{name}`")
    for name, schema in known.items():
        if name not in sent:
            yield _further(fact, f"query parameter `{name}`", schema, required=bool(schema.get("required")))
    for name, schema in operation.named("header").items():
        if name.lower() not in _HEADERS:
            yield _further(fact, f"header `{name}`", schema, required=bool(schema.get("required")))


def _body(document: Document, operation: Operation, fact: Fact) -> Iterator[Finding]:
    if not operation.bodies or not isinstance(fact.call.json, Mapping):
        return
    if JSON not in operation.bodies:
        yield Finding("contradicts", str(fact), f"takes {', '.join(operation.bodies)}, and not JSON")
    schema = operation.bodies.get(JSON) or next(iter(operation.bodies.values()))
    fields, required = document.fields(schema), required_of(schema)
    for name, value in fact.call.json.items():
        if fields and name not in fields and not schema.get("additionalProperties"):
            yield Finding("contradicts", str(fact), f"has no field `{name}` in its body")
        yield from _value(fact, name, value, fields.get(name, {}))
    for name in fields:
        if name not in fact.call.json:
            yield _further(fact, f"field `{name}`", fields[name], required=name in required)
    for kind in operation.bodies:
        if kind != JSON and JSON in operation.bodies:
            yield Finding("adds", str(fact), f"takes {kind} too{_listed(document, operation.bodies[kind])}")


def _value(fact: Fact, name: str, value: Any, schema: Schema) -> Iterator[Finding]:
    kinds, choices = types_of(schema), choices_of(schema)
    if kinds and _type_of(value) not in kinds:
        words = f"its field `{name}` is of type {_or(kinds)}, and {_type_of(value)} is sent"
        yield Finding("contradicts", str(fact), words)
    if choices and isinstance(value, str) and value not in choices:
        yield Finding("contradicts", str(fact), f"its field `{name}` is {_or(choices)}, and not {value!r}")
    elif choices:
        yield Finding("adds", str(fact), f"its field `{name}` is {_or(choices)}")


def _further(fact: Fact, what: str, schema: Schema, *, required: bool) -> Finding:
    if required:
        return Finding(
            "contradicts", str(fact), f"requires the {what}{_described(schema)}, which is not sent"
        )
    return Finding("adds", str(fact), f"also takes the {what}{_described(schema)}")


def _answer(document: Document, operation: Operation, fact: Fact) -> Iterator[Finding]:
    envelope = document.fields(operation.answer)
    if not envelope:
        yield Finding("does not say", str(fact), "what it answers")
        return
    if "data" not in envelope:
        yield Finding("contradicts", str(fact), f"its answer has no `data`, but {_or(envelope)}")
        return
    for name in sorted(set(envelope) - _ENVELOPE):
        yield Finding("adds", str(fact), f"its answer has `{name}` beside `data`{_described(envelope[name])}")
    data, kinds = envelope["data"], types_of(envelope["data"])
    wanted = "array" if fact.many else "object"
    if (fact.model or fact.needs) and kinds and wanted not in kinds:
        yield Finding("contradicts", str(fact), f"its `data` is of type {_or(kinds)}, and not {wanted}")
        return
    yield from _fields(document.fields(data.get("items") if fact.many else data), fact)


def _fields(fields: Mapping[str, Schema], fact: Fact) -> Iterator[Finding]:
    for name in fact.needs:
        if fields and name not in fields:
            yield Finding("contradicts", str(fact), f"its answer has no `{name}`, which the package needs")
    if fact.model is None:
        yield from _new(fields, set(fact.needs), fact)
        return
    known = [key for key in keys_of(fact.model) if key not in fact.needs]
    silent = [key for key in known if key not in fields and _ALIASES.get(key) not in fields]
    if silent:
        yield Finding("does not say", str(fact), f"whether its answer has {_and(silent)}")
    for name, schema in fields.items():
        yield from _field(fact, name, schema)
    yield from _new(fields, {*known, *fact.needs, *_ALIASES.values()}, fact)


def _new(fields: Mapping[str, Schema], known: set[str], fact: Fact) -> Iterator[Finding]:
    if new := [f"`{name}`{_described(schema)}" for name, schema in fields.items() if name not in known]:
        yield Finding("adds", str(fact), f"answers {', '.join(new)}")


def _field(fact: Fact, name: str, schema: Schema) -> Iterator[Finding]:
    if fact.model is None or name not in keys_of(fact.model):
        return
    kinds = types_of(schema)
    if kinds and not any(understands(fact.model, name, kind) for kind in kinds):
        words = f"its answer's `{name}` is of type {_or(kinds)}, which the package cannot read"
        yield Finding("contradicts", str(fact), words)
    if schema.get("format") == "date-time":
        words = f"its answer's `{name}` is a time with a zone, and not one of Moscow without"
        yield Finding("contradicts", str(fact), words)
    if choices := choices_of(schema):
        yield from _choices(fact, name, choices)


def _choices(fact: Fact, name: str, choices: list[str]) -> Iterator[Finding]:
    if fact.model is Message and name == "destination" and "from" not in choices:
        yield Finding(
            "contradicts", str(fact), f"`destination` is {_or(choices)}: no word is an incoming one"
        )
        return
    odd = [each for each in choices if not _is_known(name, each)] if fact.model is Message else []
    note = f"; the package does not know {_and(odd)}" if odd else ""
    yield Finding("adds", str(fact), f"its answer's `{name}` is {_or(choices)}{note}")


def _is_known(name: str, word: str) -> bool:
    if name == "status":
        return word in STATUSES or status_failed(word)
    return name != "destination" or direction_of(word) != "service"


def _authorization(document: Document) -> Iterator[Finding]:
    schemes = document.authorizations
    if not schemes:
        yield Finding("does not say", "authorization", "how a request is authorized")
    elif any(_is_bearer(each) for each in schemes):
        yield Finding("confirms", "authorization", "by a bearer token")
    else:
        kinds = [
            f"{each.get('type')} {each.get('scheme') or each.get('name') or ''}".strip() for each in schemes
        ]
        yield Finding("contradicts", "authorization", f"is by {_or(kinds)}, and not by a bearer token")


def _is_bearer(scheme: Schema) -> bool:
    in_header = scheme.get("in") == "header" and str(scheme.get("name")).lower() == "authorization"
    return str(scheme.get("scheme")).lower() == "bearer" or in_header


def _unknown(document: Document) -> Iterator[Finding]:
    told = [fact for fact in FACTS if fact.model or fact.needs or fact.call.json is not None]
    known = {id(document.find(fact.call.method, fact.path)[0]) for fact in told}
    for operation in document.operations:
        says = operation.bodies or operation.answer or operation.named("query")
        if says and UNKNOWN.search(operation.path) and id(operation) not in known:
            yield Finding("adds", str(operation), _summary(document, operation))


def _summary(document: Document, operation: Operation) -> str:
    query = [f"`{name}`{_described(schema)}" for name, schema in operation.named("query").items()]
    takes = [f"query {', '.join(query)}"] if query else []
    takes += [f"{kind}{_listed(document, schema)}" for kind, schema in operation.bodies.items()]
    envelope = document.fields(operation.answer)
    data = envelope.get("data", operation.answer or {})
    answer = _listed(document, data.get("items") if "array" in types_of(data) else data)
    many = " a list" if "array" in types_of(data) else ""
    return f"takes {'; '.join(takes) or 'nothing'}; answers{many}{answer or _described(data) or ': not said'}"


def _listed(document: Document, schema: object) -> str:
    fields, required = document.fields(schema), required_of(document.resolve(schema))
    named = [f"`{key}`{'' if key in required else '?'}{_described(value)}" for key, value in fields.items()]
    return f": {', '.join(named)}" if named else ""


def _described(schema: Schema) -> str:
    """Return the type of a field and its values in brackets, as far as they are told."""
    inner = schema.get("schema") if isinstance(schema.get("schema"), Mapping) else schema
    inner = inner or {}
    kind = "/".join(sorted(types_of(inner)))
    kind = f"{kind} {inner['format']}" if kind and inner.get("format") else kind
    told = ": ".join(filter(None, [kind, ", ".join(choices_of(schema))]))
    return f" ({told})" if told else ""


def _type_of(value: Any) -> str:
    kinds = {bool: "boolean", str: "string", list: "array", dict: "object", int: "integer"}
    return kinds.get(type(value), "number")


def _or(words: Any) -> str:
    return " or ".join(sorted(map(str, words)))


def _and(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
