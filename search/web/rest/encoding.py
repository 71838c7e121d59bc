"""Vectors and predicted names over REST."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.web.rest.fields import Number, Text
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import EncoderView
from search import encoding
from search.encoding import MOST_NAMES, MOST_TEXTS
from search.query import filters
from search.query.filters import Field
from search.query.parsing import MAX_CHARACTERS, check_text
from search.request import DEFAULT_LANGUAGE, PastedCode
from search.web.rest import examples
from search.web.rest.base import SearchingView


class CodeSerializer(serializers.Serializer[Any]):
    code = Text(trim_whitespace=False, max_length=MAX_CHARACTERS, help_text="A definition.")
    lang = Text(
        default=DEFAULT_LANGUAGE,
        max_length=50,
        help_text="Its language: a name or a file extension.",
    )


class EncodeSerializer(serializers.Serializer[Any]):
    """At most twenty texts together."""

    queries = serializers.ListField(
        child=Text(max_length=MAX_CHARACTERS),
        default=list,
        max_length=MOST_TEXTS,
        help_text="Descriptions or questions.",
    )
    definitions: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=CodeSerializer(), default=list, max_length=MOST_TEXTS
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        count = len(given["queries"]) + len(given["definitions"])
        if not 1 <= count <= MOST_TEXTS:
            raise ValidationError(f"Give from 1 to {MOST_TEXTS} queries and definitions together.")
        return given


class EncodingSerializer(serializers.Serializer[Any]):
    fingerprint = serializers.CharField(
        help_text="Of the encoder: vectors of one fingerprint can be compared."
    )
    name = serializers.CharField(help_text="Of the encoder.")
    dimensions = serializers.IntegerField()
    queries = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="A vector of unit length for each query, in their order.",
    )
    definitions = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="The same for the definitions.",
    )


class NamesRequestSerializer(CodeSerializer):
    limit = Number(min_value=1, max_value=MOST_NAMES, default=5)


class NameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    f1 = serializers.FloatField(help_text="Expected, over the words of the name.")


class NamesSerializer(serializers.Serializer[Any]):
    names = NameSerializer(many=True, help_text="The likeliest first; none in some languages.")


class EncodeView(EncoderView, SearchingView):
    @extend_schema(
        operation_id="encode",
        summary="Encode queries and definitions as vectors that can be compared",
        description="Vectors have unit length. Those with the same `fingerprint` can be compared.",
        request=EncodeSerializer,
        responses=answers(EncodingSerializer, 415, 429),
        examples=examples.ENCODE,
    )
    @method_decorator(throttles.limited(throttles.ENCODE))
    def post(self, request: Request) -> Response:
        given = validated(EncodeSerializer, request)
        queries, definitions = given["queries"], [*map(_pasted, given["definitions"])]
        throttles.ENCODE.count(request, len(queries) + len(definitions) - 1)
        return Response(EncodingSerializer(encoding.encode(queries, definitions)).data)


class NamesView(EncoderView, SearchingView):
    @extend_schema(
        operation_id="names",
        summary="Predict names for a definition",
        description="`f1` is the model's expectation of how many words of the name are right.",
        request=NamesRequestSerializer,
        responses=answers(NamesSerializer, 415, 429),
        examples=examples.NAMES,
    )
    @method_decorator(throttles.limited(throttles.ENCODE))
    def post(self, request: Request) -> Response:
        given = validated(NamesRequestSerializer, request)
        names = encoding.predicted_names(_pasted(given), given["limit"])
        predicted = [{"name": name, "f1": f1} for name, f1 in names]
        return Response(NamesSerializer({"names": predicted}).data)


def _pasted(given: dict[str, str]) -> PastedCode:
    """Raises `BadQuery` for blank code and for an unknown language."""
    check_text(given["code"].strip(), "code")
    return PastedCode(given["code"], filters.known_language(given["lang"], Field.LANGUAGE))
