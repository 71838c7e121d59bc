"""Implementations rank above tests, examples, documentation, benchmarks, vendored and generated
code: which paths rank lower, and when they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from embeddings.code.words import parts
from search.query import filters
from search.query.filters import Field
from search.query.parsing import Query


class Order(StrEnum):
    IMPLEMENTATIONS = "implementations"  # first
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Rule:
    """Files whose path matches `pattern` are ranked lower, as a `reason`, unless the query has one
    of the `words`. The pattern means the same to Python and to Postgres."""

    reason: str
    pattern: str
    words: frozenset[str]


def _folders(*names: str) -> str:
    return f"(^|/)({'|'.join(names)})/"


def _files(*names: str) -> str:
    return f"(^|/)({'|'.join(names)})$"


NAME, END = "[^/]*", r"\.[^/.]+"
"""Of patterns: any part of a file's name, and an extension."""

RULES = (
    Rule(
        "vendored",
        _folders("_?vendor(ed)?", "third_?party", "node_modules", "bower_components",
                 "site-packages"),
        frozenset({"vendor", "vendored", "vendors", "bundled"}),
    ),
    Rule(
        "generated",
        _folders("generated", "__generated__")
        + "|" + _files(rf"{NAME}_pb2(_grpc)?\.pyi?", rf"{NAME}\.pb(\.gw)?\.go",
                       rf"{NAME}\.(min|bundle)\.m?js", rf"{NAME}[._]generated{END}",
                       rf"zz_generated{NAME}"),
        frozenset({"generated", "protobuf", "pb2", "pb"}),
    ),
    Rule(
        "test",
        _folders("tests?", "__tests__", "__mocks__", "testsuite", "testdata", "specs?", "e2e")
        + "|" + _files(rf"test_{NAME}", rf"tests?{END}", r"conftest\.py", rf"{NAME}_tests?{END}",
                       rf"{NAME}[.-](test|spec){END}", rf"{NAME}_spec{END}",
                       rf"Test[A-Z]{NAME}\.java", rf"{NAME}(Tests?|TestCase|IT)\.java"),
        frozenset({"test", "tests", "testing", "tested", "testcase", "conftest", "pytest",
                   "unittest", "spec", "specs", "fixture", "fixtures", "mock", "mocks"}),
    ),
    Rule(
        "benchmark",
        _folders("benchmarks?", "bench", "benches")
        + "|" + _files(rf"bench(mark)?_{NAME}", rf"{NAME}_bench(mark)?{END}",
                       rf"{NAME}\.bench{END}"),
        frozenset({"bench", "benchmark", "benchmarks", "benchmarking"}),
    ),
    Rule(
        "example",
        _folders("examples?", "samples?", "demos?", "tutorials?")
        + "|" + _files(rf"example{END}", rf"{NAME}_example{END}"),
        frozenset({"example", "examples", "sample", "samples", "demo", "demos", "tutorial",
                   "tutorials"}),
    ),
    Rule(
        "documentation",
        _folders("docs?", "documentation"),
        frozenset({"doc", "docs", "documentation", "sphinx"}),
    ),
)  # fmt: skip


def active_rules(query: Query, order: Order) -> tuple[Rule, ...]:
    """The rules that apply to a query: none in plain order, and none for code that the query asks
    for, by a word or a path filter."""
    if order == Order.PLAIN:
        return ()
    paths = filters.filter_values(query.filters, Field.PATH)
    asked = {*query.words, *(word for path in paths for word in parts(path))}
    return tuple(rule for rule in RULES if asked.isdisjoint(rule.words))


def combined_pattern(rules: Sequence[Rule]) -> str:
    """The pattern of the paths that one of the rules ranks lower."""
    return "|".join(rule.pattern for rule in rules)


def lowering_reason(path: str, rules: Sequence[Rule]) -> str:
    """What a path is ranked lower as; empty if it is not."""
    for rule in _matching_rules(path):
        if rule in rules:
            return rule.reason
    return ""


@lru_cache(1 << 16)
def _matching_rules(path: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if re.search(rule.pattern, path))
