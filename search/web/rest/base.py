"""What the REST views of searches share."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from codeindex.accounts.authentication import ScopePermission
from codeindex.models import Scope
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.problems import Unavailable
from search.candidates.branches import UnknownRepository
from search.candidates.sql import SearchTimeout
from search.query.filters import BadQuery
from search.request import Parameters


class SearchingView(APIView):
    """A view whose errors are those of a search."""

    def handle_exception(self, exc: Exception) -> Response:
        """400 for a bad query, 404 for an unknown repository, 503 for a search at its time
        limit."""
        return super().handle_exception(as_api_error(exc))

    def json(self, serializer: type[BaseSerializer[Any]], found: object) -> Response:
        """What was found, with the host of this server in its addresses."""
        return Response(serializer(found, context={"request": self.request}).data)


class PostedSearchView(SearchingView):
    """A search that is sent as JSON. It changes nothing, so that strangers may send it, too."""

    parser_classes = [ShallowJSONParser]
    permission_classes = [ScopePermission]
    scope = Scope.SEARCH


def as_api_error(error: Exception) -> Exception:
    """The exception of the REST framework for an error of a search; any other error as it is."""
    if isinstance(error, BadQuery):
        return ValidationError({error.parameter: [str(error)]})
    if isinstance(error, UnknownRepository):
        return NotFound(str(error))
    if isinstance(error, SearchTimeout):
        return Unavailable(str(error))
    return error


def parameters_of(request: Request) -> Parameters:
    """The parameters of a request's address."""
    return dict(request.query_params.lists())
