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

Row = dict[str, Any]


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
    read = _Reader(schema["components"]["schemas"])
    return [
        read.endpoint(method, path, operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads an OpenAPI schema; `named` are the schemas that others refer to."""

    named: Row

    def endpoint(self, method: str, path: str, operation: Row) -> Endpoint:
        answers = operation["responses"].items()
        return Endpoint(
            method=method.upper(),
            path=path,
            summary=operation.get("summary", ""),
            parameters=[self._parameter(row) for row in operation.get("parameters", ())],
            body=self._body(operation.get("requestBody", {})),
            answer=[
                field
                for status, message in answers
                if status.startswith("2")
                for field in self._body(message)
            ],
        )

    def _parameter(self, row: Row) -> Field:
        kind = self._kind(row["schema"])
        return Field(row["name"], kind, row.get("required", False), _help(row))

    def _body(self, message: Row) -> list[Field]:
        body = message.get("content", {}).get("application/json", {}).get("schema", {})
        return list(self._members(body, ""))

    def _members(self, row: Row, place: str) -> Iterator[Field]:
        """What an object holds, or each object of a list, and what these hold in turn."""
        described = self.named.get(_name(row.get("items", row)), {})
        required = described.get("required", ())
        above = place and f"{place}[]." if "items" in row else place and f"{place}."
        for name, member in described.get("properties", {}).items():
            yield Field(above + name, self._kind(member), name in required, _help(member))
            yield from self._members(member, above + name)

    def _kind(self, row: Row) -> str:
        if name := _name(row):
            return " or ".join(self.named[name].get("enum", ())) or name
        if row.get("type") == "array":
            return f"list of {self._kind(row['items'])}"
        return str(row.get("format") or row.get("type") or "any")


def _name(row: Row) -> str:
    """The name of the schema that a row refers to, or ""."""
    choices = (row, *row.get("allOf", ()), *row.get("oneOf", ()))
    references = (choice["$ref"] for choice in choices if "$ref" in choice)
    return str(next(references, "")).rpartition("/")[2]


def _help(row: Row) -> str:
    """The first paragraph: lists of choices that are generated below it are for programs."""
    limits = row.get("schema", {})
    said = str(row.get("description", "")).partition("\n\n")[0]
    if "maximum" in limits:
        said += f" From {limits['minimum']} to {limits['maximum']}."
    if "default" in limits and limits["default"] != "":
        said += f" Default: {limits['default']}."
    return said.strip()
