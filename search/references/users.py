"""The files that use a name, within what a user may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.types import NAMELESS, Use
from search.addresses.origins import Origin, origins_of
from search.candidates import sql
from search.candidates.scopes import ROWS, Scope
from search.references.targets import Target

MOST_FILES = 500
"""Files that are examined: those of the definition's repository first. A name such as `get` is used
in a hundred times as many."""

MOST_USES = 500
"""Uses of a name in one file: the first ones."""

MOST_DEFINITIONS = 1_000
"""How far the definitions of a name are counted."""


@dataclass(frozen=True, slots=True)
class UsingFile:
    """A file with its uses of a name. `is_near`: it names something around the target;
    `names_owner`: it names what encloses that; `defines`: it has a definition of this name itself;
    `is_cut`: it may have more uses than these."""

    origin: Origin
    id: int
    path: str
    blob: int
    language: str
    uses: Sequence[Use]
    is_near: bool
    names_owner: bool
    defines: bool
    is_cut: bool

    @property
    def branch(self) -> str:
        return self.origin.branch

    @property
    def repository(self) -> int:
        return self.origin.repository_id

    @property
    def repository_name(self) -> str:
        return self.origin.repository


def files_using(target: Target, scope: Scope) -> list[UsingFile]:
    """At most MOST_FILES + 1, which shows whether there are more: the definition's own file, those
    of its repository, and then others."""
    parameters = {
        **scope.parameters,
        "name": target.name,
        "owner": target.owner,
        "around": list(target.around),
        "nameless": list(NAMELESS),
        "file": target.file.pk,
        "repository": target.repository,
    }
    found = sql.rows(USING.format(gate=scope.condition), parameters)
    origins = origins_of(branch for branch, *_ in found)
    return [
        UsingFile(origins[branch], *columns, [*map(Use.unpacked, uses)], *flags)  # type: ignore[call-arg]
        for branch, *columns, uses, flags in found
        if branch in origins
    ]


def definitions_called(name: str, scope: Scope) -> int:
    """How many definitions in scope have a name; at most MOST_DEFINITIONS + 1."""
    ((count,),) = sql.rows(
        COUNT.format(rows=ROWS, gate=scope.condition),
        {**scope.parameters, "name": name, "nameless": list(NAMELESS)},
    )
    return int(count)


_PART = f"""(
    SELECT branch.id AS branch, file.id, file.path, file.blob_id, used.names, used.ends,
           used.uses, used.is_cut
    FROM codeindex_namesused AS used
    JOIN codeindex_sourcefile AS file ON file.blob_id = used.blob_id
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    WHERE used.names @> ARRAY[%(name)s] AND {{gate}} AND {{which}}
    LIMIT {MOST_FILES + 1}
)"""
_PARTS = " UNION ALL ".join(
    _PART.replace("{which}", which)
    for which in (
        "file.id = %(file)s",
        "file.id <> %(file)s AND branch.repository_id = %(repository)s",
        "branch.repository_id <> %(repository)s",
    )
)
USING = f"""
SELECT file.branch, file.id, file.path, file.blob_id, blob.language,
       file.uses[begin + 1 : least(file.ends[at], begin + {MOST_USES})],
       ARRAY[file.names && %(around)s::text[], %(owner)s = ANY(file.names),
       EXISTS (SELECT FROM codeindex_definition AS own
               WHERE own.blob_id = file.blob_id AND own.name = %(name)s
                 AND own.kind <> ALL(%(nameless)s)),
       file.is_cut OR file.ends[at] - begin > {MOST_USES}]
FROM (SELECT * FROM ({_PARTS}) AS part LIMIT {MOST_FILES + 1}) AS file
JOIN codeindex_blob AS blob ON blob.id = file.blob_id
CROSS JOIN LATERAL (SELECT array_position(file.names, %(name)s)) AS place (at)
CROSS JOIN LATERAL (SELECT coalesce(file.ends[at - 1], 0)) AS span (begin)
"""

COUNT = f"""
SELECT count(*) FROM (
    SELECT FROM {{rows}}
    WHERE definition.name = %(name)s AND definition.kind <> ALL(%(nameless)s) AND {{gate}}
    LIMIT {MOST_DEFINITIONS + 1}
) AS called
"""
