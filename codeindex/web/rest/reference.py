"""The API's page: every operation with its parameters, and every object, from the OpenAPI
schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]

_NAMED = "#/components/schemas/"
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "maxLength": "at most {} characters",
}


@dataclass(frozen=True, slots=True)
class Type:
    """A type in words. `name` is the object that it is made of, "" for plain values."""

    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, or a member of an object."""

    name: str
    type: Type
    is_required: bool
    description: str
    place: str = ""
    """Where a parameter stands: in the path or in the query."""

    notes: Sequence[str] = ()
    """Its default, and its bounds."""


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    parameters: Sequence[Field]
    body: Type | None
    answer: Type | None
    failures: Sequence[tuple[str, str]]
    """Statuses and what they mean."""


@dataclass(frozen=True, slots=True)
class Task:
    """What people do with some of the operations."""

    name: str
    description: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Object:
    """What is sent or answered as JSON."""

    name: str
    description: str
    fields: Sequence[Field]


@dataclass(frozen=True, slots=True)
class Reference:
    tasks: Sequence[Task]
    objects: Sequence[Object]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "codeindex/api.html", {"reference": described(), "nav": "api"})


@cache
def described() -> Reference:
    """Generated once in each process: it is the same for everybody, and takes a second."""
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    schemas = schema["components"]["schemas"]
    operations = groupby(_operations(schema["paths"], schemas), key=lambda each: each[0])
    descriptions = {tag["name"]: tag["description"] for tag in schema["tags"]}
    tasks = [
        Task(name, descriptions[name], [operation for _, operation in group])
        for name, group in operations
    ]
    objects = [
        Object(name, each.get("description", ""), list(_members(each, schemas)))
        for name, each in schemas.items()
        if "properties" in each
    ]
    return Reference(tasks, objects)


def _operations(paths: Schema, schemas: Schema) -> Iterator[tuple[str, Operation]]:
    """Each with its task, in the order of the tasks."""
    for path, methods in paths.items():
        for method, each in methods.items():
            operation = Operation(
                id=each["operationId"],
                method=method.upper(),
                path=path,
                summary=each["summary"],
                parameters=[_parameter(one, schemas) for one in each.get("parameters", ())],
                body=_content(each.get("requestBody", {}), schemas),
                answer=next(
                    (
                        _content(answer, schemas)
                        for status, answer in each["responses"].items()
                        if _is_success(status)
                    ),
                    None,
                ),
                failures=[
                    (f"{status} {HTTPStatus(int(status)).phrase}", answer["description"])
                    for status, answer in each["responses"].items()
                    if not _is_success(status)
                ],
            )
            yield each["tags"][0], operation


def _is_success(status: str) -> bool:
    return int(status) < HTTPStatus.BAD_REQUEST


def _content(part: Schema, schemas: Schema) -> Type | None:
    """The type of a request's or an answer's body."""
    kinds = part.get("content", {})
    return next((_type(kind.get("schema", {}), schemas) for kind in kinds.values()), None)


def _parameter(each: Schema, schemas: Schema) -> Field:
    is_required = each.get("required", False)
    given = {"description": each.get("description", ""), **each["schema"]}
    return _field(each["name"], given, schemas, is_required=is_required, place=each["in"])


def _members(schema: Schema, schemas: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, each in schema["properties"].items():
        yield _field(name, each, schemas, is_required=name in required)


def _field(
    name: str, schema: Schema, schemas: Schema, *, is_required: bool, place: str = ""
) -> Field:
    notes = [text.format(schema[key]) for key, text in _BOUNDS.items() if key in schema]
    if schema.get("default") not in (None, "", []):
        notes.append(f"default {schema['default']}")
    # Below the sentence stand the values of a choice, which the type says
    description = schema.get("description", "").partition("\n\n* ")[0]
    return Field(name, _type(schema, schemas), is_required, description, place, notes)


def _type(schema: Schema, schemas: Schema) -> Type:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_NAMED)
        named = schemas[name]
        return Type(name, name) if "properties" in named else _type(named, schemas)
    if "allOf" in schema:
        return _type(schema["allOf"][0], schemas)
    if "oneOf" in schema:
        parts = [_type(each, schemas) for each in schema["oneOf"]]
        return Type(" or ".join(part.text for part in parts if part.text), parts[0].name)
    if "enum" in schema:
        values = [str(value) for value in schema["enum"] if value not in ("", None)]
        return Type(" | ".join(values))
    if schema.get("type") == "array":
        inner = _type(schema.get("items", {}), schemas)
        return Type(f"list of {inner.text}", inner.name)
    text = schema.get("format") or schema.get("type", "any value")
    return Type(f"{text} or null" if schema.get("nullable") else str(text))
