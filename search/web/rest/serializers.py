"""Requests and answers of the REST API. The command line writes results by the same serializer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from codeindex.web.rest.fields import Number, Text
from search.addresses.origins import Origin
from search.candidates.path_rules import Order
from search.query import parsing
from search.ranking.balance import PRESETS
from search.ranking.closeness import Closeness
from search.request import (
    DEFAULT_BALANCE,
    DEFAULT_LANGUAGE,
    DEFAULT_RESULTS,
    MAX_RESULTS,
    Likeness,
)
from search.results import Group, Place, Result


def _repeatable(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=Text(allow_blank=True), default=list, help_text=help_text)


class _Parameters(serializers.Serializer[Any]):
    """For the API's documentation alone: `search.request` parses and checks all parameters."""

    limit = Number(min_value=1, max_value=MAX_RESULTS, default=DEFAULT_RESULTS)
    repo = _repeatable(
        "Only repositories with this name, or owner/name; `-NAME` excludes a repository."
    )


class SimilarParameters(_Parameters):
    by = serializers.ChoiceField(
        choices=list(Likeness),
        default=Likeness.BOTH.value,
        help_text="What is compared: the text's share of the vectors (meaning), the code's "
        "(structure), or both.",
    )


class SimilarToCodeParameters(SimilarParameters):
    code = Text(
        trim_whitespace=False,
        help_text=f"A definition; at most {parsing.MAX_CHARACTERS:,} characters.",
    )
    lang = Text(
        allow_blank=True,
        default=DEFAULT_LANGUAGE,
        help_text="Its language: a name or a file extension.",
    )


class SearchParameters(_Parameters):
    q = Text(
        allow_blank=True,
        default="",
        help_text="A description, a question, a name, or code. May contain filters; "
        f"at most {parsing.MAX_CHARACTERS:,} characters.",
    )
    repository = Text(
        allow_blank=True,
        default="",
        help_text="An alias of `repo`, which cannot exclude.",
    )
    rev = _repeatable(
        "Only this branch, or with `*` the branches that match; `HEAD` is the first one of each "
        "repository, which is what is searched otherwise; `-BRANCH` excludes a branch."
    )
    path = _repeatable(
        "Only files whose path contains this or, with `*`, `**` or `?`, matches it. All of several "
        "must hold; `-PATH` excludes files."
    )
    lang = _repeatable("Only this language: a name or a file extension; `-LANGUAGE` excludes it.")
    kind = _repeatable("Only definitions of this kind, such as function; `-KIND` excludes it.")
    label = _repeatable(  # type: ignore[assignment]  # hides Serializer.label
        "Only files whose path says that they are this: test, example, documentation, benchmark, "
        "generated or vendored code, or an implementation, which is all else; `-LABEL` excludes."
    )
    author = _repeatable(
        "Only definitions that were last changed by an author whose name contains this; `-AUTHOR` "
        "excludes. Like `after` and `before`, it knows the changes within the history that is "
        "fetched (`CODEINDEX_HISTORY_COMMITS`)."
    )
    after = _repeatable("Only definitions that were last changed on this day or later: 2026-01-31.")
    before = _repeatable("Only definitions that were last changed before this day.")
    order = serializers.ChoiceField(
        choices=list(Order),
        default=Order.IMPLEMENTATIONS.value,
        help_text="implementations: tests, examples, documentation, benchmarks, vendored and "
        "generated code rank lower; plain: they do not.",
    )
    group = serializers.ChoiceField(
        choices=list(Group),
        default=Group.DEFINITION.value,
        help_text="What a result is: a definition, or a file, shown by its best definition.",
    )
    balance = Text(
        allow_blank=True,
        default=DEFAULT_BALANCE,
        help_text=f"What counts: {', '.join(PRESETS)}, or three numbers from 0 to 1 for words, "
        "meaning and structure (`1,0.5,0`).",
    )
    cursor = Text(
        allow_blank=True, default="", help_text="`next` of the page before, for the same query."
    )


def absolute(url: str, context: Mapping[str, Any]) -> str:
    """An address with its host in an answer to a request, and as it is on the command line."""
    request = context.get("request")
    return request.build_absolute_uri(url) if request else url


class _FastSerializer(serializers.Serializer[Any]):
    """Its fields are for the API's documentation. `to_representation` writes the JSON, since the
    fields of each result take ten times as long."""


class OriginSerializer(_FastSerializer):
    """Where code is: here, and on the code host."""

    owner = serializers.CharField(help_text="Of the repository.")
    repository = serializers.CharField()
    branch = serializers.CharField(help_text="Empty for the default branch.")
    commit = serializers.CharField(help_text="The commit that is indexed.")
    indexed = serializers.DateTimeField(
        allow_null=True, help_text="Since when this commit has been searched."
    )
    permalink = serializers.CharField(
        help_text="An address here that names the commit and stays valid."
    )
    host_link = serializers.CharField(
        help_text="The same on the code host; empty if its links are not known."
    )

    def written(self, origin: Origin, path: str, first: int = 0, last: int = 0) -> dict[str, Any]:
        return {
            "owner": origin.owner,
            "repository": origin.repository,
            "branch": origin.branch,
            "commit": origin.commit,
            "indexed": origin.indexed.isoformat() if origin.indexed else None,
            "permalink": absolute(origin.permalink(path, first, last), self.context),
            "host_link": origin.host_link(path, first, last),
        }


