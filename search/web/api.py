"""Searching over REST."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codeindex.accounts.limits import throttles
from codeindex.web.problems import Unavailable
from codeindex.web.schema import answers
from search import engine, places, similar
from search.candidates.branches import UnknownRepository
from search.candidates.sql import SearchTimeout
from search.lines import finding
from search.lines.request import parse_lines
from search.query.filters import BadQuery
from search.request import Parameters, parse_search, parse_similar, parse_similar_to_code
from search.web.line_serializers import LineAnswerSerializer, LineParameters
from search.web.rest import examples
from search.web.serializers import (
    AnswerSerializer,
    SearchParameters,
    SimilarParameters,
    SimilarSerializer,
    SimilarToCodeParameters,
)


class SearchingView(APIView):
    """A view whose errors are those of a search."""

    def handle_exception(self, exc: Exception) -> Response:
        """400 for a bad query, 404 for an unknown repository, 503 for a search at its time
        limit."""
        return super().handle_exception(as_api_error(exc))


def as_api_error(error: Exception) -> Exception:
    """The same error as the API answers it, if it is one of a search."""
    if isinstance(error, BadQuery):
        return ValidationError({error.parameter: [str(error)]})
    if isinstance(error, UnknownRepository):
        return NotFound(str(error))
    if isinstance(error, SearchTimeout):
        return Unavailable(str(error))
    return error


class SearchView(SearchingView):
    @extend_schema(
        operation_id="search",
        summary="Find definitions by description, question, name or code",
        parameters=[SearchParameters],
        examples=examples.SEARCH,
        responses=answers(AnswerSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request) -> Response:
        answer = engine.find(parse_search(request.user, parameters_of(request)))
        return Response(AnswerSerializer(answer, context={"request": request}).data)


class LinesView(SearchingView):
    @extend_schema(
        operation_id="lines",
        summary="Find lines by exact text or a regular expression",
        parameters=[LineParameters],
        examples=examples.LINES,
        responses=answers(LineAnswerSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request) -> Response:
        answer = finding.find(parse_lines(request.user, parameters_of(request)))
        return Response(LineAnswerSerializer(answer, context={"request": request}).data)


class SimilarView(SearchingView):
    @extend_schema(
        operation_id="similar",
        summary="Find the definitions most similar to one: its `url` with `/api/v1` before it",
        parameters=[SimilarParameters],
        responses=answers(SimilarSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, file_id: int, definition_id: int) -> Response:
        _, definition = places.visible_definition(request.user, file_id, definition_id)
        answer = similar.find(parse_similar(request.user, definition, parameters_of(request)))
        return Response(SimilarSerializer(answer, context={"request": request}).data)


class SimilarToCodeView(SearchingView):
    @extend_schema(
        operation_id="similar_to_code",
        summary="Find the definitions most similar to pasted code",
        parameters=[SimilarToCodeParameters],
        examples=examples.SIMILAR_TO_CODE,
        responses=answers(SimilarSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.ENCODE))
    def get(self, request: Request) -> Response:
        answer = similar.find(parse_similar_to_code(request.user, parameters_of(request)))
        return Response(SimilarSerializer(answer, context={"request": request}).data)


def parameters_of(request: Request) -> Parameters:
    """The parameters of a request's address."""
    return dict(request.query_params.lists())
