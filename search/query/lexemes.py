"""The weights of a query's words: how much it says of a text that it holds one of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from search.candidates import sql

MOST = 32
"""Lexemes of a query that are compared, the rarest ones: pasted code has hundreds."""

KNOWN = 100_000
"""Words whose stems are kept, once they were asked for: those in paths come again and again."""

_known: dict[str, str | None] = {}


@dataclass(frozen=True, slots=True)
class Corpus:
    """What words are counted in: the `texts` of the `branches`, ids as Postgres reads an array.
    They are all that a user may see, whatever the filters of a query keep."""

    branches: str
    texts: int


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A stemmed word. `share` is the part of a corpus' texts that hold it, and `weight` its inverse
    document frequency, as in BM25."""

    word: str
    share: float
    weight: float


def of(words: Sequence[str], corpus: Corpus) -> list[Lexeme]:
    """The lexemes of a query's words, rarest first, and last those that no text holds; stop words
    have none."""
    found = sql.rows(LEXEMES, {"words": " ".join(words), "branches": corpus.branches})
    ordered = sorted((not texts, texts, word) for word, texts in found)
    return [_lexeme(word, texts, corpus) for _, texts, word in ordered[:MOST]]


def matched(query: Sequence[str], words: Collection[str]) -> set[str]:
    """Of `words` those that a query's words match: of the same stem, and no stop words."""
    wanted = set(stems(query).values())
    return {word for word, stem in stems(words).items() if stem in wanted}


def stems(words: Collection[str]) -> dict[str, str]:
    """word in lower case → its lexeme; stop words have none."""
    known = {word: _known[word] for word in words if word in _known}
    missing = sorted(set(words) - known.keys())
    if missing:
        found = dict(sql.rows(STEMS, {"words": missing}))
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


def _lexeme(word: str, texts: int, corpus: Corpus) -> Lexeme:
    # A commit may be published between the two counts.
    of_all = max(corpus.texts, texts, 1)
    return Lexeme(word, texts / of_all, math.log1p((of_all - texts + 0.5) / (texts + 0.5)))


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
