"""Candidates: the texts nearest to a query's meaning, those that hold its words, and those of the
definitions that it names, each within what the user may see, and all scored alike.

The one gate is an EXISTS on a single live, visible source file, inside each query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice

from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from codeindex.models import EmbeddingState, Text
from search import scopes, symbols, vectors
from search.lexemes import Lexeme, LexemeQuery, any_of, both
from search.queries import Query
from search.scopes import Scope
from search.vectors import Meaning

DEPTH = 100
"""Candidates of each kind at least: results are ranked among more than are shown."""

LONG_TEXT = 200.0
"""Distinct words; a text of so many is a candidate by half as much as a very short one that holds
the same words."""

LENGTH = Func("words", function="length", output_field=IntegerField())

MATCHES = 2_000
"""Texts that are scored by their words, at about 5 µs each."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text and what speaks for it. `cosine` is that of its vector and the query's, None where it
    has no vector, and `by_code` what its code adds to that, None where that is not known; `held` is
    the part of the query's words, by their weights, that it holds, and `length` how many distinct
    ones of its own; `named` whether the query is the name of one of its definitions; `deep` whether
    it was only looked up because so many were asked for."""

    text: int
    cosine: float | None
    by_code: float | None
    held: float
    length: int
    named: bool
    deep: bool


def candidates(
    query: Query,
    words: Sequence[Lexeme],
    meaning: Meaning | None,
    within: Scope,
    limit: int,
) -> list[Candidate]:
    """At least `limit` texts that may answer the query, whose lexemes `words` are, if so many are
    visible and `meaning` is given; in no order."""
    if not within.branches:
        return []
    named = _named(query.symbol, within, 2 * max(DEPTH, limit))
    near = _found(named, words, meaning, within, DEPTH)
    far = set[int]()
    if len(near) < limit or limit > DEPTH:
        far = _found(named, words, meaning, within, 2 * limit) - near
    return _scored(near, words, meaning, named, deep=False) + _scored(
        far, words, meaning, named, deep=True
    )


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
    telling: LexemeQuery, words: Sequence[Lexeme], within: Scope, limit: int
) -> Iterable[int]:
    texts = scopes.visible(Text.objects.filter(words=telling), "pk", within)
    return texts.order_by(_coverage(words).desc(), "pk").values_list("pk", flat=True)[:limit]


def _covering_of_many(
    telling: LexemeQuery, words: Sequence[Lexeme], within: Scope, limit: int
) -> Iterator[int]:
    """The gate last, and only as far down as it takes to find enough, by ever larger steps; with
    filters first, too, since they may keep none of the first matches."""
    matching = Text.objects.filter(words=telling)
    if not within.is_whole:
        matching = scopes.visible(matching, "pk", within)
    matches = matching.values_list("pk", _coverage(words))[:MATCHES]
    best = [text for text, _ in sorted(matches, key=lambda match: (-match[1], match[0]))]
    start, step, left = 0, 2 * limit, limit
    while left > 0 and start < len(best):
        some = best[start : start + step]
        gate = scopes.visible(Text.objects.filter(pk__in=some), "pk", within)
        seen = set(gate.values_list("pk", flat=True))
        yield from islice((text for text in some if text in seen), left)
        start, step, left = start + step, 2 * step, left - len(seen)


def _telling(words: Sequence[Lexeme], within: Scope) -> Iterator[LexemeQuery]:
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
    visible = within.files.filter(blob=OuterRef("blob"))
    whole, end = symbols.enclosed(symbol)
    names = Q(qualified_name=whole) | Q(qualified_name__endswith=end)
    called = names & Exists(visible)
    for reading in symbols.in_modules(symbol):
        inside = visible.filter(path__regex=reading.module)
        called |= Q(qualified_name=reading.name) & Exists(inside)
    definitions = within.definitions.filter(called, name=symbol[-1])
    return list(definitions.order_by("text").values_list("text", flat=True)[:limit])


def _scored(
    texts: Collection[int],
    words: Sequence[Lexeme],
    meaning: Meaning | None,
    named: Collection[int],
    *,
    deep: bool,
) -> list[Candidate]:
    """The texts, which the user may see, with all that speaks for them."""
    if not texts:
        return []
    found = Text.objects.filter(pk__in=texts)
    cosine = by_code = Cast(None, FloatField())
    if meaning:
        vectorised = Q(embeddings__space=meaning.space.pk, embeddings__state=EmbeddingState.READY)
        found = found.annotate(own=FilteredRelation("embeddings", condition=vectorised))
        cosine = vectors.cosine(meaning, F("own__vector"))
        by_code = vectors.by_code(meaning, F("own__structure"))
    scores = found.values_list("pk", cosine, by_code, _held(words), LENGTH)
    return [Candidate(*score, named=score[0] in named, deep=deep) for score in scores]


def _coverage(words: Sequence[Lexeme]) -> Combinable:
    """What is held, discounted for long texts as in the tuned ranking."""
    return _held(words) / (1.0 + LENGTH / LONG_TEXT)


def _held(words: Sequence[Lexeme]) -> Combinable:
    """The share of the query's weight that a text's words carry."""
    if not words:
        return Value(0.0)
    held = sum(
        (Case(When(words=any_of([lexeme]), then=lexeme.weight), default=0.0) for lexeme in words),
        start=Value(0.0),
    )
    return held / sum(lexeme.weight for lexeme in words)
