"""What a query may have meant where it has a word that no visible text holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase, digits

from embeddings.code.words import folded
from search.candidates import sql
from search.candidates.scopes import ROWS, Scope
from search.query import lexemes
from search.query.lexemes import MAX_LEXEMES, Corpus, Lexeme
from search.query.parsing import Query

SHORTEST, LONGEST = 4, 40
"""Letters of words that are corrected: most short ones differ by a letter from several others."""

MOST = 2
"""Words of a query that are corrected."""

_WORD = re.compile(rf"[^\W\d]\w{{{SHORTEST - 1},{LONGEST - 1}}}")


def correction(query: Query, scope: Scope) -> str:
    """The query, in which each word that no text holds is replaced by one that differs by a letter:
    by the name of a definition, if there is one, or else by the word that most texts hold. Empty
    where there is no such word."""
    corrected = query.typed
    for word in _unknown(query, scope.visible)[:MOST]:
        if better := _corrected(word, scope):
            corrected = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", better, corrected)
    return "" if corrected == query.typed else corrected


def _unknown(query: Query, corpus: Corpus) -> list[str]:
    """The words of a query that no text holds, as they were typed."""
    # As many as are counted: of a longer query the commonest would seem to be unknown
    typed = {word: folded(word) for word in _WORD.findall(query.text)[:MAX_LEXEMES]}
    known = {
        lexeme.word
        for lexeme in lexemes.weighted_lexemes([*typed.values()], corpus)
        if lexeme.share
    }
    stems = lexemes.stems(typed.values())
    return [word for word, whole in typed.items() if whole in stems and stems[whole] not in known]


def _corrected(word: str, scope: Scope) -> str:
    variants = list(dict.fromkeys(_variants(folded(word))))
    held = sql.rows(HELD, {"variants": variants, "branches": scope.visible.branches})
    if not held:
        return ""
    named = sql.rows(
        f"SELECT definition.name FROM {ROWS} WHERE kept_text.words @@ %(held)s::tsquery"
        " AND lower(replace(definition.name, '_', '')) = ANY(%(variants)s)"
        f" AND {scope.condition} GROUP BY definition.name ORDER BY count(*) DESC, 1 LIMIT 1",
        {
            **scope.parameters,
            "held": lexemes.tsquery_any([Lexeme(word, 0.0, 0.0) for word, _ in held]),
            "variants": variants,
        },
    )
    return str(named[0][0] if named else held[0][1])


def _variants(word: str) -> Iterator[str]:
    """The words at a distance of one letter, the likelier mistakes first: a letter too many, two
    that are swapped, one that is missing, and another one."""
    splits = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    letters = ascii_lowercase + digits
    yield from (before + after[1:] for before, after in splits if after)
    yield from (before + after[1::-1] + after[2:] for before, after in splits if len(after) > 1)
    yield from (before + letter + after for before, after in splits for letter in letters)
    yield from (
        before + letter + after[1:] for before, after in splits if after for letter in letters
    )


HELD = """
SELECT counted.word, (array_agg(variant.word ORDER BY variant.place))[1]
FROM unnest(%(variants)s::text[]) WITH ORDINALITY AS variant (word, place)
JOIN codeindex_wordcount AS counted
    ON counted.word = (ts_lexize('english_stem', variant.word))[1]
    AND counted.texts > 0 AND counted.branch_id = ANY(%(branches)s::bigint[])
GROUP BY counted.word ORDER BY sum(counted.texts) DESC, counted.word LIMIT 5
"""
