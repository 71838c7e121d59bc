"""The check of changed names over REST."""

from __future__ import annotations

from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.models import Repository
from codeindex.quality import checks
from codeindex.quality.checks import MOST_CHARACTERS, MOST_JUDGED, DoubtedName
from codeindex.web.quality.names_api import SuggestedNameSerializer
from codeindex.web.rest.fields import Number, Text
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import EncoderView

MOST_RANGES = 1_000
MOST_LINE = 10**9


class ChangedLinesSerializer(serializers.Serializer[Any]):
    first = Number(min_value=1, max_value=MOST_LINE)
    last = Number(min_value=1, max_value=MOST_LINE)


class CheckSerializer(serializers.Serializer[Any]):
    path = Text(max_length=4_096, help_text="Of the file; its name tells the language.")
    content = Text(
        allow_blank=True, trim_whitespace=False, max_length=MOST_CHARACTERS,
        help_text="The whole file.",
    )  # fmt: skip
    lines: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=ChangedLinesSerializer(),
        max_length=MOST_RANGES,
        help_text="The ranges of lines that have changed.",
    )
    from_line = Number(
        default=1, min_value=1, max_value=MOST_LINE, help_text="The `next_line` of an answer."
    )
    repository = Text(
        default="",
        allow_blank=True,
        max_length=300,
        help_text="owner/name. Names that are dismissed there are left out.",
    )


class CheckedNameSerializer(serializers.Serializer[DoubtedName]):
    name = serializers.CharField(source="function.qualified_name")
    kind = serializers.CharField(source="function.kind")
    language = serializers.CharField(source="function.language")
    start_line = serializers.IntegerField(source="function.start_line")
    end_line = serializers.IntegerField(source="function.end_line")
    confidence = serializers.FloatField(source="doubt", help_text="The F1 of the best suggestion.")
    suggestions = SuggestedNameSerializer(many=True, help_text="Likely names, best first.")


class CheckedSerializer(serializers.Serializer[Any]):
    names = CheckedNameSerializer(many=True, help_text="Those in doubt, in the file's order.")
    judged = serializers.IntegerField(
        help_text=f"How many functions were judged; at most {MOST_JUDGED} a request."
    )
    next_line = serializers.IntegerField(
        allow_null=True,
        help_text="The `from_line` of the next request; null if no function is left.",
    )
    note = serializers.CharField(help_text="Why some functions are not judged; usually empty.")


class CheckView(EncoderView):
    @extend_schema(
        operation_id="check_names",
        summary="Judge the names of the functions of a file that have changed",
        request=CheckSerializer,
        responses=answers(CheckedSerializer, 404, 415, 429),
    )
    @method_decorator(throttles.limited(throttles.ENCODE))
    def post(self, request: Request) -> Response:
        given = validated(CheckSerializer, request)
        repository = _named(request, given["repository"]) if given["repository"] else None
        lines = [(each["first"], each["last"]) for each in given["lines"]]
        changed = checks.changed(given["path"], given["content"], lines, given["from_line"])
        throttles.ENCODE.count(request, max(0, len(changed.functions) - 1))
        names, note = checks.judge(given["path"], changed.functions, repository)
        found = {
            "names": names,
            "judged": len(changed.functions),
            "next_line": changed.next_line,
            "note": changed.note or note,
        }
        return Response(CheckedSerializer(found).data)


def _named(request: Request, name: str) -> Repository:
    visible = Repository.objects.visible_to(request.user)
    repository = visible.filter(pk__in=Repository.objects.called(name).values("pk")).first()
    if repository is None:
        raise NotFound(f"There is no repository {name} that you may see.")
    return repository
