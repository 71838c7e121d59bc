"""Searching over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from search import filters, ranking
from search.queries import BadQuery
from search.scopes import UnknownRepository
from search.serializers import AnswerSerializer, SearchParameters


class SearchView(APIView):
    @extend_schema(
        operation_id="search",
        summary="Find definitions by description, question, name or code",
        parameters=[SearchParameters],
        responses=AnswerSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = SearchParameters(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        try:
            answer = ranking.find(
                request.user,
                wanted["q"],
                repository=wanted["repository"],
                kept_to=filters.given(wanted),
                limit=wanted["limit"],
                order=wanted["order"],
            )
        except BadQuery as error:
            raise ValidationError({error.parameter: [str(error)]}) from error
        except UnknownRepository as error:
            raise NotFound(str(error)) from error
        return Response(AnswerSerializer(answer, context={"request": request}).data)
