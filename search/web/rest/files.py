"""Reading files over REST, at addresses that stay valid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.web.rest.problems import Gone
from codeindex.web.rest.schema import answers
from search import places
from search.addresses import reading
from search.addresses.reading import FoundFile, NoFile
from search.request import last
from search.web.rest import examples
from search.web.rest.base import SearchingView, parameters_of
from search.web.rest.serializers import OriginSerializer, PlaceSerializer, absolute


class FileParameters(serializers.Serializer[Any]):
    """For the API's documentation alone: `search.addresses.reading` checks all parameters."""

    repo = serializers.CharField(
        help_text="The repository's name, or owner/name if several have it."
    )
    path = serializers.CharField(
        trim_whitespace=False, help_text="Relative to the repository's root."
    )
    ref = serializers.CharField(
        allow_blank=True,
        default="",
        help_text="A branch, or a commit by at least seven of its digits; by default the commit "
        "that is indexed.",
    )
    lines = serializers.CharField(
        allow_blank=True, default="", help_text="`10-40`, `10` or `10-`; by default all."
    )


@dataclass(frozen=True, slots=True)
class FilePart:
    """Some lines of a file, by their numbers from 1."""

    found: FoundFile
    span: range


class FileSerializer(OriginSerializer):
    path = serializers.CharField(help_text="Relative to the repository's root.")
    language = serializers.CharField()
    lines = serializers.IntegerField(help_text="How many the whole file has.")
    start_line = serializers.IntegerField(
        help_text="The first line of `content`, from 1; one more than `end_line` if it is empty."
    )
    end_line = serializers.IntegerField(help_text="Inclusive.")
    content = serializers.CharField(
        help_text="The lines, with a line break between two. Bytes of no known encoding are U+FFFD."
    )
    skipped = serializers.CharField(
        help_text="Why the file is not indexed; `content` is empty then. Empty if it is indexed."
    )
    definitions = PlaceSerializer(
        many=True, help_text="What is defined in these lines, in their order, without blocks."
    )
    url = serializers.CharField(help_text="The file's page, until the file changes.")

    def to_representation(self, part: FilePart) -> dict[str, Any]:
        found, span = part.found, part.span
        file, blob = found.file, found.file.blob
        first, last = (0, 0) if len(span) == len(found.lines) else (span[0], span[-1])
        write = PlaceSerializer(context=self.context).to_representation
        inside = found.definitions.filter(start_line__lt=span.stop, end_line__gte=span.start)
        return {
            **self.written(found.origin, file.path, first, last),
            "path": file.path,
            "language": blob.language,
            "lines": len(found.lines),
            "start_line": span.start,
            "end_line": span.stop - 1,
            "content": "\n".join(found.lines[span.start - 1 : span.stop - 1]),
            "skipped": blob.skipped,
            "definitions": [write(places.place_in_file(file, each)) for each in inside],
            "url": absolute(places.file_url(file.pk), self.context),
        }


class FileView(SearchingView):
    @extend_schema(
        operation_id="read_file",
        summary="Read a file or some of its lines, at a commit, on a branch, or as it is now",
        description=(
            "A file that has changed or was removed since the commit asked for is answered with "
            "410."
        ),
        parameters=[FileParameters],
        responses=answers(FileSerializer, 404, 410, 429),
        examples=examples.FILE,
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request) -> Response:
        parameters = parameters_of(request)
        lines = reading.parse_lines(last(parameters, "lines"))
        named = [last(parameters, name) for name in ("repo", "path", "ref")]
        try:
            found = reading.find(reading.address_of(request.user, *named))
        except NoFile as missing:
            raise (Gone if missing.is_gone else NotFound)(str(missing)) from missing
        part = FilePart(found, found.span(lines))
        return self.json(FileSerializer, part)
