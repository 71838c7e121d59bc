"""Requests and answers of the search for lines over REST. The command line writes answers by the
same serializer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from search.lines.finding import FileLines, LineAnswer
from search.lines.matching import MatchedLine
from search.lines.request import DEFAULT_FILES, MAX_FILES, Case, Mode, Words
from search.query import parsing
from search.web.rest.serializers import OriginSerializer, SearchParameters, absolute


class LineParameters(serializers.Serializer[Any]):
    """For the API's documentation alone: `search.lines.request` parses and checks all
    parameters."""

    q = serializers.CharField(
        allow_blank=True,
        default="",
        help_text="Exact text, or a regular expression of RE2 between slashes. May contain the "
        f"filters repo, rev, path, lang and label; at most {parsing.MAX_CHARACTERS:,} characters.",
    )
    mode = serializers.ChoiceField(
        choices=list(Mode),
        default=Mode.TEXT.value,
        help_text="text: a query between slashes is a regular expression; exact: none is; regex: "
        "each is.",
    )
    case = serializers.ChoiceField(
        choices=list(Case),
        default=Case.IGNORE.value,
        help_text="match: upper and lower case are told apart.",
    )
    word = serializers.ChoiceField(
        choices=list(Words),
        default=Words.ANY.value,
        help_text="whole: a match begins and ends where words do.",
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_FILES, default=DEFAULT_FILES, help_text="Files at most."
    )
    after = serializers.CharField(
        allow_blank=True, default="", help_text="The `next` of an answer, to go on from there."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With the filters of every search."""
        shared = SearchParameters().get_fields()
        names = ("repo", "repository", "rev", "path", "lang", "label")
        return {**super().get_fields(), **{name: shared[name] for name in names}}


class MatchedLineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="From 1.")
    text = serializers.CharField(help_text="A long line is cut around its first match.")
    matches = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Where the matches begin and end in the text, in characters.",
    )

    def to_representation(self, line: MatchedLine) -> dict[str, Any]:
        return {"line": line.number, "text": line.text, "matches": line.matches}


class FileLinesSerializer(OriginSerializer):
    path = serializers.CharField(help_text="Relative to the repository's root.")
    count = serializers.IntegerField(help_text="Matching lines of the file.")
    lines = MatchedLineSerializer(many=True, help_text="The first ten of them.")
    url = serializers.CharField(
        help_text="The file's page, until the file changes; `#L7` is its seventh line."
    )

    def to_representation(self, file: FileLines) -> dict[str, Any]:
        return {
            **self.written(file.origin, file.path),
            "path": file.path,
            "count": file.count,
            "lines": MatchedLineSerializer(file.lines, many=True).data,
            "url": absolute(file.url, self.context),
        }


class LineAnswerSerializer(serializers.Serializer[Any]):
    query = serializers.CharField()
    files = FileLinesSerializer(many=True, help_text="By repository and path.")
    file_count = serializers.IntegerField(help_text="Files that match, from the first one on.")
    line_count = serializers.IntegerField(help_text="Lines that match, from the first one on.")
    exact = serializers.BooleanField(help_text="Whether the counts are exact, or at least so many.")
    next = serializers.CharField(
        allow_null=True,
        help_text="`after` of the request for the next files; null if there are none.",
    )

    def to_representation(self, answer: LineAnswer) -> dict[str, Any]:
        return {
            "query": answer.query,
            "files": FileLinesSerializer(answer.files, many=True, context=self.context).data,
            "file_count": answer.file_count,
            "line_count": answer.line_count,
            "exact": answer.exact,
            "next": answer.next.written() if answer.next else None,
        }
