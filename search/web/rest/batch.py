"""Several searches in one request over REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.web.abandonment import abandoned_with_client
from codeindex.web.rest import problems
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import InvalidSerializer, answers
from search import engine
from search.candidates import sql
from search.candidates.branches import UnknownRepository
from search.query.filters import BadQuery
from search.request import Parameters, parse_search
from search.web.rest import examples
from search.web.rest.base import PostedSearchView, as_api_error
from search.web.rest.serializers import AnswerSerializer, SearchParameters

MOST_QUERIES = 20


class BatchSerializer(serializers.Serializer[Any]):
    """Searches, each with the parameters of a single one."""

    queries: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=SearchParameters(), min_length=1, max_length=MOST_QUERIES
    )


class BatchAnswerSerializer(serializers.Serializer[Any]):
    """The answer to one of the searches, or why there is none."""

    answer = AnswerSerializer(allow_null=True)
    problem = InvalidSerializer(allow_null=True)


class BatchAnswersSerializer(serializers.Serializer[Any]):
    answers = BatchAnswerSerializer(many=True, help_text="In the order of the queries.")


class BatchView(PostedSearchView):
    @extend_schema(
        operation_id="search_batch",
        summary=f"Search for up to {MOST_QUERIES} queries at once",
        description=(
            "Answers come in the order of the queries. A query that is refused has a `problem` "
            "in place of its `answer`. Each query counts as one search for the rate limit."
        ),
        request=BatchSerializer,
        responses=answers(BatchAnswersSerializer, 415, 429),
        examples=examples.BATCH,
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def post(self, request: Request) -> Response:
        queries = validated(BatchSerializer, request)["queries"]
        throttles.SEARCH.count(request, len(queries) - 1)
        with abandoned_with_client(request._request):
            return Response({"answers": _answered(request, queries)})


@sql.time_limit()
def _answered(request: Request, queries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The answers, which share the time limit of one search. A bad query gets a problem, and the
    others are answered."""
    return [_answer(request, _parameters(query)) for query in queries]


def _answer(request: Request, parameters: Parameters) -> dict[str, Any]:
    try:
        found = engine.find(parse_search(request.user, parameters))
    except (BadQuery, UnknownRepository, sql.SearchTimeout) as error:
        refusal = as_api_error(error)
        assert isinstance(refusal, APIException)
        return {"answer": None, "problem": problems.body(refusal)}
    return {
        "answer": AnswerSerializer(found, context={"request": request}).data,
        "problem": None,
    }


def _parameters(query: Mapping[str, Any]) -> Parameters:
    """As a URL has them: a list of texts for each name."""
    return {
        name: value if isinstance(value, list) else [str(value)] for name, value in query.items()
    }
