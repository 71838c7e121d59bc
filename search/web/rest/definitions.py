"""A definition, and why it matches a query, over REST."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from codeindex.web.rest.schema import answers
from search import definitions, explanations
from search.accesses import note_read
from search.definitions import WholeDefinition
from search.query import parsing
from search.references.requests import parse_target
from search.request import last
from search.web.rest import examples
from search.web.rest.base import SearchingView, parameters_of
from search.web.rest.references_serializers import TargetParameters
from search.web.rest.serializers import OriginSerializer, PlaceSerializer


class PlacedSerializer(OriginSerializer):
    """A definition at one of its places."""

    path = serializers.CharField(help_text="Relative to the repository's root.")
    definition = PlaceSerializer()

    def to_representation(self, place: Any) -> dict[str, Any]:
        return {
            **self.written(place.origin, place.path, place.start_line, place.end_line),
            "path": place.path,
            "definition": PlaceSerializer(context=self.context).to_representation(place),
        }


class DefinitionSerializer(PlacedSerializer):
    language = serializers.CharField()
    content = serializers.CharField(help_text="All of its lines.")
    docstring = serializers.CharField()
    predicted_names = serializers.ListField(
        child=serializers.ListField(),
        help_text="Names predicted from the code, each with its expected F1, best first.",
    )
    unread = serializers.CharField(
        help_text="What the language model has not read of it; empty if it has read all."
    )
    also = PlacedSerializer(many=True, help_text="Other places of the same text.")
    more = serializers.BooleanField(help_text="Whether there are more such places.")

    def to_representation(self, whole: WholeDefinition) -> dict[str, Any]:
        found = whole.found
        write_place = PlacedSerializer(context=self.context).to_representation
        return {
            **super().to_representation(found.place),
            "language": found.language,
            "content": "\n".join(found.lines),
            "docstring": found.docstring,
            "predicted_names": found.predicted_names,
            "unread": whole.unread,
            "also": [write_place(place) for place in found.other_places],
            "more": found.has_more_places,
        }


class ExplanationParameters(TargetParameters):
    q = serializers.CharField(
        allow_blank=True,
        default="",
        help_text="A query; without one the definition's vector alone is explained.",
    )


class LeafSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    line = serializers.IntegerField(help_text="In the file; 0 if the text was composed.")


class ContextSerializer(serializers.Serializer[Any]):
    attention = serializers.FloatField()
    start = LeafSerializer()
    path = serializers.CharField(help_text="Kinds of nodes, up to the top one and down.")
    end = LeafSerializer()


class SharesSerializer(serializers.Serializer[Any]):
    text = serializers.FloatField(help_text="The text's share of the cosine.")
    code = serializers.FloatField(help_text="The code's share of it.")
    similarity = serializers.FloatField(help_text="The cosine: both together.")
    by = serializers.CharField(help_text="How it was divided: `exact` or `shapley`.")


class ExplanationSerializer(serializers.Serializer[Any]):
    contexts = ContextSerializer(many=True, help_text="Those with the most attention first.")
    total = serializers.IntegerField(help_text="How many path-contexts there are.")
    shares = SharesSerializer(allow_null=True, help_text="null without a query.")
    unavailable = serializers.CharField(help_text="Why nothing can be explained; mostly empty.")


class DefinitionView(SearchingView):
    @extend_schema(
        operation_id="definition",
        summary="Get a definition with its whole source and all of its places",
        description=(
            "The id is the last part of a definition's `url`. `file`, the part before it, says "
            "which place is meant if several files have the same content."
        ),
        parameters=[TargetParameters],
        responses=answers(DefinitionSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, definition_id: int) -> Response:
        target = parse_target(request.user, definition_id, parameters_of(request))
        note_read(Access.DEFINITION_READ, request.user, *target.place)
        whole = definitions.whole(request.user, *target.place)
        return self.json(DefinitionSerializer, whole)


class ExplanationView(SearchingView):
    @extend_schema(
        operation_id="explain",
        summary="Explain a definition's vector, and why it is similar to a query",
        description=(
            "`shares` divide the cosine into those of the text and of the code. `contexts` are "
            "the path-contexts with the most attention."
        ),
        parameters=[ExplanationParameters],
        responses=answers(ExplanationSerializer, 404, 429),
        examples=examples.EXPLANATION,
    )
    @method_decorator(throttles.limited(throttles.ENCODE))
    def get(self, request: Request, definition_id: int) -> Response:
        parameters = parameters_of(request)
        target = parse_target(request.user, definition_id, parameters)
        typed = last(parameters, "q")
        query = parsing.parse_query(typed).text if typed else ""
        note_read(Access.VECTOR_READ, request.user, *target.place)
        explanation = explanations.explain(target.definition, query)
        return Response(ExplanationSerializer(explanation).data)
