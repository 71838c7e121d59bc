"""Conditions that a query has by its look, but cannot mean. Quotes in a message that somebody
pastes surround values of the moment, which hardly any code contains; and `AND` may be a word."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.contrib.auth.models import AnonymousUser, User

from search.candidates import scopes
from search.candidates.scopes import Scope
from search.query.expressions import Expression, leaves
from search.query.filters import Field, Filter, quoted
from search.query.parsing import Query

OPERATORS_AS_WORDS = "No text fits AND, OR and NOT, so they were taken for words."
NOTHING_FITS = "No text fits the filters that AND, OR and NOT combine."


def scope_for(user: User | AnonymousUser, query: Query) -> tuple[Scope, str]:
    """What `user` may find under a query's conditions, and a notice if some were left out, or
    nothing meets them.

    The words of a phrase are searched instead where the query is evidently a message, and where no
    text that the user may find contains the phrase, unless nothing else was asked for. Operators
    between words alone are left out where no text fits them. Raises `UnknownRepository`."""
    phrases = [each for each in query.filters if each.field == Field.PHRASE and not each.excluded]
    if phrases and query.message and query.message.is_evident:
        return _scope_without(phrases, user, query), _as_message(phrases)
    scope = scopes.scope_for(user, query.filters, query.expressions)
    if not (phrases or query.expressions) or scope.has_texts():
        return scope, ""
    if query.expressions:
        if not _are_of_words(query.expressions):
            return scope, NOTHING_FITS
        return scopes.scope_for(user, query.filters), OPERATORS_AS_WORDS
    if query.is_phrases:
        return (
            scope,
            f"No text contains {_listed(phrases, 'and')}. Without quotes, words are searched.",
        )
    missing = [phrase for phrase in phrases if not _is_somewhere(phrase, phrases, user, query)]
    relaxed = missing or phrases
    notice = (
        f"No text contains {_listed(relaxed, 'or' if missing else 'together with')};"
        f" {'its' if len(relaxed) == 1 else 'their'} words were searched instead."
    )
    return _scope_without(relaxed, user, query), notice


def _are_of_words(expressions: Sequence[Expression]) -> bool:
    return all(leaf.field == Field.WORD for each in expressions for leaf, _ in leaves(each))


def _is_somewhere(
    phrase: Filter, phrases: Sequence[Filter], user: User | AnonymousUser, query: Query
) -> bool:
    others = [each for each in phrases if each != phrase]
    return _scope_without(others, user, query).has_texts()


def _scope_without(left_out: Collection[Filter], user: User | AnonymousUser, query: Query) -> Scope:
    kept = [each for each in query.filters if each not in left_out]
    return scopes.scope_for(user, kept, query.expressions)


def _as_message(phrases: Sequence[Filter]) -> str:
    return (
        f"The query reads like a message: {_listed(phrases, 'and')} need not be contained exactly."
    )


def _listed(phrases: Sequence[Filter], joint: str) -> str:
    return f" {joint} ".join(
        quoted(value) for value in dict.fromkeys(each.value for each in phrases)
    )
