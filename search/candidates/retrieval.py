"""Candidates for the ranking: the texts nearest to the query's vector, those that hold its words,
and those of the definitions that it names, each within what the user may see, with the same
columns.

The permission gate is an EXISTS on a single live, visible source file, inside each statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import mul
from typing import Any, NamedTuple

from codeindex.observability import stages
from codeindex.observability.stages import stage
from search import places
from search.candidates import exact, holdings, sql, vectors
from search.candidates.path_rules import Rule
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.places import Location, PlaceOrder
from search.query import lexemes
from search.query.lexemes import Lexeme, tsquery_all, tsquery_all_and_any, tsquery_any
from search.query.messages import Message
from search.query.parsing import Query

DEPTHS = (50, 400, 2_000)
"""Candidates of each kind. The first ones are ranked by comparing them with each other; the others
are looked up to go on after them, where more results are asked for."""

LONG_TEXT = 200.0
"""Distinct words. As a candidate, a text of this length counts half as much as a very short one
that holds the same words."""

MESSAGE_TEXTS = 100
"""Texts with the words of a message, whose strings are compared with it."""

LIKELY_TEXTS, MOST_WORDS = 20, 0.5
"""The same of a text that may be a description: those with at least this share of its words, by
weight."""

NAMED_FILES = 20
"""Files that are candidates by their names."""

FILE_CANDIDATES = 3
"""The best candidates of a file, whose scores add to those of all its candidates. So many are
looked up of a file that is found by its name."""

MAX_MATCHES = 1_000
"""Texts that are scored by their words, at about 5 µs each."""


class Candidate(NamedTuple):
    """A text with what the ranking needs, at its foremost location.

    `cosine` is that of its vector and the query's, None without a vector, and `code_cosine` the
    code's share of it, None where that is unknown. `held` has a bit for each of the query's
    lexemes, the lowest for the first: whether the text holds it. `length` is its number of distinct
    words. `named`, from 0 to 1, is how much it counts that the query names one of its definitions.
    `literal` is 1 if the text holds the query's rarest identifier, or the share of a message that
    its strings make. `tier` is 0 for the first candidates, and the place in DEPTHS where the text
    became one for others."""

    text: int
    cosine: float | None
    code_cosine: float | None
    held: int
    length: int
    named: float
    location: Location
    literal: float = 0.0
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Lookup:
    """What all statements for candidates share: the query's words and vector, the scope, and the
    order of a text's places. In their SQL `candidate` is a row of codeindex_text."""

    words: Sequence[Lexeme]
    query_vector: QueryVector | None
    scope: Scope
    order: PlaceOrder
    max_matches: int

    @property
    def parameters(self) -> dict[str, object]:
        return {
            **self.scope.parameters,
            **self.order.parameters,
            **holdings.parameters(self.words),
        }

    @property
    def columns(self) -> str:
        """The columns of a Candidate from `held` on."""
        return f"{holdings.bits(self.words)}, length(candidate.words), location.*"

    def location_join(self, text: str) -> str:
        """Joins the foremost location of a text, whose id is given as an SQL expression. This is
        the gate, too: without a visible location there is no row."""
        foremost = places.foremost_location(text, self.scope, self.order)
        return f"CROSS JOIN LATERAL ({foremost}) AS location"


Row = tuple[Any, ...]
"""The fields of a Candidate from `text` to `length`, and those of its Location."""


def candidates(
    query: Query,
    words: Sequence[Lexeme],
    query_vector: QueryVector | None,
    scope: Scope,
    rules: Sequence[Rule] = (),
    *,
    tiers: int = 1,
    max_matches: int = MAX_MATCHES,
) -> list[Candidate]:
    """The texts that may answer the query, whose lexemes are `words`, down to as many DEPTHS as
    `tiers`. With fewer than the last of these, there are no others. Each is at its foremost place
    by the `rules`; they are in no order."""
    lookup = Lookup(words, query_vector, scope, places.place_order(query.names, rules), max_matches)
    depths = DEPTHS[:tiers]
    with stage("names"):
        identifiers = exact.identifiers(query.names, words, scope.visible.texts)
        identifier = exact.rarest(identifiers)
        named = exact.named_texts(identifiers, scope, 2 * depths[-1])
        literal = [*exact.holding_texts(identifier, scope), *_texts_that_say(query.message, lookup)]
    stages.count(named=len(named), literal=len(literal))
    first, *others = (_rows(list(named), literal, lookup, depth) for depth in depths)
    with stage("messages"):
        said = exact.message_shares(_likely_texts(first, words, query.message), query.message)
    rows, tier = dict(first), dict.fromkeys(first, 0)
    for number, further in enumerate(others, 1):
        rows = further | rows
        tier = dict.fromkeys(further, number) | tier
    held = {text: row[3] for text, row in rows.items()}
    literally = said or exact.holders(held, words, identifier)
    if not named:
        own_names = {text: Location(*row[5:]).name for text, row in rows.items()}
        named = exact.named_in_part(identifiers, own_names)
    if said:
        named = dict.fromkeys(named, exact.IN_MESSAGE)
    return [
        _candidate(row, named.get(text, 0.0), literally.get(text, 0.0), tier[text])
        for text, row in rows.items()
    ]


