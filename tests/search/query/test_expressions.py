"""`AND`, `OR`, `NOT` and brackets: what they take, and where they are words."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from search.query import parsing
from search.query.expressions import All, Either, Expression, Not
from search.query.filters import BadQuery, Field, Filter


def shown(expression: Expression) -> str:
    """An expression with all its brackets."""
    match expression:
        case Filter(field, value, excluded):
            return ("-" if excluded else "") + (
                value if field == Field.WORD else f"{field.value}:{value}"
            )
        case Not(operand):
            return f"not {shown(operand)}"
        case Either(operands):
            return f"({' | '.join(map(shown, operands))})"
        case All(operands):
            return f"({' & '.join(map(shown, operands))})"


def conditions(typed: str) -> str:
    query = parsing.parse_query(typed)
    return " ".join(map(shown, (*query.filters, *query.expressions)))


@pytest.mark.parametrize(
    ("typed", "text", "kept"),
    [
        ("retry AND backoff", "retry backoff", "(retry & backoff)"),
        ("open a json OR yaml file", "open a json yaml file", "(json | yaml)"),
        ("parse (json OR yaml)", "parse json yaml", "(json | yaml)"),
        ("a AND b OR c AND d", "a b c d", "((a & b) | (c & d))"),
        ("a AND (b OR c)", "a b c", "(a & ((b | c)))"),
        ("load NOT csv", "load", "not csv"),
        ("load NOT (csv OR tsv)", "load", "not ((csv | tsv))"),
        ("load NOT NOT csv", "load csv", "not not csv"),
        ("load NOT path:tests", "load", "-path:tests"),
        ("load NOT -path:tests", "load", "not not path:tests"),
        ("(repo:a OR repo:b) load", "load", "(repo:a | repo:b)"),
        ("load lang:go OR lang:rust", "load", "(lang:go | lang:rust)"),
        ("load (repo:a path:b) OR repo:c", "load", "((repo:a & path:b) | repo:c)"),
        ('load "a b" OR "c d"', "load a b c d", "(phrase:a b | phrase:c d)"),
        ('load (path:"my folder" OR path:x)', "load", "(path:my folder | path:x)"),
        ("f(x) OR (g(x))", "f(x) g(x)", "(f(x) | (g(x)))"),
        ("a OR b repo:shop -path:t", "a b", "repo:shop -path:t (a | b)"),
        ("repo:a OR repo:b", "", "(repo:a | repo:b)"),
        ("NOT load", "", "not load"),
    ],
)
def test_an_operator_takes_what_stands_beside_it(typed: str, text: str, kept: str) -> None:
    assert parsing.parse_query(typed).text == text
    assert conditions(typed) == kept


@pytest.mark.parametrize(
    "text",
    [
        "this and that or not",
        "AND",
        "what does AND do OR",
        "expected AND",
        "a OR OR b",
        "(a OR b",
        "a OR b)",
        "a AND ()",
        "SELECT a FROM b WHERE c AND d",
        "column NOT NULL",
        "404 NOT FOUND",
        "ValueError: option --a AND option --b exclude each other",
        "WARNING: the lock is held OR lost",
        "f(a AND\nb)",
        "NOT " * 101 + "a",
        "(" * 101 + "a OR b" + ")" * 101,
    ],
)
def test_capitals_that_make_no_sense_as_operators_are_words(text: str) -> None:
    query = parsing.parse_query(text)
    assert (query.text, query.filters, query.expressions) == (text.strip(), (), ())


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("load kind:klass OR kind:function", "Did you mean class"),
        (" OR ".join(f"word{number}" for number in range(21)), "21 filters; at most 20"),
        ("a " + "*" * 60 + " OR path:" + "*?" * 51, "102 wildcards"),
    ],
)
def test_a_condition_that_cannot_be_is_explained(typed: str, reason: str) -> None:
    with pytest.raises(BadQuery, match=reason):
        parsing.parse_query(typed)


@given(
    strategies.lists(
        strategies.sampled_from(
            ["AND", "OR", "NOT", "(", ")", "a", "f(x)", "-path:t", '"b c"', "lang:go", "((", "))"]
        ),
        min_size=1,
        max_size=20,
    ).map(" ".join)
)
def test_every_query_is_read_or_refused(typed: str) -> None:
    try:
        query = parsing.parse_query(typed)
    except BadQuery:
        return
    assert query.text or query.filters or query.expressions
