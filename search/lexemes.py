"""The weights of a query's words: how much it says of a text that it holds one of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    found = statements.rows(LEXEMES, {"words": " ".join(words)})
    ordered = sorted((shares(analysed).get(word, 0.0), word) for word, analysed in found)
    return [Lexeme(word, share or RAREST) for share, word in ordered[:MOST]]


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


def all_and_any(needed: Sequence[Lexeme], others: Sequence[Lexeme]) -> str:
    """All that are `needed`, and at least one of the others if there are any."""
    rest = any_of(others)
    return f"{all_of(needed)} & ({rest})" if rest else all_of(needed)


@lru_cache(1)
def shares(analysed: int) -> dict[str, float]:
    """lexeme → the share of texts that hold it, as Postgres sampled it the last time of so many:
    kept until it does so again, since the view of its statistics is slow."""
    return dict(statements.rows(SHARES, {}))


def _quoted(lexeme: Lexeme) -> str:
    return "'" + lexeme.word.replace("\\", "\\\\").replace("'", "''") + "'"


LEXEMES = """
SELECT word, pg_stat_get_analyze_count('codeindex_text'::regclass)
             + pg_stat_get_autoanalyze_count('codeindex_text'::regclass)
FROM unnest(tsvector_to_array(to_tsvector('english', %(words)s))) AS word
"""

# ANALYZE keeps the thousand most common lexemes of a tsvector column with the share of rows that
# hold them: document frequencies, without a table of our own.
SHARES = """
SELECT common.word, common.share
FROM pg_stats,
     unnest(most_common_elems::text::text[], most_common_elem_freqs) AS common (word, share)
WHERE schemaname = current_schema() AND tablename = 'codeindex_text' AND attname = 'words'
"""

STEMS = """
SELECT word, (ts_lexize('english_stem', word))[1] FROM unnest(%(words)s::text[]) AS word
"""
