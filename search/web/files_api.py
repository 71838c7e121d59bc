"""Reading files over REST, at addresses that stay valid."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts import throttles
from codeindex.web.problems import Gone
from codeindex.web.schema import answers
from search.addresses import reading
from search.addresses.reading import NoFile
from search.request import last
from search.web.api import SearchingView, parameters_of
from search.web.files_serializers import FileParameters, FilePart, FileSerializer


class FileView(SearchingView):
    @extend_schema(
        operation_id="read_file",
        summary="Read a file or some of its lines, at a commit, on a branch, or as it is now",
        parameters=[FileParameters],
        responses=answers(FileSerializer, 404, 410, 429),
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
        return Response(FileSerializer(part, context={"request": request}).data)
