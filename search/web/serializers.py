"""Answers as JSON: the same for the API and the command line."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from search.balance import PRESETS
from search.candidates.path_rules import Order
from search.query import parsing
from search.request import (
    DEFAULT_BALANCE,
    DEFAULT_LANGUAGE,
    DEFAULT_RESULTS,
    MAX_RESULTS,
    Likeness,
)
from search.results import Group, Place, Result


def _repeatable(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(allow_blank=True), default=list, help_text=help_text
    )


class _Parameters(serializers.Serializer):
    """For the documentation; `search.request` reads and checks parameters, for all doors alike."""

    limit = serializers.IntegerField(min_value=1, max_value=MAX_RESULTS, default=DEFAULT_RESULTS)


class SimilarParameters(_Parameters):
    by = serializers.ChoiceField(
        choices=list(Likeness),
        default=Likeness.BOTH.value,
        help_text="What is compared: meaning is what the text adds to a vector, structure what the "
        "code adds.",
    )


class SimilarToCodeParameters(SimilarParameters):
    code = serializers.CharField(
        trim_whitespace=False,
        help_text=f"A definition; at most {parsing.MAX_CHARACTERS:,} characters.",
    )
    lang = serializers.CharField(
        allow_blank=True,
        default=DEFAULT_LANGUAGE,
        help_text="Its language, by its name or an extension.",
    )


class SearchParameters(_Parameters):
    q = serializers.CharField(
        allow_blank=True,
        default="",
        help_text="A description, a question, a name, or code, with filters if you like; "
        f"at most {parsing.MAX_CHARACTERS:,} characters.",
    )
    repo = _repeatable(
        "Only in repositories of this name, or owner/name; `-NAME` leaves a repository out."
    )
    repository = serializers.CharField(
        allow_blank=True,
        default="",
        help_text="Another name of `repo`, which excludes nothing. New programs use `repo`.",
    )
    path = _repeatable(
        "Only files whose path holds this or, with `*`, `**` or `?`, is described by it; several "
        "must all hold. `-PATH` leaves files out."
    )
    lang = _repeatable("Only in this language, or an extension's; `-LANGUAGE` leaves it out.")
    kind = _repeatable("Only function, method, class or module; `-KIND` leaves it out.")
    order = serializers.ChoiceField(
        choices=list(Order),
        default=Order.IMPLEMENTATIONS.value,
        help_text="implementations: tests, examples, documentation, benchmarks, vendored and "
        "generated code are put lower; plain: they are not.",
    )
    group = serializers.ChoiceField(
        choices=list(Group),
        default=Group.DEFINITION.value,
        help_text="What a result is: a definition, or a file with its best one and the others.",
    )
    balance = serializers.CharField(
        allow_blank=True,
        default=DEFAULT_BALANCE,
        help_text=f"What counts: {', '.join(PRESETS)}, or three numbers from 0 to 1 for words, "
        "meaning and structure (`1,0.5,0`).",
    )


def _url(place: Place, context: dict[str, Any]) -> str:
    """A full address in an answer to a request, a path on the command line."""
    request = context.get("request")
    return request.build_absolute_uri(place.url) if request else place.url


class _Written(serializers.Serializer):
    """Its fields say what JSON has, for the documentation; `to_representation` writes it, since to
    look up each field of each result takes ten times as long."""


class PlaceSerializer(_Written):
    qualified_name = serializers.CharField()
    kind = serializers.CharField()
    start_line = serializers.IntegerField()
    end_line = serializers.IntegerField()
    url = serializers.CharField()

    def to_representation(self, place: Place) -> dict[str, Any]:
        return {
            "qualified_name": place.qualified_name,
            "kind": place.kind,
            "start_line": place.start_line,
            "end_line": place.end_line,
            "url": _url(place, self.context),
        }


class ScoreSerializer(serializers.Serializer):
    name = serializers.FloatField(help_text="For being called what the query says.")
    words = serializers.FloatField(help_text="For the query's words in its text.")
    path = serializers.FloatField(help_text="For those in its path.")
    meaning = serializers.FloatField(help_text="For how near its vector is, by its text.")
    structure = serializers.FloatField(
        allow_null=True,
        help_text="The same by its code; null where that is not kept apart, and in `meaning`.",
    )
    file = serializers.FloatField(help_text="For how good the best in its file are.")
    repeated = serializers.FloatField(
        help_text="What was taken for better results of the same file, 0 or less."
    )
    rule = serializers.FloatField(help_text="What was taken for `lowered`, 0 or less.")


class ResultSerializer(_Written):
    repository = serializers.CharField()
    path = serializers.CharField(help_text="Relative to the repository's root.")
    start_line = serializers.IntegerField(help_text="From 1.")
    end_line = serializers.IntegerField(help_text="Inclusive.")
    kind = serializers.CharField(help_text="function, method, class or module.")
    qualified_name = serializers.CharField()
    score = serializers.FloatField(
        help_text="The higher, the better; comparable within one answer."
    )
    score_parts = ScoreSerializer(
        allow_null=True,
        help_text="What the score is the sum of; null where it is a cosine.",
    )
    lowered = serializers.CharField(
        help_text="What it was put lower as: test, example, documentation, benchmark, vendored or "
        "generated; empty if it was not."
    )
    source = serializers.CharField(help_text="Its own lines, cut at 100 with a mark.")
    docstring = serializers.CharField()
    predicted_names = serializers.ListField(
        child=serializers.ListField(),
        help_text="Names that its code suggests, each with its expected F1, best first.",
    )
    url = serializers.CharField(help_text="Its page here.")
    also = PlaceSerializer(
        many=True, help_text="Other definitions in its file, best first, if grouped by file."
    )

    def to_representation(self, result: Result) -> dict[str, Any]:
        found, place = result.found, result.found.place
        own = PlaceSerializer(context=self.context).to_representation
        return {
            "repository": place.repository,
            "path": place.path,
            **own(place),
            "score": result.score,
            "score_parts": result.parts._asdict() if result.parts else None,
            "lowered": result.lowered,
            "source": found.source,
            "docstring": found.docstring,
            "predicted_names": found.predicted_names,
            "also": [own(other) for other in result.also],
        }


class AnswerSerializer(serializers.Serializer):
    query = serializers.CharField()
    results = ResultSerializer(many=True, help_text="Best first.")
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="What the answer may lack, and why."
    )
    exact = serializers.BooleanField(
        allow_null=True,
        help_text="Whether all vectors that may be found were compared, and not those alone that "
        "an index took for the nearest; null where none were.",
    )


class SimilarSerializer(AnswerSerializer):
    query = None
