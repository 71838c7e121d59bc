"""Asking for references as a door does, and writing down what is found."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Definition, SourceFile
from search.references import callees, callers, finding
from search.references.finding import References
from search.references.requests import parse_callees, parse_callers, parse_references
from search.references.targets import Target, target_in


def target(name: str, path: str, repository: str = "shop") -> Target:
    """The definition of this qualified name in the file with this path."""
    files = SourceFile.objects.live().select_related("branch__repository")
    file = files.get(path=path, branch__repository__name=repository)
    return target_in(file, Definition.objects.get(blob=file.blob_id, qualified_name=name))


def find(user: User | AnonymousUser, meant: Target, **parameters: object) -> References:
    given = {name: [str(value)] for name, value in parameters.items()}
    return finding.find(parse_references(user, meant, given))


def lines(user: User | AnonymousUser, meant: Target) -> list[tuple[str, str, int]]:
    """The likelihood, path and line of each reference."""
    return [
        (each.likelihood.value, each.file.path, each.line)
        for each in find(user, meant).used.references
    ]


def calling(user: User | AnonymousUser, meant: Target) -> list[tuple[str, str, list[int]]]:
    """The likelihood, name (or path outside of all) and lines of each caller."""
    return [
        (
            each.likelihood.value,
            each.place.name if each.place else each.reference.file.path,
            [*each.lines],
        )
        for each in callers.find(parse_callers(user, meant, {})).callers
    ]


def called(user: User | AnonymousUser, meant: Target) -> list[tuple[str, str, list[int], int]]:
    """The likelihood, name, lines and number of definitions of each callee."""
    return [
        (each.likelihood.value, each.place.name, [*each.lines], each.definitions)
        for each in callees.find(parse_callees(user, meant, {})).callees
    ]
