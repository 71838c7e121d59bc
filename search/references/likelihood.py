"""How likely a use of a name is one of the definition that is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from embeddings.types import NAMELESS, Receiver, Use, UseKind
from search.candidates import sql
from search.references.targets import Target, needs_object
from search.references.users import UsingFile


class Likelihood(StrEnum):
    """From the most to the least likely."""

    SAME_FILE = "same_file"
    NEAR = "near"
    SAME_REPOSITORY = "same_repository"
    OTHER_REPOSITORY = "other_repository"
    UNLIKELY = "unlikely"

    @property
    def rank(self) -> int:
        return RANKS[self]


ORDER = tuple(Likelihood)
RANKS = {likelihood: rank for rank, likelihood in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another definition of the same name in the target's file, with the lines of what encloses it:
    the whole file if nothing does."""

    is_member: bool
    outer_start: int
    outer_end: int

    def surrounds(self, line: int) -> bool:
        return self.outer_start <= line <= self.outer_end


@dataclass(frozen=True, slots=True)
class Judge:
    """Tells how likely uses are those of the target, given its namesakes in its file. If the name
    is `ambiguous`, since several definitions have it, a member counts as near only behind an object
    that is called like the target's owner."""

    target: Target
    namesakes: Sequence[Namesake]
    ambiguous: bool

    def likelihoods(self, file: UsingFile) -> list[Likelihood]:
        """That of each use in a file. In other files than the target's it depends on the receiver
        alone."""
        if file.id == self.target.file.pk:
            return [
                Likelihood.UNLIKELY if self._is_namesakes(use, file) else Likelihood.SAME_FILE
                for use in file.uses
            ]
        imports = any(use.kind == UseKind.IMPORT for use in file.uses)
        hints = self.target.hints if self.ambiguous and self.target.is_member else None
        known = {
            (receiver, is_called_so): self._elsewhere(receiver, file, imports, is_called_so)
            for receiver in Receiver
            for is_called_so in (True, False)
        }

        def is_called_so(use: Use) -> bool:
            return hints is None or use.receiver != Receiver.OTHER or use.hint in hints

        return [known[use.receiver, is_called_so(use)] for use in file.uses]

    def _elsewhere(
        self, receiver: Receiver, file: UsingFile, imports: bool, is_called_so: bool
    ) -> Likelihood:
        is_own = file.defines and receiver != Receiver.OTHER and not imports
        if is_own or self._is_misplaced(receiver, file):
            return Likelihood.UNLIKELY
        if file.repository != self.target.repository:
            is_likely = file.is_near and is_called_so
            return Likelihood.OTHER_REPOSITORY if is_likely else Likelihood.UNLIKELY
        is_near = is_called_so and (file.is_near or imports or self._is_beside(file))
        return Likelihood.NEAR if is_near else Likelihood.SAME_REPOSITORY

    def _is_beside(self, file: UsingFile) -> bool:
        """Whether a file is in the same folder, which is a package in many languages."""
        return PurePosixPath(file.path).parent == PurePosixPath(self.target.file.path).parent

    def _is_misplaced(self, receiver: Receiver, file: UsingFile) -> bool:
        """Whether a use names a member without its object, or one of the object itself where its
        class is not even named; or a function as if it were a member."""
        if not self.target.is_member:
            return receiver == Receiver.ITSELF or (receiver == Receiver.OTHER and not file.is_near)
        if receiver == Receiver.ITSELF:
            return not file.names_owner
        return receiver == Receiver.NONE and needs_object(file.language)

    def _is_namesakes(self, use: Use, file: UsingFile) -> bool:
        """Whether a use in the target's file is rather one of a namesake: of a member in whose
        class it stands, or of a function where the target is a member, and the other way round."""
        is_bare = use.receiver == Receiver.NONE
        if is_bare and needs_object(file.language):
            return self.target.is_member
        if use.receiver != Receiver.OTHER and any(
            each.is_member and each.surrounds(use.line) for each in self.namesakes
        ):
            return True
        if is_bare:
            return self.target.is_member and any(not each.is_member for each in self.namesakes)
        return not self.target.is_member and any(each.is_member for each in self.namesakes)


def judge(target: Target, files: Sequence[UsingFile], ambiguous: bool) -> Judge:
    """The judge of uses in the files. A file that does not define the name has no namesakes."""
    own = next((file for file in files if file.id == target.file.pk), None)
    if own is None or not own.defines:
        return Judge(target, (), ambiguous)
    parameters = {
        "blob": own.blob,
        "name": target.name,
        "qualified": target.definition.qualified_name,
        "nameless": list(NAMELESS),
    }
    namesakes = [Namesake(*row) for row in sql.rows(NAMESAKES, parameters)]
    return Judge(target, namesakes, ambiguous)


MOST_NAMESAKES = 100

NAMESAKES = f"""
SELECT around.start_line IS NOT NULL, coalesce(around.start_line, 0),
       coalesce(around.end_line, 2147483647)
FROM (SELECT * FROM codeindex_definition
      WHERE blob_id = %(blob)s AND name = %(name)s AND qualified_name <> %(qualified)s
        AND kind <> ALL(%(nameless)s)
      LIMIT {MOST_NAMESAKES}) AS named
LEFT JOIN LATERAL (
    SELECT start_line, end_line FROM codeindex_definition AS outer_one
    WHERE outer_one.blob_id = named.blob_id AND outer_one.name <> ''
      AND outer_one.start_line <= named.start_line AND outer_one.end_line >= named.end_line
      AND outer_one.id <> named.id AND outer_one.name <> named.name
    ORDER BY outer_one.start_line DESC, outer_one.end_line LIMIT 1
) AS around ON true
"""
