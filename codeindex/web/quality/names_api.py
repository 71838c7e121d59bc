"""Doubtful names over REST."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import throttles
from codeindex.exports import Format
from codeindex.models import Definition, NameDismissal
from codeindex.quality import branches, dismissals, names
from codeindex.quality.clones import Place
from codeindex.quality.dismissals import MOST_REASON, TooMany
from codeindex.quality.names import LARGEST_PAGE, BadCursor, DoubtfulName, Filters
from codeindex.quality.statements import TooSlow
from codeindex.web import ids
from codeindex.web.access import managed_repository, visible_repository
from codeindex.web.quality.names import MOST_LANGUAGE, MOST_PATH, exported
from codeindex.web.rest.fields import IdField, Text
from codeindex.web.rest.pagination import PageParameters, page, parsed
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.problems import Conflict, Unavailable
from codeindex.web.rest.renderers import OF_EXPORTS
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView
from embeddings.types import Kind

TOO_SLOW = "This took too long. Ask for one folder or one language."


class FilterParameters(PageParameters):
    folder = serializers.CharField(
        default="", allow_blank=True, max_length=MOST_PATH, help_text="Only names below it."
    )
    language = serializers.CharField(default="", allow_blank=True, max_length=MOST_LANGUAGE)
    kind = serializers.ChoiceField(
        choices=[Kind.FUNCTION.value, Kind.METHOD.value], default="", allow_blank=True
    )


class NamesParameters(FilterParameters):
    limit = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=50)
    cursor = serializers.CharField(
        default="", allow_blank=True, max_length=10_000, help_text="The `next` of an answer."
    )


class ExportParameters(FilterParameters):
    format = serializers.ChoiceField(choices=[form.value for form in Format])
    limit = cursor = None  # type: ignore[assignment]  # all of them


class NamedPlaceSerializer(serializers.Serializer[Place]):
    definition = IdField(ids.Row.DEFINITION)
    repository = serializers.CharField()
    path = serializers.CharField()
    start_line = serializers.IntegerField()
    end_line = serializers.IntegerField()
    name = serializers.CharField(help_text="Its qualified name.")
    url = serializers.SerializerMethodField()

    def get_url(self, place: Place) -> str:
        address = reverse("definition", args=[place.file, place.definition])
        return str(self.context["request"].build_absolute_uri(address))


class SuggestedNameSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    f1 = serializers.FloatField(help_text="Expected, over the words of the name.")

    def to_representation(self, suggestion: tuple[str, float]) -> dict[str, Any]:
        name, score = suggestion
        return {"name": name, "f1": round(score, 3)}


class DoubtfulNameSerializer(serializers.Serializer[DoubtfulName]):
    place = NamedPlaceSerializer()
    kind = serializers.CharField()
    language = serializers.CharField()
    confidence = serializers.FloatField(source="doubt", help_text="The F1 of the best suggestion.")
    suggestions = SuggestedNameSerializer(many=True, help_text="Likely names, best first.")
    namesakes = NamedPlaceSerializer(
        many=True, help_text="The most similar definitions that have a suggested name."
    )


class NamesPageSerializer(serializers.Serializer[Any]):
    names = DoubtfulNameSerializer(many=True, help_text="The most doubtful first.")
    next = serializers.CharField(help_text="The `cursor` of the next page; empty after the last.")


class NamesView(APIView):
    @extend_schema(
        operation_id="doubtful_names",
        summary="List functions of a repository whose names are in doubt",
        parameters=[NamesParameters],
        responses=answers(NamesPageSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, pk: int) -> Response:
        readable = branches.readable(request.user, visible_repository(request.user, pk))
        asked = parsed(request, NamesParameters)
        cursor, limit = asked.pop("cursor"), asked.pop("limit")
        try:
            shown = names.page(readable, Filters(**asked), cursor, limit)
            listed = names.with_namesakes(shown.names, branches.readable(request.user))
        except BadCursor as error:
            raise ValidationError({"cursor": ["No answer has given this cursor."]}) from error
        except TooSlow as error:
            raise Unavailable(TOO_SLOW) from error
        found = {"names": listed, "next": shown.next}
        return Response(NamesPageSerializer(found, context={"request": request}).data)


class ExportView(APIView):
    renderer_classes = OF_EXPORTS

    @extend_schema(
        operation_id="export_doubtful_names",
        summary="Export the functions of a repository whose names are in doubt",
        parameters=[ExportParameters],
        responses=answers(OpenApiTypes.STR, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        readable = branches.readable(request.user, visible_repository(request.user, pk))
        asked = parsed(request, ExportParameters)
        form = Format(asked.pop("format"))
        try:
            return exported(readable, Filters(**asked), form)
        except TooSlow as error:
            raise Unavailable(TOO_SLOW) from error


class NewDismissalSerializer(serializers.Serializer[Any]):
    definition = Text(max_length=22, help_text="The id of a definition.")
    reason = Text(default="", allow_blank=True, max_length=MOST_REASON)


class DismissalSerializer(serializers.ModelSerializer[NameDismissal]):
    id = IdField(ids.Row.DISMISSAL, source="pk")
    dismissed_by = serializers.CharField(
        source="dismissed_by.username", default=None, read_only=True, allow_null=True
    )

    class Meta:
        model = NameDismissal
        fields = ["id", "path", "qualified_name", "reason", "dismissed_by", "created"]
        read_only_fields = fields


class DismissalsView(SignedInView):
    parser_classes = [ShallowJSONParser]

    @extend_schema(
        operation_id="dismissed_names",
        summary="List the doubts about names that were dismissed, the latest first",
        parameters=[PageParameters],
        responses=answers(DismissalSerializer(many=True), 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        own = dismissals.managed_by(request.user).filter(
            repository=managed_repository(request.user, pk)
        )
        shown = page(request, own, "-created", "-pk")
        return Response(DismissalSerializer(shown.rows, many=True).data, headers=shown.headers)

    @extend_schema(
        operation_id="dismiss_name",
        summary="Dismiss the doubt about a name",
        request=NewDismissalSerializer,
        responses=answers(DismissalSerializer, 404, 409, 415, status=201),
    )
    def post(self, request: Request, pk: int) -> Response:
        repository = managed_repository(request.user, pk)
        given = validated(NewDismissalSerializer, request)
        try:
            definition = ids.number(ids.Row.DEFINITION, given["definition"])
            row = dismissals.dismiss(
                repository, definition, reason=given["reason"], by=signed_in_user(request)
            )
        except (ValueError, Definition.DoesNotExist) as error:
            raise NotFound from error
        except TooMany as error:
            raise Conflict(str(error)) from error
        return Response(DismissalSerializer(row).data, status.HTTP_201_CREATED)


class DismissalView(SignedInView):
    @extend_schema(
        operation_id="take_back_dismissal",
        summary="Take back the dismissal of a doubt",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, pk: int, dismissal: int) -> Response:
        repository = managed_repository(request.user, pk)
        row = get_object_or_404(repository.dismissed_names, pk=dismissal)
        dismissals.take_back(row, by=signed_in_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
