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
    """What a JSON body holds; of a list, what each of its elements does."""
    body = message.get("content", {}).get("application/json", {}).get("schema", {})
    reference = body.get("items", body).get("$ref", "")
    described = schema["components"]["schemas"].get(reference.rpartition("/")[2], {})
    required = described.get("required", ())
    for name, row in described.get("properties", {}).items():
        yield Field(name, _kind(row), name in required, _help(row))


def _kind(row: Schema) -> str:
    named = row.get("$ref") or next((one["$ref"] for one in row.get("allOf", ())), "")
    if named:
        return named.rpartition("/")[2]
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
