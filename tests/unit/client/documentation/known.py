"""An OpenAPI document that says what the package takes for known: what Wahelp's own may look like."""

from __future__ import annotations

import copy
from typing import Any

from airflow_provider_wahelp.client.documentation.facts import FACTS, Fact, keys_of, understands
from airflow_provider_wahelp.client.models import Model

Json = dict[str, Any]
KINDS = ("integer", "string", "boolean", "array", "object")


def known_document() -> Json:
    """Return the document: what the calls send, and what is read of their answers."""
    paths: Json = {}
    for fact in FACTS:
        if fact.listed:
            paths.setdefault(f"/{fact.path}", {})[fact.call.method.lower()] = _operation(fact)
    bearer = {"type": "http", "scheme": "bearer"}
    return copy.deepcopy(
        {
            "openapi": "3.0.3",
            "info": {"title": "Wahelp", "version": "1.0.158"},
            "components": {"securitySchemes": {"token": bearer}},
            "paths": paths,
        }
    )


def _operation(fact: Fact) -> Json:
    query = [{"name": name, "in": "query", "schema": {}} for name in fact.call.params or {}]
    answer = {"type": "object", "properties": {"success": {"type": "boolean"}, "data": _data(fact)}}
    described: Json = {
        "parameters": [*query, {"name": "X-Project", "in": "header", "schema": {"type": "integer"}}],
    }
    if fact.model or fact.needs:
        described["responses"] = {200: {"content": {"application/json": {"schema": answer}}}}
    if fact.call.json is not None:
        fields = {name: {"type": _type(value)} for name, value in fact.call.json.items()}
        body = {"type": "object", "properties": fields, "required": list(fields)}
        described["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return described


def _data(fact: Fact) -> Json:
    fields = {name: {"type": "string"} for name in fact.needs}
    if fact.model:
        fields = {key: {"type": _understood(fact.model, key)} for key in keys_of(fact.model)}
    one = {"type": "object", "properties": fields}
    return {"type": "array", "items": one} if fact.many else one


def _understood(model: type[Model], key: str) -> str:
    return next(kind for kind in KINDS if understands(model, key, kind))


def _type(value: Any) -> str:
    return {bool: "boolean", list: "array"}.get(type(value), "string")
