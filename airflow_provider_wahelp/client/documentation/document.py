"""An OpenAPI document (version 2 or 3), as far as the comparison asks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from airflow_provider_wahelp.client.errors import InputError
from airflow_provider_wahelp.client.paths import resolved

Schema = Mapping[str, Any]

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_SUCCESSES = ("200", "201", "202", "2XX", "2xx", "204", "default")
_DEEPEST = 12  # a schema may hold itself


class Operation(NamedTuple):
    """An operation of the document.

    :param path: its path below the server's address: ``api/app/projects/{project}``.
    :param parameters: those of path, query and header.
    :param bodies: the schemas of the body by media type.
    :param answer: the schema of a success; ``None`` where the document says nothing of it.
    """

    method: str
    path: str
    parameters: Sequence[Schema]
    bodies: Mapping[str, Schema]
    answer: Schema | None

    def __str__(self) -> str:
        """Return how people speak of it."""
        return f"{self.method} /{self.path}"

    def named(self, where: str) -> dict[str, Schema]:
        """Return the parameters of the query or the header, by name."""
        return {str(each.get("name")): each for each in self.parameters if each.get("in") == where}


class Document:
    """What the API says of itself.

    :param data: the document.
    :raises InputError: if it is no OpenAPI document.
    """

    def __init__(self, data: object) -> None:
        if not isinstance(data, Mapping) or not isinstance(data.get("paths"), Mapping):
            raise InputError("documentation", "must be an OpenAPI document in JSON, with paths")
        self._data = data
        info = _mapping(data.get("info"))
        self.title = f"{info.get('title') or 'without a title'} {info.get('version') or ''}".strip()

    @cached_property
    def operations(self) -> list[Operation]:
        """All operations."""
        return list(self._operations())

    def find(self, method: str, path: str) -> tuple[Operation | None, list[str]]:
        """Return the operation at a path, and the methods that the document has there.

        :param path: the path; a part in braces stands for anything, and a slash at its end for nothing.
        """
        there = [(likeness, each) for each in self.operations if (likeness := _likeness(each.path, path))]
        best = max((likeness for likeness, _ in there), default=0)
        same = [each for likeness, each in there if likeness == best]
        return next((each for each in same if each.method == method), None), [each.method for each in same]

    @property
    def authorizations(self) -> list[Schema]:
        """How a request is authorized, as far as the document says."""
        named = _mapping(self._data.get("components")).get("securitySchemes")
        schemes = _mapping(named or self._data.get("securityDefinitions"))
        return [self.resolve(each) for each in schemes.values()]

    def resolve(self, schema: object, depth: int = 0) -> Schema:
        """Return a schema with its reference followed and its parts put together."""
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return {}
        if isinstance(schema.get("$ref"), str):
            return self.resolve(self._referred(schema["$ref"]), depth + 1)
        for key in ("allOf", "oneOf", "anyOf"):
            if isinstance(schema.get(key), list):
                rest = {name: value for name, value in schema.items() if name != key}
                parts = [self.resolve(part, depth + 1) for part in schema[key]]
                return _together([*parts, self.resolve(rest, depth + 1)], all_hold=key == "allOf")
        return schema

    def fields(self, schema: object) -> dict[str, Schema]:
        """Return the fields of an object, resolved, by name."""
        properties = _mapping(self.resolve(schema).get("properties"))
        return {str(name): self.resolve(value) for name, value in properties.items()}

    def _referred(self, reference: str) -> object:
        found: object = self._data
        for part in reference.removeprefix("#/").split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def _operations(self) -> Iterator[Operation]:
        prefix = self._prefix()
        for path, item in self._data["paths"].items():
            described = self.resolve(item)
            for method in _METHODS:
                if isinstance(described.get(method), Mapping):
                    shared = _list(described.get("parameters"))
                    yield self._operation(method, resolved(f"{prefix}{path}"), described[method], shared)

    def _operation(self, method: str, path: str, described: Schema, shared: Sequence[Any]) -> Operation:
        parameters = [self.resolve(each) for each in [*shared, *_list(described.get("parameters"))]]
        return Operation(
            method.upper(),
            path,
            [each for each in parameters if each.get("in") in ("path", "query", "header")],
            self._bodies(described, parameters),
            self._answer(described),
        )

    def _bodies(self, described: Schema, parameters: Sequence[Schema]) -> dict[str, Schema]:
        content = self.resolve(described.get("requestBody")).get("content")
        if isinstance(content, Mapping):
            return {
                str(kind): self.resolve(self.resolve(each).get("schema")) for kind, each in content.items()
            }
        types = _list(described.get("consumes")) or _list(self._data.get("consumes"))
        for each in parameters:
            if each.get("in") == "body":
                return {str(kind): self.resolve(each.get("schema")) for kind in types or [JSON]}
        form = {str(each.get("name")): each for each in parameters if each.get("in") == "formData"}
        required = [name for name, each in form.items() if each.get("required")]
        schema = {"type": "object", "properties": form, "required": required}
        return {str(kind): schema for kind in types or [MULTIPART]} if form else {}

    def _answer(self, described: Schema) -> Schema | None:
        answers = _mapping(described.get("responses"))
        told = {str(status): self.resolve(each) for status, each in answers.items()}
        answer = next((told[status] for status in _SUCCESSES if status in told), {})
        kinds = _mapping(answer.get("content"))
        media = next((each for kind, each in kinds.items() if "json" in str(kind)), answer)
        return self.resolve(media["schema"]) if isinstance(media, Mapping) and "schema" in media else None

    def _prefix(self) -> str:
        servers = self._data.get("servers")
        if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
            return urlsplit(str(servers[0].get("url") or "")).path.rstrip("/")
        return str(self._data.get("basePath") or "").rstrip("/")


def types_of(schema: Schema) -> set[str]:
    """Return the JSON types that a schema allows; nothing where it names none."""
    named = schema.get("type")
    if isinstance(named, str):
        return {named}
    if isinstance(named, list):
        return {str(each) for each in named} - {"null"}
    return {"object"} if "properties" in schema else {"array"} if "items" in schema else set()


def required_of(schema: Schema) -> set[str]:
    """Return the fields that a schema requires."""
    named = schema.get("required")
    return {str(each) for each in named} if isinstance(named, list) else set()


def choices_of(schema: Schema) -> list[str]:
    """Return the values that a schema lists; nothing where it lists none."""
    listed = schema.get("enum")
    if listed is None and isinstance(schema.get("schema"), Mapping):
        listed = schema["schema"].get("enum")
    return [str(each) for each in listed] if isinstance(listed, list) else []


def _likeness(path: str, wanted: str) -> int:
    """Return how many parts of two paths are the same words, and one more; 0 if they are other paths."""
    here, there = (each.strip("/").split("/") for each in (path, wanted))
    pairs = list(zip(here, there, strict=False))
    is_same = len(here) == len(there) and all(a == b or _is_free(a) or _is_free(b) for a, b in pairs)
    return 1 + sum(a == b or (_is_free(a) and _is_free(b)) for a, b in pairs) if is_same else 0


def _mapping(value: object) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_free(part: str) -> bool:
    return part.startswith("{") and part.endswith("}")


def _together(parts: Sequence[Schema], *, all_hold: bool) -> Schema:
    """Return one schema for several. Of alternatives, only what all require is required."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged.update({key: value for key, value in part.items() if key not in ("properties", "required")})
    kinds = [kind for part in parts for kind in sorted(types_of(part))]
    properties = {name: value for part in parts for name, value in _mapping(part.get("properties")).items()}
    required = [required_of(part) for part in parts if part]
    joined = set().union(*required) if all_hold else set.intersection(*required) if required else set()
    extra = {"properties": properties} if properties else {}
    return {**merged, **extra, "type": sorted(set(kinds)), "required": sorted(joined)}
