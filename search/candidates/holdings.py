"""Which of a query's words something holds, as expressions of SQL and as bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from search.candidates import sql
from search.query.lexemes import Lexeme, tsquery_any

UNPACKED = "strip(candidate.words)"
"""The words of a text, selected within a subquery that the planner keeps apart (OFFSET or LIMIT).
Expressions outside of it then read them as they are in memory; otherwise each word of a query would
fetch and decompress them anew."""


def bits(words: Sequence[Lexeme], holder: str = "candidate.words") -> str:
    """The expression of a bit for each word that a tsvector holds, the lowest for the first."""
    each = (
        f"CASE WHEN {holder} @@ %(word_{number})s::tsquery THEN {1 << number} ELSE 0 END"
        for number in range(len(words))
    )
    return f"({' + '.join(['0::bigint', *each])})"


def share(words: Sequence[Lexeme], holder: str = "candidate.words") -> str:
    """The expression of the share of the words' weight that a tsvector holds. It is computed in
    float8: SQL's number literals are decimals, which take as long as the words do."""
    whole = sum(lexeme.weight for lexeme in words) or 1.0
    each = (
        f"CASE WHEN {holder} @@ %(word_{number})s::tsquery"
        f" THEN {lexeme.weight / whole}::float8 ELSE 0.0::float8 END"
        for number, lexeme in enumerate(words)
    )
    return f"({' + '.join(['0.0::float8', *each])})"


def parameters(words: Sequence[Lexeme]) -> dict[str, object]:
    """Of both expressions."""
    return {f"word_{number}": tsquery_any([lexeme]) for number, lexeme in enumerate(words)}


class OfFile(NamedTuple):
    """A file's language, and a bit for each of the words that its definitions and blocks `held`;
    none in a file that the sweep has not analysed yet."""

    language: str
    held: int


def of_files(files: Iterable[int], words: Sequence[Lexeme]) -> dict[int, OfFile]:
    """By the files' ids. The files are visible ones, as candidates are."""
    unpacked = (
        f"SELECT file.id, blob.language, {UNPACKED} AS words FROM codeindex_sourcefile AS file"
        " JOIN codeindex_blob AS blob ON blob.id = file.blob_id"
        " LEFT JOIN codeindex_blobwords AS candidate ON candidate.blob_id = blob.id"
        " WHERE file.id = ANY(%(files)s::bigint[]) OFFSET 0"
    )
    found = sql.rows(
        f"SELECT id, language, {bits(words, 'words')} FROM ({unpacked}) AS unpacked",
        {**parameters(words), "files": sql.array_literal(files)},
    )
    return {file: OfFile(*own) for file, *own in found}