class PlaceSerializer(_FastSerializer):
    qualified_name = serializers.CharField()
    kind = serializers.CharField()
    start_line = serializers.IntegerField()
    end_line = serializers.IntegerField()
    url = serializers.CharField(help_text="Its page, until its file changes.")
    permalink = serializers.CharField(help_text="Its lines, at an address that stays valid.")

    def to_representation(self, place: Place) -> dict[str, Any]:
        return {
            "qualified_name": place.qualified_name,
            "kind": place.kind,
            "start_line": place.start_line,
            "end_line": place.end_line,
            "url": absolute(place.url, self.context),
            "permalink": absolute(place.permalink, self.context),
        }


class NumberedLineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="From 1.")
    text = serializers.CharField()


class ScoreSerializer(serializers.Serializer[Any]):
    name = serializers.FloatField(help_text="The query names the definition.")
    literal = serializers.FloatField(
        help_text="The query's identifier in the text, or the strings that its message is made of."
    )
    words = serializers.FloatField(
        help_text="The query's words in the text, its names and its path."
    )
    path = serializers.FloatField(help_text="The query's words in the path.")
    meaning = serializers.FloatField(help_text="The text's share of the vector's similarity.")
    structure = serializers.FloatField(
        allow_null=True,
        help_text="The code's share of it; null if it is not known apart, and part of `meaning`.",
    )
    file = serializers.FloatField(
        help_text="The best candidates of the same file, and the query's words in it."
    )
    repeated = serializers.FloatField(
        help_text="Subtracted for better results of the same file; 0 or less."
    )
    rule = serializers.FloatField(
        help_text="Subtracted for what `lowered` says, and for blocks; 0 or less."
    )


class ResultSerializer(OriginSerializer):
    path = serializers.CharField(help_text="Relative to the repository's root.")
    start_line = serializers.IntegerField(help_text="From 1.")
    end_line = serializers.IntegerField(help_text="Inclusive.")
    kind = serializers.CharField(help_text="What it is: function, class, constant, block, …")
    qualified_name = serializers.CharField()
    score = serializers.FloatField(
        help_text="Higher is better. Comparable between answers of the even balance."
    )
    score_parts = ScoreSerializer(
        allow_null=True,
        help_text="The parts that add up to the score; null if the score is a cosine.",
    )
    closeness = serializers.ChoiceField(
        choices=["", *Closeness],
        help_text="`exact`, `strong` or `weak`, which mean the same in every answer; empty for a "
        "search by words alone or with another balance, and for similar code.",
    )
    lowered = serializers.CharField(
        help_text="What it was ranked lower as: test, example, documentation, benchmark, "
        "vendored, generated, declaration or older version; empty if it was not."
    )
    source = serializers.CharField(  # type: ignore[assignment]  # hides Field.source, of no use here
        help_text="Its own lines; after 100, a note of how many follow."
    )
    lines = NumberedLineSerializer(
        many=True,
        help_text="At most eight of its lines, around the query's words, the rarest ones first; "
        "its first lines if it has none of them.",
    )
    docstring = serializers.CharField()
    predicted_names = serializers.ListField(
        child=serializers.ListField(),
        help_text="Names predicted from the code, each with its expected F1, best first.",
    )
    url = serializers.CharField(help_text="Its page, until its file changes.")
    also = PlaceSerializer(
        many=True, help_text="Other definitions found in its file, best first, if grouped by file."
    )

    def to_representation(self, result: Result) -> dict[str, Any]:
        definition, place = result.definition, result.definition.place
        write_place = PlaceSerializer(context=self.context).to_representation
        return {
            **self.written(place.origin, place.path, place.start_line, place.end_line),
            "path": place.path,
            **write_place(place),
            "score": result.score,
            "score_parts": result.parts._asdict() if result.parts else None,
            "closeness": str(result.closeness),
            "lowered": result.lowered,
            "source": definition.source,
            "lines": [{"line": line.number, "text": line.text} for line in result.lines],
            "docstring": definition.docstring,
            "predicted_names": definition.predicted_names,
            "also": [write_place(other) for other in result.also],
        }


class AnswerSerializer(serializers.Serializer[Any]):
    query = serializers.CharField()
    results = ResultSerializer(many=True, help_text="Best first.")
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="What may be missing from the answer, and why."
    )
    exact = serializers.BooleanField(
        allow_null=True,
        help_text="Whether all visible vectors were compared, rather than those that an "
        "approximate index returned; null if none were compared.",
    )
    correction = serializers.CharField(
        help_text="Another query that may have been meant, where a word is in no code that you "
        "can see; usually empty."
    )
    next = serializers.CharField(
        help_text="The `cursor` of the next page; empty after the last. A page may be short: only "
        "an empty `next` ends the list."
    )


class SimilarSerializer(AnswerSerializer):
    query = correction = next = None  # type: ignore[assignment]  # no such fields
