"""Candidates: the texts nearest to a query's meaning, those that hold its words, and those of the
definitions that it names, each within what the user may see, and all scored alike.

The one gate is an EXISTS on a single live, visible source file, inside each statement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from search import places, statements, symbols, vectors
from search.lexemes import Lexeme, any_of, both
from search.manners import Rule
from search.places import Spot
from search.queries import Query
from search.scopes import ROWS, Scope
from search.vectors import Meaning

DEPTH = 100
"""Candidates of each kind at least: results are ranked among more than are shown."""

LONG_TEXT = 200.0
"""Distinct words; a text of so many is a candidate by half as much as a very short one that holds
the same words."""

MATCHES = 1_000
"""Texts that are scored by their words, at about 5 µs each."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text, what speaks for it, and where it lies foremost. `cosine` is that of its vector and
    the query's, None where it has no vector, and `by_code` what its code adds to that, None where
    that is not known; `held` is the part of the query's words, by their weights, that it holds, and
    `length` how many distinct ones of its own; `named` whether the query is the name of one of its
    definitions; `deep` whether it was only looked up because so many were asked for."""

    text: int
    cosine: float | None
    by_code: float | None
    held: float
    length: int
    named: bool
    deep: bool
    spot: Spot


def candidates(
    query: Query,
    words: Sequence[Lexeme],
    meaning: Meaning | None,
    within: Scope,
    limit: int,
    rules: Sequence[Rule] = (),
) -> list[Candidate]:
    """At least `limit` texts that may answer the query, whose lexemes `words` are, if so many are
    visible and `meaning` is given; each at its foremost place by the `rules`, in no order."""
    named = _named(query.symbol, within, 2 * max(DEPTH, limit))
    near = _found(named, words, meaning, within, DEPTH)
    far = set[int]()
    if len(near) < limit or limit > DEPTH:
        far = _found(named, words, meaning, within, 2 * limit) - near
    found = _scored(near | far, words, meaning, within, places.by(query.symbol, rules))
    return [
        Candidate(text, cosine, by_code, held, length, text in named, text in far, Spot(*spot))
        for text, cosine, by_code, held, length, *spot in found
    ]


def _found(
    named: Sequence[int],
    words: Sequence[Lexeme],
    meaning: Meaning | None,
    within: Scope,
    depth: int,
) -> set[int]:
    found = {*named[:depth], *_containing(words, within, depth)}
    if meaning:
        found.update(vectors.nearest(meaning, within, depth))
    return found


def _containing(words: Sequence[Lexeme], within: Scope, limit: int) -> set[int]:
    """The texts that cover most of the query's words, among those that hold its rarest ones."""
    covering = _covering_of_few if within.is_small else _covering_of_many
    found: set[int] = set()
    for telling in _telling(words, within):
        found.update(covering(telling, words, within, limit))
        if len(found) >= limit:
            break
    return found


def _covering_of_few(
    telling: str, words: Sequence[Lexeme], within: Scope, limit: int
) -> Iterable[int]:
    best = f"{_matching(words)} AND {within.holds('said.id')} ORDER BY coverage DESC, id"
    given = {**within.given, "telling": telling, **_given(words)}
    return [text for text, _ in statements.rows(f"{best} LIMIT {limit}", given)]


def _covering_of_many(
    telling: str, words: Sequence[Lexeme], within: Scope, limit: int
) -> Iterable[int]:
    """The gate last, and only as far down as it takes to find enough; with filters first, too,
    since they may keep none of the first matches."""
    gate = "" if within.is_whole else f"AND {within.holds('said.id')}"
    matches = f"{_matching(words)} {gate} LIMIT {MATCHES}"
    found = statements.rows(
        "SELECT best.id"
        f" FROM (SELECT * FROM ({matches}) AS matches ORDER BY coverage DESC, id) AS best"
        f" WHERE {within.holds('best.id')} ORDER BY best.coverage DESC, best.id LIMIT {limit}",
        {**within.given, "telling": telling, **_given(words)},
    )
    return [text for (text,) in found]


def _matching(words: Sequence[Lexeme]) -> str:
    """The texts that a tsquery finds, with how much of the words they cover: what they hold,
    discounted for long texts as in the tuned ranking."""
    discount = f"(1.0::float8 + length(said.words) / {LONG_TEXT}::float8)"
    return (
        f"SELECT said.id, {_held(words)} / {discount} AS coverage FROM codeindex_text AS said"
        " WHERE said.words @@ %(telling)s::tsquery"
    )


def _telling(words: Sequence[Lexeme], within: Scope) -> Iterator[str]:
    """Queries for texts that may cover much: those with any of the words that are so rare that
    together some MATCHES texts hold them; and of the common words those with the rarest and
    another one."""
    expected = accumulate(lexeme.share * within.texts for lexeme in words)
    rare = sum(texts <= MATCHES for texts in expected)
    if rare:
        yield any_of(words[:rare])
    if rare < len(words):
        yield both(words[rare], words[rare + 1 :])


def _named(symbol: Sequence[str], within: Scope, limit: int) -> list[int]:
    """The texts of definitions that the query names, in the order of their ids: by their bare or
    qualified name, or by that and the end of their module's path (`sessions.Session.request`)."""
    if not symbol:
        return []
    called, given = symbols.condition(symbol)
    found = statements.rows(
        f"SELECT DISTINCT definition.text_id FROM {ROWS}"
        f" WHERE definition.name = %(bare)s AND {called} AND {within.condition}"
        f" ORDER BY definition.text_id LIMIT {limit}",
        {**within.given, **given, "bare": symbol[-1]},
    )
    return [text for (text,) in found]


def _scored(
    texts: Collection[int],
    words: Sequence[Lexeme],
    meaning: Meaning | None,
    within: Scope,
    order: places.Ordering,
) -> list[tuple[Any, ...]]:
    """Of the texts that may be seen all that speaks for them, and where they lie foremost."""
    own, cosine, by_code = "", "NULL", "NULL"
    if meaning:
        own = f"LEFT JOIN codeindex_embedding AS own ON own.text_id = said.id AND {meaning.ready}"
        cosine, by_code = meaning.cosine, meaning.by_code
    return statements.rows(
        f"SELECT said.id, {cosine}, {by_code}, {_held(words)}, length(said.words), spot.*"
        f" FROM codeindex_text AS said {own}"
        f" CROSS JOIN LATERAL ({places.foremost('said.id', within, order)}) AS spot"
        " WHERE said.id = ANY(%(texts)s)",
        {
            **within.given,
            **order.given,
            **(meaning.given if meaning else {}),
            **_given(words),
            "texts": statements.array(texts),
        },
    )


def _held(words: Sequence[Lexeme]) -> str:
    """The share of the query's weight that a text's words carry; not of numbers as SQL has them,
    which are decimal, and take as long as the words."""
    whole = sum(lexeme.weight for lexeme in words) or 1.0
    parts = (
        f"CASE WHEN said.words @@ %(word_{number})s::tsquery"
        f" THEN {lexeme.weight / whole}::float8 ELSE 0.0::float8 END"
        for number, lexeme in enumerate(words)
    )
    return f"({' + '.join(['0.0::float8', *parts])})"


def _given(words: Sequence[Lexeme]) -> dict[str, object]:
    """The parameters of that."""
    return {f"word_{number}": any_of([lexeme]) for number, lexeme in enumerate(words)}
