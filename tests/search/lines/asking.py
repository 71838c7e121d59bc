"""Searching for lines as a door does: from parameters to an answer."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Repository, SourceFile
from search.lines import finding
from search.lines.finding import LineAnswer
from search.lines.request import parse_lines
from tests import shelf
from tests.shelf import Written


def put(repository: Repository, files: Mapping[str, str]) -> list[SourceFile]:
    return [shelf.put(repository, path, Written(text))[0] for path, text in files.items()]


def find(user: User | AnonymousUser, text: str, **parameters: object) -> LineAnswer:
    values = {name: [str(value)] for name, value in {"q": text, **parameters}.items()}
    return finding.find(parse_lines(user, values))


def places(answer: LineAnswer) -> list[tuple[str, int]]:
    """The path and the number of each line that is shown."""
    return [(file.path, line.number) for file in answer.files for line in file.lines]
