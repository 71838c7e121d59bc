"""The words of a query as Postgres stems them, weighted by how rare they are, and tsqueries of
them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from search.candidates import sql

MAX_LEXEMES = 32
"""Lexemes of a query that are compared, the rarest ones: pasted code has hundreds."""

CACHED_STEMS = 100_000
"""Words whose stems are cached: those in paths come again and again."""

_stem_cache: dict[str, str | None] = {}


@dataclass(frozen=True, slots=True)
class Corpus:
    """The texts that words are counted in: all that a user may see, whatever the filters of a
    query. `branches` are ids as a Postgres array literal, `texts` is the number of their texts."""

    branches: str
    texts: int


class Lexeme(NamedTuple):
    """A stemmed word. `share` is the share of a corpus' texts that hold it, and `weight` its
    inverse document frequency, as in BM25."""

    word: str
    share: float
    weight: float


def weighted_lexemes(words: Sequence[str], corpus: Corpus) -> list[Lexeme]:
    """The lexemes of a query's words, rarest first, and those that no text holds last. Stop words
    have none."""
    counted = sql.rows(LEXEMES, {"words": " ".join(words), "branches": corpus.branches})
    ordered = sorted((not texts, texts, word) for word, texts in counted)
    return [_lexeme(word, texts, corpus) for _, texts, word in ordered[:MAX_LEXEMES]]


def matching_words(query: Sequence[str], words: Collection[str]) -> set[str]:
    """Those of `words` that have the stem of one of the query's words, and are no stop words."""
    wanted = set(stems(query).values())
    begun = {word[:1] for word in query}  # a stem begins as its words do
    alike = [word for word in words if word[:1] in begun]
    return {word for word, stem in stems(alike).items() if stem in wanted}


def rarest_first(words: Sequence[str], lexemes: Sequence[Lexeme]) -> list[str]:
    """A query's words without stop words, in the order of their lexemes."""
    order = {lexeme.word: place for place, lexeme in enumerate(lexemes)}
    stemmed = {word: stem for word, stem in stems(words).items() if stem in order}
    return sorted(stemmed, key=lambda word: order[stemmed[word]])


def stems(words: Collection[str]) -> dict[str, str]:
    """word in lower case → its lexeme; stop words have none."""
    known = {word: _stem_cache[word] for word in words if word in _stem_cache}
    missing = sorted(set(words) - known.keys())
    if missing:
        stemmed = dict(sql.rows(STEMS, {"words": missing}))
        known |= stemmed
        if len(_stem_cache) < CACHED_STEMS:
            _stem_cache.update(stemmed)
    return {word: stem for word, stem in known.items() if stem}


def tsquery_any(lexemes: Sequence[Lexeme]) -> str:
    """Of lexemes as they are: to_tsquery would stem them a second time."""
    return " | ".join(map(_quoted, lexemes))


def tsquery_all(lexemes: Sequence[Lexeme]) -> str:
    return " & ".join(map(_quoted, lexemes))


def tsquery_all_and_any(required: Sequence[Lexeme], others: Sequence[Lexeme]) -> str:
    """All that are required, and at least one of the others if there are any."""
    rest = tsquery_any(others)
    return f"{tsquery_all(required)} & ({rest})" if rest else tsquery_all(required)


def _lexeme(word: str, texts: int, corpus: Corpus) -> Lexeme:
    # A commit may be published between the two counts.
    total = max(corpus.texts, texts, 1)
    return Lexeme(word, texts / total, math.log1p((total - texts + 0.5) / (texts + 0.5)))


def _quoted(lexeme: Lexeme) -> str:
    return "'" + lexeme.word.replace("\\", "\\\\").replace("'", "''") + "'"


LEXEMES = """
SELECT word, coalesce((
    SELECT sum(counted.texts) FROM codeindex_wordcount AS counted
    WHERE counted.word = lexeme.word AND counted.branch_id = ANY(%(branches)s::bigint[])
), 0)::bigint
FROM unnest(tsvector_to_array(to_tsvector('english', %(words)s))) AS lexeme (word)
"""

STEMS = """
SELECT word, (ts_lexize('english_stem', word))[1] FROM unnest(%(words)s::text[]) AS word
"""
