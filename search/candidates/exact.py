"""Texts that answer what a query says exactly: those of definitions that it names, those that hold
an identifier of it, and those with the strings that a message is made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from embeddings.code.words import analyse, folded
from embeddings.types import Kind
from search.candidates import sql
from search.candidates.scopes import ROWS, Scope
from search.query import lexemes, messages, symbols
from search.query.lexemes import Lexeme, tsquery_all
from search.query.messages import Message
from search.query.names import Name, is_code
from search.query.symbols import Fit

WHOLE, AMONG_WORDS, IN_MESSAGE, IN_PART = 1.0, 0.5, 0.15, 0.2
"""How much it counts that a definition is named: by a query that is the name, or has other words,
or is a message whose strings are found; and by a query of one word that is a part of the name."""

FEW_NAMED = 20
"""A word among others names no definitions if more texts are so named."""

FEW_HOLDERS, FEW_SHARE = 50, 0.01
"""Few texts hold a word if no more do than this number, or than this share of those that the user
may see."""

FEWEST_HOLDERS = 5
"""If no more texts hold an identifier, they come first, whatever else is asked."""

HELD_AMONG_WORDS = 0.2
"""How much it counts otherwise that a text holds an identifier, if the query has other words."""

HOLDERS = 50
"""Texts that are candidates because they hold an identifier, the shortest ones."""

RUN_TEXTS, FEW_RUN_TEXTS, MAX_RUN_TEXTS = 100, 500, 10_000
"""Texts with a message's longest run of words, and with its rarest word, among which it is sought,
at about 20 µs each: fewer where its words have found some already, or where it may be a
description."""

RUN_GAP = r"\W+"
"""What may stand between two words of a run."""

MAX_FOLDED = 5_000
"""If no more texts hold a name, it may be spelt otherwise."""

MAX_HOLDERS = 1_000
"""If more texts hold an identifier, the query's words find them anyway."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A name in a query as the word that texts are stored by; None where that is a stop word, or
    one of too many in the query. `texts` hold it."""

    name: Name
    lexeme: Lexeme | None
    texts: int
    is_rare: bool


def identifiers(names: Sequence[Name], words: Sequence[Lexeme], visible: int) -> list[Identifier]:
    """The query's names among its `words`, which were counted in `visible` texts."""
    by_word = {lexeme.word: lexeme for lexeme in words}
    whole = {name: folded(name.parts[-1]) for name in names}
    stems = lexemes.stems(whole.values())
    return [
        _identifier(name, by_word.get(stems.get(word, "")), visible) for name, word in whole.items()
    ]


def _identifier(name: Name, lexeme: Lexeme | None, visible: int) -> Identifier:
    texts = round(lexeme.share * visible) if lexeme else 0
    is_rare = lexeme is not None and texts <= max(FEW_HOLDERS, FEW_SHARE * visible)
    return Identifier(name, lexeme, texts, is_rare)


def named_texts(found: Sequence[Identifier], scope: Scope, limit: int) -> dict[int, float]:
    """The texts of definitions that a query names, in the order of their files, with how much this
    counts. Of those that fit a name, the ones that fit it best."""
    named: dict[int, float] = {}
    for identifier in found:
        share = WHOLE if identifier.name.is_whole else AMONG_WORDS
        for text in _texts_of(identifier, scope, limit):
            named[text] = max(share, named.get(text, 0.0))
    return named


def _texts_of(identifier: Identifier, scope: Scope, limit: int) -> list[int]:
    name = identifier.name
    if name.is_whole:
        return _best_fitting(identifier, scope, limit)
    is_qualified = len(name.parts) > 1
    if not identifier.is_rare and not is_qualified:
        return []
    # `ostream` alone is an English word beside `std::ostream`
    is_word = is_qualified and not (identifier.is_rare and is_code(name.parts[-1]))
    least = symbols.TWO_PARTS if is_word else 1
    texts = _best_fitting(identifier, scope, FEW_NAMED + 1, least)
    return texts if len(texts) <= FEW_NAMED else []


def _best_fitting(identifier: Identifier, scope: Scope, limit: int, least: int = 1) -> list[int]:
    """By the name as it is written, or else in any case; to a degree of at least `least`."""
    exactly = _fitting(symbols.fit(identifier.name), scope, limit, least)
    if exactly or not 0 < identifier.texts <= MAX_FOLDED:
        return exactly
    return _fitting(symbols.folded_fit(identifier.name), scope, limit, least)


