"""Long lists over REST, a page at a time.

The body stays the plain list, as in earlier versions. The `Link` header has the addresses of the
next page and the one before, as RFC 8288 has them. A cursor holds the values by which the list is
ordered, which are no ids: it stays valid when the list changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError as InvalidValue
from django.db import DataError
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

MOST = 1_000

Row = TypeVar("Row", bound=Model)


class PageParameters(serializers.Serializer[Any]):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=MOST)
    cursor = serializers.CharField(
        required=False, help_text="From the address of a page that the header `Link` gave."
    )


class ShortPageParameters(PageParameters):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=50)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the headers that lead to the others."""

    rows: Sequence[Row]
    headers: Mapping[str, str]


def page(
    request: Request,
    rows: QuerySet[Row],
    *order: str,
    parameters: type[PageParameters] = PageParameters,
) -> Page[Row]:
    """The page of a list that a request asks for. Rows with the same value of the first field of
    `order` must be few. Raises `ValidationError`."""
    paginator = _Paginator(parsed(request, parameters)["limit"], order)
    try:
        shown = paginator.paginate_queryset(rows, request)
    except (NotFound, ValueError, InvalidValue, DataError) as error:
        raise ValidationError({"cursor": ["No answer has given this cursor."]}) from error
    return Page(shown or [], paginator.headers())


def parsed(request: Request, parameters: type[PageParameters]) -> dict[str, Any]:
    """The values of a request's parameters. Raises `ValidationError`."""
    given = parameters(data={name: request.query_params[name] for name in request.query_params})
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class _Paginator(CursorPagination):
    def __init__(self, limit: int, order: tuple[str, ...]) -> None:
        self.page_size = limit
        self.ordering = order

    def headers(self) -> dict[str, str]:
        around = {"prev": self.get_previous_link(), "next": self.get_next_link()}
        links = [f'<{address}>; rel="{name}"' for name, address in around.items() if address]
        return {"Link": ", ".join(links)} if links else {}
