"""The definition whose uses are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from codeindex.models import Definition, SourceFile
from embeddings.code.languages import Language, by_name
from embeddings.types import Kind, NamesUsed, Use, hints
from search.candidates import sql
from search.candidates.scopes import ROWS, Scope
from search.results import module_name

FOLDERS = 2
"""Of the folders around a file, the last ones: a file that names one of them may use what is in
it."""

TELL_NOTHING = frozenset(
    "__init__ index include java lib main mod python src test tests".split()  # noqa: SIM905
)
"""Names of files and folders that are named for other reasons, too."""

_MEMBERS = frozenset({Kind.METHOD, Kind.PROPERTY, Kind.CONSTANT})


@dataclass(frozen=True, slots=True)
class Target:
    """A definition in a file that the user may see. `name` is the one that is looked for; `owner`
    is the name of what encloses it; `around` are names by one of which a file reaches it: that of
    its module or package, or its owner's."""

    file: SourceFile
    definition: Definition
    name: str
    owner: str
    around: Sequence[str]

    @property
    def place(self) -> tuple[SourceFile, Definition]:
        return self.file, self.definition

    @property
    def repository(self) -> int:
        return self.file.branch.repository_id

    @property
    def is_member(self) -> bool:
        """Whether it belongs to an object or class, as far as its kind tells."""
        return bool(self.owner) and self.definition.kind in _MEMBERS

    @property
    def hints(self) -> frozenset[int]:
        """Those of variables that may hold its owner."""
        return frozenset(hints(self.owner))

    def holds(self, line: int) -> bool:
        return self.definition.start_line <= line <= self.definition.end_line


def target_in(file: SourceFile, definition: Definition) -> Target:
    """A module is known by the last part of its name."""
    is_module = definition.kind == Kind.MODULE
    name = module_name(file.path).rpartition(".")[2] if is_module else definition.name
    owner = definition.qualified_name.rpartition(".")[0].rpartition(".")[2]
    path = PurePosixPath(file.path)
    modules = [path.stem, *reversed(path.parts[:-1][-FOLDERS:]), file.branch.repository.name]
    around = [
        each
        for each in dict.fromkeys([owner, *modules])
        if each and each != name and each not in TELL_NOTHING
    ]
    return Target(file, definition, name, owner, around)


def visible_target(
    user: User | AnonymousUser, definition_id: int, file_id: int | None = None
) -> Target:
    """A definition in a live file that `user` may see: in this one, or in that with the shortest
    path. Raises `Http404`."""
    files = SourceFile.objects.visible_to(user).live().select_related("branch__repository__owner")
    holding = files.filter(blob__definitions=definition_id)
    if file_id is not None:
        holding = holding.filter(pk=file_id)
    places = holding.order_by("path", "pk")[:MOST_PLACES]
    file = min(places, key=lambda each: (len(each.path), each.path), default=None)
    if file is None:
        raise Http404
    return target_in(file, Definition.objects.get(pk=definition_id))


MOST_PLACES = 100
"""Files with the same content among which the first one is chosen."""


def targets_called(name: str, scope: Scope) -> list[Target]:
    """At most MOST_TARGETS definitions in scope that have this name, or whose qualified name ends
    with it, those with the shortest path first."""
    found = sql.rows(
        CALLED.format(gate=scope.condition),
        {**scope.parameters, "name": name.rpartition(".")[2], "qualified": name},
    )
    files = SourceFile.objects.select_related("branch__repository__owner").in_bulk(
        {id for id, _ in found}
    )
    definitions = Definition.objects.in_bulk([definition for _, definition in found])
    return [target_in(files[file], definitions[definition]) for file, definition in found]


MOST_TARGETS = 10

CALLED = f"""
SELECT file.id, definition.id FROM {ROWS}
WHERE definition.name = %(name)s AND {{gate}}
  AND right('.' || definition.qualified_name, length(%(qualified)s) + 1) = '.' || %(qualified)s
ORDER BY length(file.path), file.path, definition.start_line, file.id LIMIT {MOST_TARGETS}
"""


def needs_object(language: str) -> bool:
    """Whether a language names a member only behind its object."""
    try:
        file_type = by_name(language)
    except KeyError:
        return False
    return isinstance(file_type, Language) and file_type.members_need_object


def uses_by_name(used: NamesUsed) -> dict[str, list[Use]]:
    """The uses of each name."""
    spans = pairwise([0, *used.ends])
    return {
        name: [Use.unpacked(number) for number in used.uses[start:end]]
        for name, (start, end) in zip(used.names, spans, strict=True)
    }
