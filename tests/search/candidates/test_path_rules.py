from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy, lists, sampled_from, sets

from codeindex.models import Space
from embeddings.files.path_rules import PathKind, classify
from search.candidates import path_rules, sql
from search.candidates.path_rules import RULES, Order, Rule
from search.query import parsing
from tests import shelf
from tests.search.asking import find
from tests.search.test_engine import BETWEEN, EAST, NORTH, names, results
from tests.shelf import Written

REASONS = {
    "src/shop/load.py": "",
    "src/shop/contest.py": "",
    "src/latest.go": "",
    "src/shop/protest_march.py": "",
    "src/attestation/key.go": "",
    "src/documents/parse.py": "",
    "src/Testament.java": "",
    "src/testing.py": "",
    "src/ab_testing/split.py": "",
    "src/external/api.py": "",
    "pkg/envtest.go": "",
    "src/code_generated_by/x.py": "",
    "Specification/x.py": "",
    "numpy/testing/print.py": "test",
    "Tests/load.py": "test",
    "kernel_tests/load.py": "test",
    "test-data/load.js": "test",
    "test_support/load.py": "test",
    "shop/fixtures/load.py": "test",
    "web/load.tests.ts": "test",
    "web/load.cy.ts": "test",
    "Doc/conf.py": "documentation",
    "_examples/load.go": "example",
    "src/LoadBenchmark.java": "benchmark",
    "third-party/load.py": "vendored",
    "3rd-party/load.py": "vendored",
    "3rdparty/load.py": "vendored",
    "vendors/load.py": "vendored",
    "Vendor/load.py": "vendored",
    ".tox/py311/load.py": "vendored",
    "pkg/api.gen.go": "generated",
    "pkg/wire_gen.go": "generated",
    "pkg/api.pb.gw.go": "generated",
    "src/generated/api.py": "generated",
    "tests/load.py": "test",
    "src/test/java/shop/Load.java": "test",
    "src/main/kotlin/org/shop/vendors/Load.kt": "",
    "core/src/main/java/org/shop/testing/Load.java": "",
    "src/main/scala/examples/docs/Load.scala": "",
    "src/main/groovy/shop/benchmarks/Load.groovy": "",
    "src/main/java/shop/vendors/LoadTest.java": "test",
    "src/main/java/shop/generated/Load.java": "generated",
    "examples/src/main/java/shop/vendors/Load.java": "example",
    "src/vendor/java/shop/Load.java": "vendored",
    "src/main/resources/vendors/load.js": "vendored",
    "lib/src/java/vendors/Load.java": "vendored",
    "asrc/main/java/vendors/Load.java": "vendored",
    "test_load.py": "test",
    "shop/tests.py": "test",
    "shop/conftest.py": "test",
    "shop/load_test.go": "test",
    "web/load.test.ts": "test",
    "web/load.spec.tsx": "test",
    "web/__tests__/load.js": "test",
    "src/LoadTest.java": "test",
    "src/TestLoad.java": "test",
    "examples/load.py": "example",
    "example_test.go": "test",
    "docs/conf.py": "documentation",
    "benchmarks/load.py": "benchmark",
    "pkg/bench_load.py": "benchmark",
    "vendor/other/load.go": "vendored",
    "third_party/load.py": "vendored",
    "pip/_vendor/tests/load.py": "vendored",
    "web/node_modules/left-pad/index.js": "vendored",
    "shop/api_pb2.py": "generated",
    "shop/api.pb.go": "generated",
    "web/app.min.js": "generated",
}


@pytest.mark.parametrize(("path", "reason"), REASONS.items())
def test_what_a_path_is(path: str, reason: str) -> None:
    assert path_rules.lowering_reason(path, RULES) == reason
    assert (classify(path) or "") == reason


def paths() -> SearchStrategy[str]:
    """Paths of names that mean something, and of names that are nearly such."""
    words = [
        "test",
        "tests",
        "testing",
        "spec",
        "Test",
        "latest",
        "vendor",
        "third",
        "party",
        "generated",
        "bench",
        "example",
        "docs",
        "src",
        "java",
        "/src/main/java/",
        "_pb2",
        ".pb",
        ".min",
        "é",
        "x",
    ]
    between = ["_", "-", ".", "..", "__", "/", "//", "\n"]
    pieces = sampled_from([*words, *between])
    ends = sampled_from(["/", ".py", ".go", ".js", ".java", ".spec.ts", "IT.java", "_gen.go", "\n"])
    return lists(pieces, max_size=8).map("".join).flatmap(lambda start: ends.map(start.__add__))


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(lists(paths(), min_size=20, max_size=60), sets(sampled_from(RULES), min_size=1))
def test_postgres_reads_the_patterns_alike(generated: list[str], some: set[Rule]) -> None:
    rules = [rule for rule in RULES if rule in some]
    given = {"paths": [*REASONS, *generated], "pattern": path_rules.combined_pattern(rules)}
    statement = "SELECT path, path ~ %(pattern)s FROM unnest(%(paths)s::text[]) AS path"
    for path, lower in sql.rows(statement, given):
        assert lower == bool(path_rules.lowering_reason(path, rules)), path


