"""The weights of a query's words: how much it says of a text that it holds one of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from search import statements

RAREST = 1e-5
"""The share of texts that a word is taken to be in which Postgres' statistics do not list."""


MOST = 32
"""Lexemes of a query that are compared, the rarest ones: pasted code has hundreds."""

KNOWN = 100_000
"""Words whose stems are kept, once they were asked for: those in paths come again and again."""

_known: dict[str, str | None] = {}


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A stemmed word. `share` is the part of all texts that hold it, as Postgres last sampled it;
    `weight` its inverse document frequency, as in BM25, and more than 0 for a word of all texts."""

    word: str
    share: float

    @property
    def weight(self) -> float:
        return math.log1p(max(1 - self.share, RAREST) / self.share)


def of(words: Sequence[str]) -> list[Lexeme]:
    """The lexemes of a query's words, rarest first; stop words have none."""
    given = {"words": " ".join(words), "rarest": RAREST, "most": MOST}
    return [Lexeme(word, share) for word, share in statements.rows(LEXEMES, given)]


def matched(query: Sequence[str], words: Collection[str]) -> set[str]:
    """Of `words` those that a query's words match: of the same stem, and no stop words."""
    wanted = set(stems(query).values())
    return {word for word, stem in stems(words).items() if stem in wanted}


def stems(words: Collection[str]) -> dict[str, str]:
    """word in lower case → its lexeme; stop words have none."""
    known = {word: _known[word] for word in words if word in _known}
    missing = sorted(set(words) - known.keys())
    if missing:
        found = dict(statements.rows(STEMS, {"words": missing}))
        known |= found
        if len(_known) < KNOWN:
            _known.update(found)
    return {word: stem for word, stem in known.items() if stem}


def any_of(lexemes: Sequence[Lexeme]) -> str:
    """A tsquery, of lexemes as they are: to_tsquery would take them apart a second time."""
    return " | ".join(map(_quoted, lexemes))


def all_of(lexemes: Sequence[Lexeme]) -> str:
    return " & ".join(map(_quoted, lexemes))


def both(one: Lexeme, others: Sequence[Lexeme]) -> str:
    """`one`, and at least one of the others if there are any."""
    rest = any_of(others)
    return f"{_quoted(one)} & ({rest})" if rest else _quoted(one)


def _quoted(lexeme: Lexeme) -> str:
    return "'" + lexeme.word.replace("\\", "\\\\").replace("'", "''") + "'"


# ANALYZE keeps the thousand most common lexemes of a tsvector column with the share of rows that
# hold them: document frequencies, without a table of our own.
LEXEMES = """
SELECT word, COALESCE(share, %(rarest)s)::float8
FROM unnest(tsvector_to_array(to_tsvector('english', %(words)s))) AS word
LEFT JOIN (
    SELECT common.word, common.share
    FROM pg_stats,
         unnest(most_common_elems::text::text[], most_common_elem_freqs) AS common (word, share)
    WHERE schemaname = current_schema() AND tablename = 'codeindex_text' AND attname = 'words'
) AS common USING (word)
ORDER BY share NULLS FIRST, word
LIMIT %(most)s
"""

STEMS = """
SELECT word, (ts_lexize('english_stem', word))[1] FROM unnest(%(words)s::text[]) AS word
"""