def _candidate(row: Row, named: float, literal: float, tier: int) -> Candidate:
    text, cosine, code_cosine, held, length, *place = row
    location = Location(*place)
    return Candidate(text, cosine, code_cosine, held, length, named, location, literal, tier)


def _texts_that_say(message: Message | None, lookup: Lookup) -> list[int]:
    """The texts that say a message that is known as one: of more with its words than are candidates
    by all words of the query, and of those with its longest run of words, which may be stop words
    for the most part."""
    if message is None or not message.is_marked:
        return []
    words = lexemes.weighted_lexemes(message.fixed_words, lookup.scope.visible)
    rows = _rows_by_words(replace(lookup, words=words), MESSAGE_TEXTS)
    by_words = exact.message_shares(rows, message)
    is_sought = message.is_evident and not by_words
    most = exact.MAX_RUN_TEXTS if is_sought else exact.FEW_RUN_TEXTS
    with_run = exact.texts_with_run(message, lookup.scope, most)
    return [*by_words, *exact.message_shares(set(with_run) - rows.keys(), message)]


def _likely_texts(
    rows: Mapping[int, Row], words: Sequence[Lexeme], message: Message | None
) -> list[int]:
    """Those whose strings are compared with a message: of what is only perhaps one, the few that
    hold most of its words."""
    if message is None:
        return []
    if message.is_marked:
        return list(rows)
    whole = sum(lexeme.weight for lexeme in words) or 1.0
    covered = {
        text: sum(lexeme.weight for bit, lexeme in enumerate(words) if row[3] >> bit & 1) / whole
        for text, row in rows.items()
    }
    likely = [row for text, row in rows.items() if covered[text] >= MOST_WORDS]
    # By coverage, then by path and line: ids would tell whose text was there first
    likely.sort(key=lambda row: (-covered[row[0]], *row[7:9]))
    return [row[0] for row in likely[:LIKELY_TEXTS]]


def _rows(
    named: Sequence[int], literal: Sequence[int], lookup: Lookup, depth: int
) -> dict[int, Row]:
    """Up to `depth` texts of each kind. Words and names come first, since the query's vector may
    still be on its way."""
    with stage("names"):
        exactly = _rows_of([*named[:depth], *literal], lookup)
    with stage("words"):
        of_words = _rows_by_words(lookup, depth)
    with stage("file names"):
        of_files = _rows_by_file_name(lookup)
    by_words = of_words | of_files | exactly
    stages.count(words=len(of_words), file_names=len(of_files))
    if lookup.query_vector is None:
        return by_words
    lookup.query_vector.wait()
    with stage("vectors"):
        by_vector = _rows_by_vector(lookup.query_vector, lookup, depth)
        cosines = vectors.cosines(lookup.query_vector, by_words.keys() - by_vector.keys())
    stages.count(vectors=len(by_vector))
    by_words = {
        text: (text, *cosines.get(text, (None, None)), *row[3:]) for text, row in by_words.items()
    }
    return by_words | by_vector


def _rows_by_vector(query_vector: QueryVector, lookup: Lookup, limit: int) -> dict[int, Row]:
    extra = vectors.ExtraColumns(
        f", {query_vector.cosine}, {query_vector.code_cosine}, {lookup.columns}",
        "JOIN codeindex_text AS candidate ON candidate.id = own.text_id"
        f" {lookup.location_join('own.text_id')}",
        lookup.parameters,
    )
    return _by_text(
        vectors.nearest_rows(query_vector, lookup.scope, limit, extra, minimum_nearest(limit))
    )


def minimum_nearest(limit: int) -> int:
    """How many of `limit` candidates the vector index must return. If it returns that many, they
    are ranked without the rest, which are further away."""
    return limit // 2


def _rows_by_words(lookup: Lookup, limit: int) -> dict[int, Row]:
    """The texts that cover most of the query's words, among those that hold its rarest ones."""
    rows: dict[int, Row] = {}
    for tsquery in _selective_tsqueries(lookup):
        rows |= _best_matches(tsquery, lookup, limit)
        if len(rows) >= limit:
            break
    return rows


