"""The files that may have a matching line, in the order in which they are searched: by repository
and path. Only files that the user may see and the filters keep.

Blocks of grams are of all contents, visible or not. What a user may see is therefore intersected
here with what a block answers, before anything depends on the number of files that it finds: how
long a search takes tells nothing of what hidden files contain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from embeddings.files import grams
from embeddings.files.grams import GRAMS_VERSION, HASHES, Grams
from search.candidates import sql
from search.candidates.scopes import scope_for
from search.lines.patterns import Pattern
from search.lines.request import LineRequest, Position
from search.lines.required import Required
from search.query.filters import Field, filter_values

MAX_SEARCHED = 5_000
"""Files that one search looks at, at most."""

FEW = 200
"""Files that are searched without asking the index: that would take longer."""

FEW_GRAMS = 4
"""If no more are required, all of their rows are read; otherwise one of each."""

Blobs = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]


class Branch(NamedTuple):
    """In the order in which branches are searched."""

    repository: str
    owner: str
    branch: str
    id: int


class Candidate(NamedTuple):
    """A file, the `place` of its branch in their order, and the size of its content in bytes."""

    place: int
    file: int
    path: str
    blob: int
    size: int


@dataclass(frozen=True, slots=True)
class FileScope:
    """What a search for lines may find: the files that meet `condition`, with its `parameters`.
    `sees_all`: these are all live files of the index."""

    branches: Sequence[Branch]
    condition: str
    parameters: Mapping[str, object]
    sees_all: bool


def file_scope(request: LineRequest) -> FileScope:
    """Raises `UnknownRepository`."""
    languages = [each for each in request.filters if each.field == Field.LANGUAGE]
    scope = scope_for(
        request.user, [each for each in request.filters if each.field != Field.LANGUAGE]
    )
    condition, parameters = scope.condition, dict(scope.parameters)
    for name, excluded in (("languages", False), ("other_languages", True)):
        if values := filter_values(languages, Field.LANGUAGE, excluded=excluded):
            condition += f" AND {'NOT ' if excluded else ''}{IN_LANGUAGE.format(f'%({name})s')}"
            parameters[name] = values
    return FileScope(
        branches=sorted(Branch(*row) for row in sql.rows(BRANCHES, scope.parameters)),
        condition=condition,
        parameters=parameters,
        sees_all=not request.filters and scope.has_all_branches and scope.sees_everything,
    )


def candidate_files(
    scope: FileScope, pattern: Pattern, after: Position | None
) -> tuple[Sequence[Candidate], bool]:
    """The first MAX_SEARCHED files after a position that have what a pattern requires, and whether
    there are more."""
    if not scope.branches:
        return [], False
    place, path = _place(scope.branches, after)
    parameters = {
        **scope.parameters,
        "ordered": sql.array_literal(branch.id for branch in scope.branches),
        "place": place,
        "path": path,
    }
    condition = scope.condition
    blobs = _blobs(scope, pattern)
    if blobs is not None:
        condition += " AND file.blob_id = ANY(%(blobs)s::bigint[])"
        parameters["blobs"] = sql.array_literal(blobs)
    rows = sql.rows(FILES.format(condition=condition, limit=MAX_SEARCHED + 1), parameters)
    return [Candidate(*row) for row in rows[:MAX_SEARCHED]], len(rows) > MAX_SEARCHED


def _place(branches: Sequence[Branch], after: Position | None) -> tuple[int, str]:
    """The number of the branch from which the search goes on, from 0, and the path after which."""
    if after is None:
        return -1, ""
    names = (after.repository, after.owner, after.branch)
    before = sum(branch[:3] < names for branch in branches)
    is_known = before < len(branches) and branches[before][:3] == names
    return (before, after.path) if is_known else (before - 1, LAST_PATH)


def _blobs(scope: FileScope, pattern: Pattern) -> Sequence[int] | None:
    """The visible contents that have what a pattern requires; None if that is nothing, or if they
    are too few to ask."""
    required = pattern.required
    if not required:
        return None
    visible = None if scope.sees_all else _visible_blobs(scope)
    if visible is not None and len(visible) <= FEW:
        return None
    # Those without grams first: what gets them meanwhile is in a block afterwards.
    lacking = np.array([blob for (blob,) in sql.rows(LACKING, LACKING_PARAMETERS)], np.int64)
    indexed = _indexed_blobs(required, within_pieces=not pattern.crosses_lines)
    found = np.union1d(lacking, indexed)
    if visible is not None:
        found = found[np.isin(found, visible)]
    return list(found.tolist())


def _visible_blobs(scope: FileScope) -> Blobs:
    rows = sql.rows(VISIBLE.format(condition=scope.condition), scope.parameters)
    return np.array([blob for (blob,) in rows], np.int64)


def _indexed_blobs(required: Required, *, within_pieces: bool) -> Blobs:
    """The contents that have what is required, as far as their bits tell: in one piece, or in
    several."""
    wanted = np.array(sorted(required.all_grams()), np.uint32)
    number = {gram: row for row, gram in enumerate(wanted.tolist())}
    columns, bits = _columns(wanted)
    if not within_pieces and len(columns):
        order = np.argsort(columns, kind="stable")
        columns, starts = np.unique(columns[order], return_index=True)
        bits = np.bitwise_or.reduceat(bits[:, order], starts, axis=1)
    found: Blobs = columns[_having(required, bits, number).astype(bool)]
    return found


def _columns(wanted: Grams) -> tuple[Blobs, Bits]:
    """The blob of each column of all blocks, and (grams, columns) whether it has each gram, which
    it has if all rows say so that stand for the gram."""
    hashes = grams.hashes(wanted)[: HASHES if len(wanted) <= FEW_GRAMS else 1]
    asked = sql.array_literal(np.concatenate(hashes).tolist())
    blobs, parts = [np.zeros(0, np.int64)], [np.zeros((len(wanted), 0), np.uint8)]
    for own, bits in sql.rows(BITS, {"hashes": asked}):
        read = np.frombuffer(bits, np.uint8).reshape(sum(map(len, hashes)), -1)
        rows, end = read[: len(wanted)].copy(), len(wanted)
        for further in hashes[1:]:
            rows[: len(further)] &= read[end : end + len(further)]
            end += len(further)
        blobs.append(np.array(own, np.int64))
        parts.append(np.unpackbits(rows, axis=1, count=len(own), bitorder="little"))
    return np.concatenate(blobs), np.concatenate(parts, axis=1)


def _having(required: Required, rows: Bits, number: Mapping[int, int]) -> Bits:
    """The bits of all columns with what is required, given those of each gram, whose row is its
    number."""
    groups = (
        reduce(np.bitwise_or, (_having(each, rows, number) for each in group))
        for group in required.alternatives
    )
    own = (rows[number[gram]] for gram in required.grams)
    return reduce(np.bitwise_and, (*own, *groups))


LAST_PATH = "\U0010ffff"
"""After every path."""

IN_LANGUAGE = (
    "EXISTS (SELECT FROM codeindex_blob AS kept WHERE kept.id = file.blob_id"
    " AND kept.language = ANY({}))"
)

BRANCHES = """
SELECT repository.name, owner.username, branch.name, branch.id
FROM codeindex_branch AS branch
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
JOIN auth_user AS owner ON owner.id = repository.owner_id
WHERE branch.id = ANY(%(branches)s::bigint[])
"""

VISIBLE = "SELECT DISTINCT file.blob_id FROM codeindex_sourcefile AS file WHERE {condition}"

LACKING = "SELECT id FROM codeindex_blob WHERE grams < %(version)s"
LACKING_PARAMETERS = {"version": GRAMS_VERSION}

FILES = """
SELECT found.place, found.id, found.path, found.blob_id, octet_length(blob.content)
FROM (
    SELECT ordered.place - 1 AS place, file.id, file.path, file.blob_id
    FROM unnest(%(ordered)s::bigint[]) WITH ORDINALITY AS ordered (branch, place)
    JOIN codeindex_sourcefile AS file ON file.branch_id = ordered.branch
    WHERE {condition} AND (ordered.place - 1, file.path COLLATE "C") > (%(place)s, %(path)s)
    ORDER BY ordered.place, file.path COLLATE "C" LIMIT {limit}
) AS found JOIN codeindex_blob AS blob ON blob.id = found.blob_id
ORDER BY found.place, found.path COLLATE "C"
"""

BITS = """
SELECT block.blobs, (
    SELECT string_agg(substring(
        block.bits, (hash >> (32 - block.exponent))::integer * block.width + 1, block.width
    ), ''::bytea ORDER BY number)
    FROM unnest(%(hashes)s::bigint[]) WITH ORDINALITY AS wanted (hash, number)
)
FROM (
    SELECT blobs, bits, exponent, octet_length(bits) >> exponent AS width
    FROM codeindex_gramblock
) AS block
"""
