"""Searches over REST: for definitions, for lines, and for similar code."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.web.rest.schema import answers
from search import engine, places, similar
from search.lines import finding
from search.lines.request import parse_lines
from search.request import parse_search, parse_similar, parse_similar_to_code
from search.web.rest import examples
from search.web.rest.base import SearchingView, parameters_of
from search.web.rest.line_serializers import LineAnswerSerializer, LineParameters
from search.web.rest.serializers import (
    AnswerSerializer,
    SearchParameters,
    SimilarParameters,
    SimilarSerializer,
    SimilarToCodeParameters,
)


class SearchView(SearchingView):
    @extend_schema(
        operation_id="search",
        summary="Find definitions by description, question, name or code",
        description=(
            "Results are definitions, best first. `q` takes a description, a question, a name or "
            "code."
        ),
        parameters=[SearchParameters],
        examples=examples.SEARCH,
        responses=answers(AnswerSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request) -> Response:
        answer = engine.find(parse_search(request.user, parameters_of(request)))
        return self.json(AnswerSerializer, answer)


class LinesView(SearchingView):
    @extend_schema(
        operation_id="lines",
        summary="Find lines by exact text or a regular expression",
        description=(
            "Files need no definition. A regular expression of RE2 is written between slashes."
        ),
        parameters=[LineParameters],
        examples=examples.LINES,
        responses=answers(LineAnswerSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request) -> Response:
        answer = finding.find(parse_lines(request.user, parameters_of(request)))
        return self.json(LineAnswerSerializer, answer)


class SimilarView(SearchingView):
    @extend_schema(
        operation_id="similar",
        summary="Find the definitions most similar to one: its `url` with `/api/v1` before it",
        description=(
            "`score` is the cosine of the two vectors, or the share of it that `by` names. The "
            "definition itself and identical copies are left out."
        ),
        parameters=[SimilarParameters],
        responses=answers(SimilarSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, file_id: int, definition_id: int) -> Response:
        _, definition = places.visible_definition(request.user, file_id, definition_id)
        answer = similar.find(parse_similar(request.user, definition, parameters_of(request)))
        return self.json(SimilarSerializer, answer)


class SimilarToCodeView(SearchingView):
    @extend_schema(
        operation_id="similar_to_code",
        summary="Find the definitions most similar to pasted code",
        description="`score` is the cosine of the two vectors, or the share of it that `by` names.",
        parameters=[SimilarToCodeParameters],
        examples=examples.SIMILAR_TO_CODE,
        responses=answers(SimilarSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.ENCODE))
    def get(self, request: Request) -> Response:
        answer = similar.find(parse_similar_to_code(request.user, parameters_of(request)))
        return self.json(SimilarSerializer, answer)
