"""Phrases in quotes: filters, where the user evidently means that. Quotes in a message that
somebody pastes surround values of the moment, which hardly any code contains."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.contrib.auth.models import AnonymousUser, User

from search.candidates import scopes
from search.candidates.scopes import Scope
from search.query.filters import Field, Filter, quoted
from search.query.parsing import Query


def scope_for(user: User | AnonymousUser, query: Query) -> tuple[Scope, str]:
    """What `user` may find under a query's filters, and a notice if phrases are not among these, or
    find nothing.

    The words of a phrase are searched instead where the query is evidently a message, and where no
    text that the user may find contains the phrase, unless nothing else was asked for. Raises
    `UnknownRepository`."""
    phrases = [each for each in query.filters if each.field == Field.PHRASE and not each.excluded]
    if phrases and query.message and query.message.is_evident:
        return _scope_without(phrases, user, query), _as_message(phrases)
    scope = scopes.scope_for(user, query.filters)
    if not phrases or scope.has_texts():
        return scope, ""
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


def _is_somewhere(
    phrase: Filter, phrases: Sequence[Filter], user: User | AnonymousUser, query: Query
) -> bool:
    others = [each for each in phrases if each != phrase]
    return _scope_without(others, user, query).has_texts()


def _scope_without(left_out: Collection[Filter], user: User | AnonymousUser, query: Query) -> Scope:
    return scopes.scope_for(user, [each for each in query.filters if each not in left_out])


def _as_message(phrases: Sequence[Filter]) -> str:
    return (
        f"The query reads like a message: {_listed(phrases, 'and')} need not be contained exactly."
    )


def _listed(phrases: Sequence[Filter], joint: str) -> str:
    return f" {joint} ".join(
        quoted(value) for value in dict.fromkeys(each.value for each in phrases)
    )