def _fitting(fit: Fit, scope: Scope, limit: int, least: int) -> list[int]:
    selected = sql.rows(
        f"SELECT definition.text_id, max({fit.degree}) AS degree FROM {ROWS}"
        f" WHERE {fit.condition} AND {scope.condition} GROUP BY definition.text_id"
        " ORDER BY degree DESC, min(file.id), min(definition.start_line), definition.text_id"
        f" LIMIT {limit}",
        {**scope.parameters, **fit.parameters},
    )
    return [text for text, degree in selected if least <= degree == selected[0][1]]


def named_in_part(
    found: Sequence[Identifier], qualified_names: Mapping[int, str]
) -> dict[int, float]:
    """text → how much it counts that a query of one word is a word of its definition's own name:
    `github` of GitHubWebhook. `qualified_names` has all texts in question."""
    names = [each.name for each in found if each.name.is_whole and len(each.name.parts) == 1]
    if not names:
        return {}
    own = {text: analyse(name.rpartition(".")[2]) for text, name in qualified_names.items()}
    words = {word for each in own.values() for word in each}
    matching = lexemes.matching_words([folded(names[0].parts[0])], words)
    return {text: IN_PART for text, each in own.items() if not matching.isdisjoint(each)}


def rarest(found: Sequence[Identifier]) -> Identifier | None:
    """The identifier whose holders come first: of those that some texts hold, the rarest one, if
    few do, or if the query is nothing else and only code is written so."""
    held = [each for each in found if each.texts]
    rarest = min(held, key=lambda each: each.texts, default=None)
    if rarest is None or rarest.is_rare:
        return rarest
    return rarest if rarest.name.is_whole and is_code(rarest.name.parts[-1]) else None


def holding_texts(identifier: Identifier | None, scope: Scope) -> list[int]:
    """The shortest texts in scope that hold an identifier, at most HOLDERS; none if more than
    MAX_HOLDERS do."""
    if identifier is None or identifier.lexeme is None or identifier.texts > MAX_HOLDERS:
        return []
    selected = sql.rows(
        "SELECT candidate.id FROM codeindex_text AS candidate"
        f" WHERE candidate.words @@ %(word)s::tsquery AND {scope.is_visible('candidate.id')}"
        f" ORDER BY length(candidate.words), candidate.hash LIMIT {HOLDERS}",
        {**scope.parameters, "word": tsquery_all([identifier.lexeme])},
    )
    return [text for (text,) in selected]


def holders(
    held: Mapping[int, int], words: Sequence[Lexeme], identifier: Identifier | None
) -> dict[int, float]:
    """text → how much it counts that it holds an identifier, for those that do. `held` has the bits
    of each text's words, as in a Candidate."""
    if identifier is None or identifier.lexeme is None:
        return {}
    bit = words.index(identifier.lexeme)
    is_sought = identifier.name.is_whole or identifier.texts <= FEWEST_HOLDERS
    counts = 1.0 if is_sought else HELD_AMONG_WORDS
    return {text: counts for text, bits in held.items() if bits >> bit & 1}


def message_shares(texts: Collection[int], message: Message | None) -> dict[int, float]:
    """text → how much of a message its strings make. Of `texts`, which are in scope, those that
    make enough. Documents say what others make."""
    if message is None:
        return {}
    selected = sql.rows(
        "SELECT id, left(body, %(characters)s) FROM codeindex_text"
        " WHERE id = ANY(%(texts)s) AND kind <> %(document)s",
        {
            "texts": sql.array_literal(texts),
            "characters": messages.MAX_CHARACTERS,
            "document": Kind.SECTION,
        },
    )
    shares = {text: message.share(body) for text, body in selected}
    return {text: share for text, share in shares.items() if share}


def texts_with_run(message: Message, scope: Scope, most: int) -> list[int]:
    """Up to RUN_TEXTS texts in scope that contain the longest run of a message's words. None where
    more than `most` hold its rarest word, or where all are stop words."""
    run = message.longest_run
    words = lexemes.weighted_lexemes(run, scope.visible)
    if len(run) < 2 or not words or words[0].share * scope.visible.texts > most:
        return []
    selected = sql.rows(
        "SELECT candidate.id FROM codeindex_text AS candidate"
        " WHERE candidate.words @@ %(words)s::tsquery AND candidate.body ~* %(run)s"
        f" AND {scope.is_visible('candidate.id')} ORDER BY candidate.hash LIMIT {RUN_TEXTS}",
        {**scope.parameters, "words": tsquery_all(words), "run": rf"\y{RUN_GAP.join(run)}\y"},
    )
    return [text for (text,) in selected]
