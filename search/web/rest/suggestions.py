"""Suggestions for a query that is being typed, over REST; the search box asks for them, too."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.web.rest.schema import answers
from search.query.parsing import MAX_CHARACTERS
from search.request import last
from search.suggestions import Suggested, suggestions
from search.web.rest.base import SearchingView, parameters_of


class SuggestionParameters(serializers.Serializer[Any]):
    q = serializers.CharField(
        allow_blank=True, default="", help_text="What has been typed of a query."
    )


class SuggestionSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(Suggested), help_text="What it is.")
    text = serializers.CharField(help_text="What the last word is completed to.")
    query = serializers.CharField(help_text="The whole query with that.")


class SuggestionsSerializer(serializers.Serializer[Any]):
    suggestions = SuggestionSerializer(many=True)


class SuggestionsView(SearchingView):
    @extend_schema(
        operation_id="suggestions",
        summary="Complete the last word of a query: to a name, file, repository or filter's value",
        description="There are at most eight. `query` is the whole query with the suggestion.",
        parameters=[SuggestionParameters],
        responses=answers(SuggestionsSerializer, 429),
    )
    @method_decorator(throttles.limited(throttles.SUGGEST))
    def get(self, request: Request) -> Response:
        typed = last(parameters_of(request), "q")[:MAX_CHARACTERS]
        found = suggestions(request.user, typed)
        return Response(SuggestionsSerializer({"suggestions": found}).data)
