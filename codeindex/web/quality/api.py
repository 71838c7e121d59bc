"""The evaluations of an installation's search over REST, for administrators: they name
repositories."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.models import Evaluation
from codeindex.web import ids
from codeindex.web.rest.fields import IdField
from codeindex.web.rest.pagination import ShortPageParameters, page
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import AdministratorView


class FigureSerializer(serializers.Serializer[Any]):
    """A measure's value, with its interval of 95%."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class FiguresSerializer(serializers.Serializer[Any]):
    group = serializers.CharField(help_text="The group of questions; the first one has all.")
    questions = serializers.IntegerField()
    measures = serializers.DictField(
        child=FigureSerializer(), help_text=f"By name: {', '.join(Evaluation.MEASURES)}."
    )


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    id = IdField(ids.Row.EVALUATION)
    asked_as = serializers.CharField(help_text="The user; empty for an administrator.")
    space = serializers.CharField(help_text="Empty if words alone were compared.")
    commits = serializers.DictField(
        child=serializers.CharField(), help_text="The commit of each repository."
    )
    figures = serializers.SerializerMethodField()
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="What the answers lacked."
    )

    class Meta:
        model = Evaluation
        fields = [
            "id", "created", "file", "file_hash", "asked_as", "space", "commits", "figures",
            "notices",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FiguresSerializer(many=True))
    def get_figures(self, evaluation: Evaluation) -> list[dict[str, Any]]:
        return [
            {
                "group": group,
                "questions": questions,
                "measures": {
                    name: dict(zip(("value", "low", "high"), figure, strict=True))
                    for name, figure in zip(Evaluation.MEASURES, figures, strict=True)
                },
            }
            for group, questions, *figures in evaluation.figures
        ]


class EvaluationsView(AdministratorView):
    @extend_schema(
        operation_id="list_evaluations",
        summary="List the evaluations of the search, newest first, as an administrator",
        parameters=[ShortPageParameters],
        responses=answers(EvaluationSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        every = Evaluation.objects.all()
        shown = page(request, every, "-created", "-pk", parameters=ShortPageParameters)
        return Response(EvaluationSerializer(shown.rows, many=True).data, headers=shown.headers)


class EvaluationView(AdministratorView):
    @extend_schema(
        operation_id="evaluation",
        summary="Get an evaluation of the search, as an administrator",
        responses=answers(EvaluationSerializer, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(EvaluationSerializer(get_object_or_404(Evaluation, pk=pk)).data)
