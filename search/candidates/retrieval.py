"""Candidates: the texts nearest to a query's meaning, those that hold its words, and those of the
definitions that it names, each within what the user may see, and all scored alike.

The one gate is an EXISTS on a single live, visible source file, inside each statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

from search import places
from search.candidates import sql, vectors
from search.candidates.path_rules import Rule
from search.candidates.scopes import ROWS, Scope
from search.candidates.vectors import Meaning
from search.places import Spot
from search.query import symbols
from search.query.lexemes import Lexeme, all_and_any, all_of, any_of
from search.query.parsing import Query

DEPTH = 50
"""Candidates of each kind at least: results are ranked among more than are shown."""

LONG_TEXT = 200.0
"""Distinct words; a text of so many is a candidate by half as much as a very short one that holds
the same words."""

MATCHES = 1_000
"""Texts that are scored by their words, at about 5 µs each."""


class Candidate(NamedTuple):
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What every statement for candidates asks with: the query's words and its vector, within what
    may be seen, and how the places of a text are ordered."""

    words: Sequence[Lexeme]
    meaning: Meaning | None
    within: Scope
    order: places.Ordering

    @property
    def given(self) -> dict[str, object]:
        return {**self.within.given, **self.order.given, **_given(self.words)}

    @property
    def known(self) -> str:
        """Columns that say what a Candidate has of a text `said`, from `held` on."""
        return f"{_held(self.words)}, length(said.words), spot.*"

    def lying(self, text: str) -> str:
        """Joins the foremost place of the text that an expression says, which is also the gate:
        without one there is no row."""
        return f"CROSS JOIN LATERAL ({places.foremost(text, self.within, self.order)}) AS spot"


Row = tuple[Any, ...]
"""A text as a Candidate begins, from `text` to `length`, and its Spot."""


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
    asked = Asked(words, meaning, within, places.by(query.symbol, rules))
    named = _named(query.symbol, within, 2 * max(DEPTH, limit))
    near = _found(named, asked, DEPTH)
    found = near
    if len(near) < limit or limit > DEPTH:
        found = _found(named, asked, 2 * limit) | near
    return [
        Candidate(*row[:5], text in named, text not in near, Spot(*row[5:]))
        for text, row in found.items()
    ]


def _found(named: Sequence[int], asked: Asked, depth: int) -> dict[int, Row]:
    """Up to `depth` texts of each kind. By words and names first: the query's vector may still be
    on its way."""
    said = _containing(asked, depth) | _named_ones(named[:depth], asked)
    if asked.meaning is None:
        return said
    near = _nearest(asked.meaning, asked, depth)
    compared = vectors.compared(asked.meaning, said.keys() - near.keys())
    said = {text: (text, *compared.get(text, (None, None)), *said[text][3:]) for text in said}
    return said | near


def _nearest(meaning: Meaning, asked: Asked, limit: int) -> dict[int, Row]:
    about = vectors.About(
        f", {meaning.cosine}, {meaning.by_code}, {asked.known}",
        f"JOIN codeindex_text AS said ON said.id = own.text_id {asked.lying('own.text_id')}",
        asked.given,
    )
    found = vectors.about_nearest(meaning, asked.within, limit, about, enough_of(limit))
    return _by_text(found)


def enough_of(limit: int) -> int:
    """Of so many candidates that the index of vectors is asked for: those that it has found are
    ranked without the others, which lie further off, if it leads to no more."""
    return limit // 2


def _containing(asked: Asked, limit: int) -> dict[int, Row]:
    """The texts that cover most of the query's words, among those that hold its rarest ones."""
    found: dict[int, Row] = {}
    for telling in _telling(asked.words, asked.within):
        found |= _covering(telling, asked, limit)
        if len(found) >= limit:
            break
    return found


def _covering(telling: str, asked: Asked, limit: int) -> dict[int, Row]:
    """The best of the texts that a tsquery finds, by how much of the words they cover: what they
    hold, discounted for long texts as in the tuned ranking. Where many may be seen, the gate comes
    last, and only as far down as it takes to find enough; where filters or permissions leave
    something out it comes first, too, since they may keep none of the first matches."""
    within = asked.within
    matches = (
        f"SELECT said.id, said.hash, {_held(asked.words)} AS held, length(said.words) AS length"
        " FROM codeindex_text AS said WHERE said.words @@ %(telling)s::tsquery"
    )
    if within.is_small or not (within.is_whole and within.is_of_all):
        matches += f" AND {within.holds('said.id')}"
    if not within.is_small:
        matches += f" LIMIT {MATCHES}"
    coverage = f"held / (1.0::float8 + length / {LONG_TEXT}::float8) AS coverage"
    ordered = f"SELECT *, {coverage} FROM ({matches}) AS matches ORDER BY coverage DESC, hash"
    found = sql.rows(
        "SELECT best.id, NULL, NULL, best.held, best.length, spot.*"
        f" FROM ({ordered}) AS best {asked.lying('best.id')}"
        f" ORDER BY best.coverage DESC, best.hash LIMIT {limit}",
        {**asked.given, "telling": telling},
    )
    return _by_text(found)


def _named_ones(texts: Sequence[int], asked: Asked) -> dict[int, Row]:
    if not texts:
        return {}
    found = sql.rows(
        f"SELECT said.id, NULL, NULL, {asked.known} FROM codeindex_text AS said"
        f" {asked.lying('said.id')} WHERE said.id = ANY(%(texts)s)",
        {**asked.given, "texts": sql.array(texts)},
    )
    return _by_text(found)


def _by_text(rows: Iterable[Row]) -> dict[int, Row]:
    return {row[0]: row for row in rows}


def _telling(words: Sequence[Lexeme], within: Scope) -> Iterator[str]:
    """Queries for texts that may cover much: those with any of the words that are so rare that
    together some MATCHES texts hold them. Of the common words those with so many of the rarest that
    no more than MATCHES would hold them by chance; and those with the rarest and another one."""
    expected = accumulate(lexeme.share * within.texts for lexeme in words)
    rare = sum(texts <= MATCHES for texts in expected)
    if rare:
        yield any_of(words[:rare])
    common = words[rare:]
    if not common:
        return
    by_chance = accumulate((lexeme.share for lexeme in common), mul, initial=within.texts)
    held = min(max(1, sum(texts > MATCHES for texts in by_chance)), len(common))
    if held > 1:
        yield all_of(common[:held])
    yield all_and_any(common[:1], common[1:])


def _named(symbol: Sequence[str], within: Scope, limit: int) -> list[int]:
    """The texts of definitions that the query names, in the order of their files: by their bare or
    qualified name, or by that and the end of their module's path (`sessions.Session.request`)."""
    if not symbol:
        return []
    called, given = symbols.condition(symbol)
    found = sql.rows(
        f"SELECT definition.text_id FROM {ROWS}"
        f" WHERE definition.name = %(bare)s AND {called} AND {within.condition}"
        " GROUP BY definition.text_id"
        f" ORDER BY min(file.id), min(definition.start_line), definition.text_id LIMIT {limit}",
        {**within.given, **given, "bare": symbol[-1]},
    )
    return [text for (text,) in found]


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
