"""Conditions that `AND`, `OR`, `NOT` and brackets combine: `(repo:shop OR repo:till) NOT path:tests
parse (json OR yaml)`.

An operator takes what stands beside it: a filter, a phrase, a word or brackets. `NOT` binds
tightest, then `AND`, then `OR`. All that stands side by side must hold, except that words which no
operator takes are only searched for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from search.query import filters
from search.query.filters import Extracted, Field, Filter
from search.query.messages import find_message

MAX_NESTED = 100
"""Brackets and NOTs in a query."""


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the operands holds."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class All:
    """All of the operands hold."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class SideBySide(All):
    """The same, of operands without an operator between them."""


Expression = Filter | Not | Either | All


def leaves(expression: Expression, *, negated: bool = False) -> Iterator[tuple[Filter, bool]]:
    """The filters in an expression, from left to right, and whether each is negated."""
    match expression:
        case Filter():
            yield expression, negated
        case Not(operand):
            yield from leaves(operand, negated=not negated)
        case Either(operands) | All(operands):
            for operand in operands:
                yield from leaves(operand, negated=negated)


def holds(expression: Expression, test: Callable[[Filter], bool | None]) -> bool | None:
    """Whether an expression holds, by a test of its filters; None if that depends on filters of
    which the test says None."""
    match expression:
        case Filter():
            return test(expression)
        case Not(operand):
            value = holds(operand, test)
            return None if value is None else not value
        case Either(operands) | All(operands):
            decisive = isinstance(expression, Either)
            values = [holds(operand, test) for operand in operands]
            if decisive in values:
                return decisive
            return None if None in values else not decisive


def to_sql(expression: Expression, condition: Callable[[Filter], str]) -> str:
    """An expression as SQL, by the SQL of its filters."""
    match expression:
        case Filter():
            return condition(expression)
        case Not(operand):
            return f"NOT ({to_sql(operand, condition)})"
        case Either(operands):
            return " OR ".join(f"({to_sql(operand, condition)})" for operand in operands)
        case All(operands):
            return " AND ".join(f"({to_sql(operand, condition)})" for operand in operands)


def extract(text: str) -> tuple[Extracted, tuple[Expression, ...]]:
    """What a user typed, taken apart, and the conditions that its operators make. Where `AND`, `OR`
    and `NOT` make no sense as operators, they are words. Raises `BadQuery`."""
    if _may_have_operators(text):
        try:
            return _taken_apart(_parsed(text))
        except _NoExpression:
            pass
    return filters.extract_filters(text), ()


def _may_have_operators(text: str) -> bool:
    """Not in code, SQL and messages."""
    if "\n" in text or not _OPERATOR.search(text) or _OTHER_CAPITALS.search(text):
        return False
    message = find_message(text)
    return message is None or not message.is_evident


_OPERATOR = re.compile(r"(?:^|[\s(])(?:AND|OR|NOT)(?=[\s(])")
_OTHER_CAPITALS = re.compile(
    r"\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|SET|VALUES|HAVING|NULL|EXISTS|BETWEEN|LIKE"
    r"|IN|IS|CASE|WHEN|FOUND)\b"
)
"""What stands beside the operators in SQL and in messages, such as `NOT NULL` and `NOT FOUND`."""

_TOKEN = re.compile(rf'-?(?:(?:{filters.PREFIXES}):)?"[^"]*"(?=[\s)]|$)|[^\s(]\S*|\(')


class _NoExpression(ValueError):
    """The words in capitals are no operators."""


def _tokens(text: str) -> Iterator[str]:
    """A bracket is a token where it opens before a word, or closes after it and belongs to none in
    the word, as in `f(x)`."""
    for match in _TOKEN.finditer(text):
        token, closing = match[0], 0
        while token.endswith(")") and token.count(")") > token.count("("):
            token, closing = token[:-1], closing + 1
        yield from [token] * bool(token) + [")"] * closing


def _parsed(text: str) -> SideBySide:
    """Raises `_NoExpression`."""
    rest = list(_tokens(text))[::-1]
    if rest.count("(") + rest.count("NOT") > MAX_NESTED:
        raise _NoExpression

    def side_by_side() -> SideBySide:
        parts = []
        while rest and rest[-1] != ")":
            parts.append(joined("OR", Either, lambda: joined("AND", All, operand)))
        if not parts:
            raise _NoExpression
        return SideBySide(tuple(parts))

    def joined(
        operator: str,
        join: Callable[[tuple[Expression, ...]], Expression],
        read: Callable[[], Expression],
    ) -> Expression:
        operands = [read()]
        while rest and rest[-1] == operator:
            rest.pop()
            operands.append(read())
        return join(tuple(operands)) if len(operands) > 1 else operands[0]

    def operand() -> Expression:
        token = rest.pop() if rest else ")"
        if token in ("AND", "OR", ")"):
            raise _NoExpression
        if token == "NOT":  # noqa: S105
            return Not(operand())
        if token == "(":  # noqa: S105
            inner = side_by_side()
            if not rest or rest.pop() != ")":
                raise _NoExpression
            return inner
        return _leaf(token)

    expression = side_by_side()
    if rest:
        raise _NoExpression
    return expression


def _leaf(token: str) -> Expression:
    """A filter, or a word that is one if an operator takes it. Raises `BadQuery`."""
    extracted = filters.extract_filters(token)
    if not extracted.filters:
        return filters.word(token)
    (leaf,) = extracted.filters
    return Not(replace(leaf, excluded=False)) if leaf.excluded else leaf


def _taken_apart(expression: SideBySide) -> tuple[Extracted, tuple[Expression, ...]]:
    parts = [part for part in _without_brackets(expression) if not _is_word(part)]
    own = [each for each in map(_as_filter, parts) if each]
    searched = [leaf for leaf, negated in leaves(expression) if leaf.is_text and not negated]
    extracted = Extracted(
        " ".join(leaf.value for leaf in searched),
        tuple(own),
        " ".join(leaf.value if _is_word(leaf) else f'"{leaf.value}"' for leaf in searched),
        " ".join(leaf.value for leaf in searched if _is_word(leaf)),
    )
    return extracted, tuple(part for part in parts if not _as_filter(part))


def _without_brackets(expression: SideBySide) -> Iterator[Expression]:
    """What stands side by side, brackets that no operator takes left out."""
    for part in expression.operands:
        if isinstance(part, SideBySide):
            yield from _without_brackets(part)
        else:
            yield part


def _is_word(expression: Expression) -> bool:
    return isinstance(expression, Filter) and expression.field == Field.WORD


def _as_filter(expression: Expression) -> Filter | None:
    """The filter that says the same, if there is one: not for a word."""
    match expression:
        case Filter():
            return expression
        case Not(Filter() as leaf) if not _is_word(leaf):
            return replace(leaf, excluded=True)
    return None
