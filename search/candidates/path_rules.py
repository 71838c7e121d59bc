"""Implementations rank above tests, examples, documentation, benchmarks, vendored and generated
code: which paths rank lower, and when they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from embeddings.code.words import analyse
from embeddings.files import path_rules
from embeddings.files.path_rules import PathKind
from search.query.filters import Field
from search.query.parsing import Query


class Order(StrEnum):
    IMPLEMENTATIONS = "implementations"  # first
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Rule:
    """Files of a `kind` rank lower, unless the query has one of the `words`."""

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
    Rule(
        PathKind.DOCUMENTATION,
        frozenset({"changelog", "doc", "docs", "documentation", "guide", "readme", "sphinx"}),
    ),
)  # fmt: skip


def active_rules(query: Query, order: Order) -> tuple[Rule, ...]:
    """The rules that apply to a query: none in plain order, and none for code that the query asks
    for, by a word or by a filter for paths or labels."""
    if order == Order.PLAIN:
        return ()
    paths = query.asked(Field.PATH)
    asked = {*query.words, *(word for path in paths for word in analyse(path))}
    labels = query.asked(Field.LABEL)
    return tuple(rule for rule in RULES if asked.isdisjoint(rule.words) and rule.kind not in labels)


def combined_pattern(rules: Sequence[Rule]) -> str:
    """The pattern of the paths that one of the rules ranks lower."""
    return path_rules.pattern([rule.kind for rule in rules])


def lowering_reason(path: str, rules: Sequence[Rule]) -> str:
    """What a path is ranked lower as; empty if it is not."""
    lowered = {rule.kind for rule in rules}
    return next((kind.value for kind in path_rules.all_kinds(path) if kind in lowered), "")
