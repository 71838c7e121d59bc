"""Implementations before tests, examples, documentation, benchmarks, vendored and generated code:
which paths are put lower, and when they are not."""

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
    """Files whose path `pattern` finds are put lower, and called a `reason`, unless the query holds
    one of the `words`. The pattern means the same to Python and to Postgres."""

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


def rules(query: Query, order: Order) -> tuple[Rule, ...]:
    """Those that hold for a query: none in plain order, and none of what it asks for itself, by a
    word or by the path that it is kept to."""
    if order == Order.PLAIN:
        return ()
    paths = filters.values(query.filters, Field.PATH)
    asked = {*query.words, *(word for path in paths for word in parts(path))}
    return tuple(rule for rule in RULES if asked.isdisjoint(rule.words))


def pattern(of: Sequence[Rule]) -> str:
    """Of the paths that one of the rules puts lower."""
    return "|".join(rule.pattern for rule in of)


def reason(path: str, of: Sequence[Rule]) -> str:
    """What a path is put lower as; empty if it is not."""
    for rule in _met(path):
        if rule in of:
            return rule.reason
    return ""


@lru_cache(1 << 16)
def _met(path: str) -> tuple[Rule, ...]:
    """Of all rules those whose pattern finds the path."""
    return tuple(rule for rule in RULES if re.search(rule.pattern, path))
