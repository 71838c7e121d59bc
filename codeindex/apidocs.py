"""A page that describes the API, made from its OpenAPI schema; nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str
    required: bool
    help: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: str
    path: str
    summary: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "codeindex/api.html", {"nav": "api", "endpoints": _endpoints()})


@cache
def _endpoints() -> list[Endpoint]:
    schema = SchemaGenerator().get_schema(public=True)
    return [
        _endpoint(schema, method, path, operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


def _endpoint(schema: Schema, method: str, path: str, operation: Schema) -> Endpoint:
    parameters = [
        Field(row["name"], _kind(row["schema"]), row.get("required", False), _help(row))
        for row in operation.get("parameters", ())
    ]
    return Endpoint(
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        parameters=parameters,
        body=list(_fields(schema, operation.get("requestBody", {}))),
        answer=[
            field
            for status, response in operation["responses"].items()
            if status.startswith("2")
            for field in _fields(schema, response)
        ],
    )


def _fields(schema: Schema, message: Schema) -> Iterator[Field]:
    body = message.get("content", {}).get("application/json", {}).get("schema", {})
    return _members(schema, body, "")


def _members(schema: Schema, row: Schema, path: str) -> Iterator[Field]:
    """What an object holds, or each object of a list, and what these hold in turn."""
    items = row.get("items")
    described = schema["components"]["schemas"].get(_name(items or row), {})
    for name, member in described.get("properties", {}).items():
        place = f"{path}[].{name}" if items and path else f"{path}.{name}" if path else name
        yield Field(place, _kind(member), name in described.get("required", ()), _help(member))
        yield from _members(schema, member, place)


def _name(row: Schema) -> str:
    """The name of the schema that a row refers to, or ""."""
    choices = (row, *row.get("allOf", ()), *row.get("oneOf", ()))
    references = (choice["$ref"] for choice in choices if "$ref" in choice)
    return str(next(references, "")).rpartition("/")[2]


def _kind(row: Schema) -> str:
    if named := _name(row):
        return named
    if row.get("type") == "array":
        return f"list of {_kind(row['items'])}"
    return str(row.get("format") or row.get("type") or "any")


def _help(row: Schema) -> str:
    """The first paragraph: lists of choices that are generated below it are for programs."""
    limits = row.get("schema", {})
    said = str(row.get("description", "")).partition("\n\n")[0]
    if "maximum" in limits:
        said += f" From {limits['minimum']} to {limits['maximum']}."
    if "default" in limits and limits["default"] != "":
        said += f" Default: {limits['default']}."
    return said.strip()
