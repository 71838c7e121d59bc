"""Clones that a reader may see: groups of functions that are the same but for names, literals and
comments, and pairs that are nearly the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codeindex.quality import statements

LINES = 6
LEAVES = 30
"""The fewest lines and leaves of what counts as a clone: smaller ones are alike by chance, such as
getters."""

GROUPS = 100
"""That are listed."""

MEMBERS = 6
"""Of a group that are listed."""

PAIRS = 50

SECONDS = 600
"""How long it may take to find the groups of one branch in the background."""


class Place(NamedTuple):
    """A definition in a file of a repository, by their ids and names."""

    repository: str
    repository_id: int
    path: str
    file: int
    definition: int
    name: str
    start_line: int
    end_line: int

    @property
    def lines(self) -> int:
        return self.end_line - self.start_line + 1


@dataclass(frozen=True, slots=True)
class Group:
    """Functions of one shape: how many, in how many repositories, whether their text is the same,
    too, and how many lines one of them would save."""

    members: int
    repositories: int
    is_exact: bool
    saving: int
    places: Sequence[Place]

    @property
    def others(self) -> int:
        """How many are not listed."""
        return self.members - len(self.places)


@dataclass(frozen=True, slots=True)
class Found:
    """The groups with the largest saving; how many there are, how many lines they would save
    together, and of how many lines of functions."""

    groups: Sequence[Group]
    count: int
    saving: int
    lines: int

    @property
    def percent(self) -> int:
        return round(100 * self.saving / self.lines) if self.lines else 0


@dataclass(frozen=True, slots=True)
class NearPair:
    first: Place
    second: Place
    similarity: float


def groups(branches: Sequence[int], *, across: bool = False, within: int | None = None) -> Found:
    """The clones in these branches; `across`: only groups of several repositories. Raises
    `TooSlow` if it takes more seconds than `within`, by default than a search may."""
    parameters = _parameters(branches) | {
        "repositories": 2 if across else 1,
        "groups": GROUPS,
        "members": MEMBERS,
    }
    rows = statements.rows(_GROUPS, parameters, within=within)
    if not rows:
        return Found([], 0, 0, _lines(branches, within))
    found: dict[str, Group] = {}
    for digest, members, repositories, texts, saving, *place in (row[2:] for row in rows):
        group = found.setdefault(digest, Group(members, repositories, texts == 1, int(saving), []))
        group.places.append(Place(*place))  # type: ignore[attr-defined]  # a list while it is made
    count, saving = rows[0][:2]
    return Found(list(found.values()), count, int(saving), _lines(branches, within))


def near_pairs(branches: Sequence[int]) -> list[NearPair]:
    """The most similar pairs in these branches whose shapes differ, and of which neither is part of
    the other, as an inner function is."""
    rows = statements.rows(_PAIRS, _parameters(branches) | {"limit": PAIRS})
    width = len(Place._fields)
    return [NearPair(Place(*row[1 : 1 + width]), Place(*row[1 + width :]), row[0]) for row in rows]


def _lines(branches: Sequence[int], within: int | None) -> int:
    """Of all functions in these branches that are large enough to count."""
    ((lines,),) = statements.rows(_LINES, _parameters(branches), within=within)
    return int(lines or 0)


def _parameters(branches: Sequence[int]) -> dict[str, object]:
    return {"branches": list(branches), "lines": LINES, "leaves": LEAVES}


_SEEN = """
    SELECT shape.digest, definition.text_id, repository.id AS repository_id,
        owner.username || '/' || repository.name AS repository, file.path, file.id AS file,
        definition.id AS definition, definition.qualified_name, definition.start_line,
        definition.end_line, definition.end_line - definition.start_line + 1 AS lines
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
    JOIN codeindex_textshape AS shape ON shape.text_id = definition.text_id
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
    JOIN auth_user AS owner ON owner.id = repository.owner_id
    WHERE file.live AND file.branch_id = ANY(%(branches)s)
      AND shape.digest <> '' AND shape.leaves >= %(leaves)s
      AND definition.end_line - definition.start_line + 1 >= %(lines)s
"""
_COLUMNS = ", ".join(
    f"{{0}}.{column}"
    for column in ("repository", "repository_id", "path", "file", "definition", "qualified_name",
                   "start_line", "end_line")
)  # fmt: skip
_GROUPS = f"""
WITH seen AS MATERIALIZED ({_SEEN}), grouped AS (
    SELECT digest, count(*) AS members, count(DISTINCT repository_id) AS repositories,
        count(DISTINCT text_id) AS texts, sum(lines) - max(lines) AS saving
    FROM seen GROUP BY digest
    HAVING count(*) > 1 AND count(DISTINCT repository_id) >= %(repositories)s
), chosen AS (
    SELECT count(*) OVER () AS groups, sum(saving) OVER () AS total, grouped.*
    FROM grouped ORDER BY saving DESC, digest LIMIT %(groups)s
)
SELECT groups, total, chosen.digest, members, repositories, texts, saving,
    {_COLUMNS.format("place")}
FROM chosen CROSS JOIN LATERAL (
    SELECT * FROM seen WHERE seen.digest = chosen.digest
    ORDER BY repository, path, start_line LIMIT %(members)s
) AS place
ORDER BY saving DESC, chosen.digest, place.repository, place.path, place.start_line
"""
_LINES = f"SELECT sum(lines) FROM ({_SEEN}) AS seen"
# Found from the pairs, which are few, however many functions the branches have
_PAIRS = f"""
WITH seen AS NOT MATERIALIZED ({_SEEN})
SELECT pair.similarity, {_COLUMNS.format("one")}, {_COLUMNS.format("other")}
FROM codeindex_nearclone AS pair
CROSS JOIN LATERAL (
    SELECT * FROM seen WHERE text_id = pair.first_id ORDER BY repository, path LIMIT 1) AS one
CROSS JOIN LATERAL (
    SELECT * FROM seen WHERE text_id = pair.second_id ORDER BY repository, path LIMIT 1) AS other
WHERE NOT (one.file = other.file AND one.start_line <= other.end_line
           AND other.start_line <= one.end_line)
ORDER BY pair.similarity DESC, pair.id LIMIT %(limit)s
"""