@pytest.mark.parametrize(
    ("typed", "spared"),
    [
        ("load a csv", set()),
        ("how are the tests run", {"test"}),
        ("TestLoad", {"test"}),
        ("csv path:tests/unit", {"test"}),
        ("csv path:*_test.go", {"test"}),
        ("csv -path:tests", set()),
        ("an example of a benchmark", {"example", "benchmark"}),
        ("csv path:docs", {"documentation"}),
    ],
)
def test_what_is_asked_for_is_not_put_lower(typed: str, spared: set[str]) -> None:
    held = path_rules.active_rules(parsing.parse_query(typed), Order.IMPLEMENTATIONS)
    assert {rule.kind for rule in RULES} - {rule.kind for rule in held} == spared
    assert path_rules.active_rules(parsing.parse_query(typed), Order.PLAIN) == ()


class TestRanking:
    def test_an_implementation_stands_before_a_test(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        shelf.put(shop, "tests/a.py", Written("def a(): ...", "a", EAST))
        shelf.put(shop, "b.py", Written("def b(): ...", "b", BETWEEN))
        shelf.put(shop, "c.py", Written("def c(): ...", "c", (-1, 0, 0, 0)))
        ranked = results(alice, "go", space)
        assert names(ranked) == ["b", "a", "c"]
        assert [result.lowered for result in ranked] == ["", "test", ""]
        for typed, order in (("go", Order.PLAIN), ("test it", Order.IMPLEMENTATIONS)):
            plain = results(alice, typed, space, order=order)
            assert names(plain) == ["a", "b", "c"]
            assert not any(result.lowered for result in plain)

    def test_a_test_that_fits_much_better_still_shows(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        shelf.put(shop, "tests/a.py", Written("def a(): ...", "a", EAST))
        shelf.put(shop, "b.py", Written("def b(): ...", "b", NORTH))
        assert names(results(alice, "go", space)) == ["a", "b"]

    def test_it_counts_before_the_cut(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        for number in range(5):
            written = Written(f"def a{number}(): ...", f"a{number}", EAST)
            shelf.put(shop, f"tests/{number}.py", written)
        shelf.put(shop, "b.py", Written("def b(): ...", "b", BETWEEN))
        shelf.put(shop, "c.py", Written("def c(): ...", "c", NORTH))
        assert names(results(alice, "go", space, limit=1)) == ["b"]

    def test_what_is_an_implementation_too_counts_as_one(self, space: Space, alice: User) -> None:
        shop = shelf.repository(alice)
        same = Written("def a(): ...", "a", EAST)
        shelf.put(shop, "tests/a.py", same)
        shelf.put(shop, "a/longer/path/a.py", same)
        shelf.put(shop, "b.py", Written("def b(): ...", "b", BETWEEN))
        best = results(alice, "go", space)[0]
        assert (best.definition.place.path, best.lowered) == ("a/longer/path/a.py", "")
        assert [place.path for place in best.definition.other_places] == ["tests/a.py"]

    def test_an_implementation_that_is_hidden_does_not_count(
        self, space: Space, alice: User, charlie: User
    ) -> None:
        same = Written("def a(): ...", "a", EAST)
        shelf.put(shelf.repository(alice), "a.py", same)
        shelf.put(shelf.repository(charlie, "own"), "tests/a.py", same)
        (result,) = results(charlie, "go", space)
        assert result.lowered == "test"


def test_the_page_and_the_api_say_so(client: Client, alice: User) -> None:
    shelf.put(shelf.repository(alice), "tests/load.py", Written("def load(csv): ...", "load"))
    client.force_login(alice)
    lowered = "test, ranked lower"
    assert lowered in client.get("/?q=csv").content.decode()
    plain = client.get("/?q=csv&order=plain").content.decode()
    assert lowered not in plain
    assert "checked" in plain
    assert client.get("/?q=csv&order=best").status_code == 400
    for order, reason in (("implementations", "test"), ("plain", "")):
        answer = client.get("/api/v1/search", {"q": "csv", "order": order}).json()
        assert [result["lowered"] for result in answer["results"]] == [reason]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("label:test", {"tests/a.py", "docs/test_b.py"}),
        ("label:documentation label:generated", {"docs/test_b.py", "c_pb2.py"}),
        ("label:implementation", {"src/d.py"}),
        ("-label:test -label:generated", {"src/d.py"}),
        ("(label:test AND label:documentation)", {"docs/test_b.py"}),
        ("label:implementation OR path:c_pb2", {"src/d.py", "c_pb2.py"}),
    ],
)
def test_labels_are_filters(alice: User, filters: str, expected: set[str]) -> None:
    shop = shelf.repository(alice)
    for path in ("tests/a.py", "docs/test_b.py", "c_pb2.py", "src/d.py"):
        shelf.put(shop, path, Written(f"def csv(): '{path}'", "csv"))
    found = find(alice, f"csv {filters}").results
    assert {each.definition.place.path for each in found} == expected


def test_who_asks_for_a_label_finds_it_at_its_full_rank() -> None:
    query = parsing.parse_query("load label:test")
    rules = path_rules.active_rules(query, Order.IMPLEMENTATIONS)
    assert {rule.kind for rule in RULES} - {rule.kind for rule in rules} == {PathKind.TEST}