def _best_matches(tsquery: str, lookup: Lookup, limit: int) -> dict[int, Row]:
    """The texts that a tsquery finds with the best coverage, discounted for long texts.

    In a large scope the gate comes last, and only as far down the list as it takes to find enough.
    Where filters or permissions leave something out it comes first, too, since they may keep none
    of the first matches."""
    scope = lookup.scope
    matches = (
        f"SELECT candidate.id, candidate.hash, {holdings.UNPACKED} AS words"
        " FROM codeindex_text AS candidate WHERE candidate.words @@ %(tsquery)s::tsquery"
    )
    if scope.is_small or not (scope.has_only_branch_filters and scope.sees_everything):
        matches += f" AND {scope.is_visible('candidate.id')}"
    matches += " OFFSET 0" if scope.is_small else f" LIMIT {lookup.max_matches}"
    coverage = holdings.share(lookup.words, "words")
    discounted = f"{coverage} / (1.0::float8 + length(words) / {LONG_TEXT}::float8)"
    ordered = (
        f"SELECT id, hash, {discounted} AS discounted FROM ({matches}) AS matches"
        " ORDER BY discounted DESC, hash"
    )
    return _by_text(
        sql.rows(
            f"SELECT best.id, NULL, NULL, {lookup.columns} FROM ({ordered}) AS best"
            " JOIN codeindex_text AS candidate ON candidate.id = best.id"
            f" {lookup.location_join('best.id')}"
            f" ORDER BY best.discounted DESC, best.hash LIMIT {limit}",
            {**lookup.parameters, "tsquery": tsquery},
        )
    )


def _rows_by_file_name(lookup: Lookup) -> dict[int, Row]:
    """The best texts of the files whose names cover most of the query's words."""
    if not lookup.words:
        return {}
    matches = (
        "SELECT file.id, file.blob_id, file.path,"
        f" {holdings.share(lookup.words, 'file.name_words')} AS coverage"
        " FROM codeindex_sourcefile AS file"
        f" WHERE file.name_words @@ %(tsquery)s::tsquery AND {lookup.scope.file_condition}"
        f" LIMIT {lookup.max_matches}"
    )
    files = (
        f"SELECT * FROM ({matches}) AS matches"
        f" ORDER BY coverage DESC, length(path), path, id LIMIT {NAMED_FILES}"
    )
    unpacked = (
        f"SELECT candidate.id, candidate.hash, {holdings.UNPACKED} AS words, own.start_line"
        " FROM codeindex_definition AS own"
        " JOIN codeindex_text AS candidate ON candidate.id = own.text_id"
        " WHERE own.blob_id = near.blob_id OFFSET 0"
    )
    best = (
        f"SELECT id, words FROM ({unpacked}) AS unpacked"
        f" ORDER BY {holdings.share(lookup.words, 'words')} DESC, start_line, hash"
        f" LIMIT {FILE_CANDIDATES}"
    )
    return _by_text(
        sql.rows(
            f"SELECT candidate.id, NULL, NULL, {lookup.columns} FROM ({files}) AS near"
            f" CROSS JOIN LATERAL ({best}) AS candidate {lookup.location_join('candidate.id')}",
            {**lookup.parameters, "tsquery": tsquery_any(lookup.words)},
        )
    )


def _rows_of(texts: Sequence[int], lookup: Lookup) -> dict[int, Row]:
    if not texts:
        return {}
    return _by_text(
        sql.rows(
            f"SELECT candidate.id, NULL, NULL, {lookup.columns} FROM codeindex_text AS candidate"
            f" {lookup.location_join('candidate.id')} WHERE candidate.id = ANY(%(texts)s)",
            {**lookup.parameters, "texts": sql.array_literal(texts)},
        )
    )


def _by_text(rows: Iterable[Row]) -> dict[int, Row]:
    return {row[0]: row for row in rows}


def _selective_tsqueries(lookup: Lookup) -> Iterator[str]:
    """Queries for the texts that may cover most. First, those with any of the rare words: the
    rarest ones that together some MAX_MATCHES texts hold. Then, of the common words, those with so
    many of the rarest that by chance no more than MAX_MATCHES texts would hold them all; and those
    with the rarest and any other."""
    words, texts_in_scope = lookup.words, lookup.scope.texts
    expected = accumulate(lexeme.share * texts_in_scope for lexeme in words)
    rare = sum(texts <= lookup.max_matches for texts in expected)
    if rare:
        yield tsquery_any(words[:rare])
    common = words[rare:]
    if not common:
        return
    by_chance = accumulate((lexeme.share for lexeme in common), mul, initial=texts_in_scope)
    required = min(max(1, sum(texts > lookup.max_matches for texts in by_chance)), len(common))
    if required > 1:
        yield tsquery_all(common[:required])
    yield tsquery_all_and_any(common[:1], common[1:])
