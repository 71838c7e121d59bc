"""Implementations before tests, examples, documentation, benchmarks, vendored and generated code:
which kinds of paths are put lower, and when they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from embeddings.code import path_rules
from embeddings.code.path_rules import PathKind
from embeddings.code.words import analyse
from search.query import filters
from search.query.filters import BadQuery, Field
from search.query.parsing import Query


class Order(StrEnum):
    IMPLEMENTATIONS = "implementations"  # first
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Rule:
    """Files of a `kind` are put lower, unless the query holds one of the `words`."""

    kind: PathKind
    words: frozenset[str]


RULES = (
    Rule(PathKind.VENDORED, frozenset({"vendor", "vendored", "vendors", "bundled"})),
    Rule(PathKind.GENERATED, frozenset({"generated", "protobuf", "pb2", "pb"})),
    Rule(
        PathKind.TEST,
        frozenset({"test", "tests", "testing", "tested", "testcase", "conftest", "pytest",
                   "unittest", "spec", "specs", "fixture", "fixtures", "mock", "mocks"}),
    ),
    Rule(
        PathKind.BENCHMARK,
        frozenset({"bench", "benchmark", "benchmarks", "benchmarking"}),
    ),
    Rule(
        PathKind.EXAMPLE,
        frozenset({"example", "examples", "sample", "samples", "demo", "demos", "tutorial",
                   "tutorials"}),
    ),
    Rule(PathKind.DOCUMENTATION, frozenset({"doc", "docs", "documentation", "sphinx"})),
)  # fmt: skip


def checked_order(order: str) -> Order:
    """Raises `BadQuery`."""
    if order not in set(Order):
        raise BadQuery(f"The order is one of {', '.join(Order)}.", "order")
    return Order(order)


def rules(query: Query, order: Order) -> tuple[Rule, ...]:
    """Those that hold for a query: none in plain order, and none of what it asks for itself, by a
    word or by the path that it is kept to."""
    if order == Order.PLAIN:
        return ()
    paths = filters.values(query.filters, Field.PATH)
    asked = {*query.words, *(word for path in paths for word in analyse(path))}
    return tuple(rule for rule in RULES if asked.isdisjoint(rule.words))


def pattern(of: Sequence[Rule]) -> str:
    """Of the paths that one of the rules puts lower."""
    return path_rules.pattern([rule.kind for rule in of])


def reason(path: str, of: Sequence[Rule]) -> str:
    """What a path is put lower as; empty if it is not."""
    put_lower = {rule.kind for rule in of}
    return next((kind.value for kind in path_rules.all_kinds(path) if kind in put_lower), "")
