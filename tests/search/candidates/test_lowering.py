"""What candidates are ranked lower as, by the others beside them."""

from __future__ import annotations

import pytest

from search.candidates import lowering, path_rules
from search.candidates.path_rules import Order
from search.places import Location
from search.query import parsing


def reasons(
    *paths: str, text: str = "load", order: Order = Order.IMPLEMENTATIONS, branches: int = 1
) -> dict[str, str]:
    """path → reason; the files are spread over so many branches."""
    locations = [
        Location(number % branches, number, path, 1, 1) for number, path in enumerate(paths)
    ]
    query = parsing.parse_query(text)
    found = lowering.reasons(locations, query, path_rules.active_rules(query, order))
    return {paths[file]: reason for file, reason in found.items() if reason}


@pytest.mark.parametrize(
    ("declaration", "source"),
    [
        ("include/cart.h", "src/cart.c"),
        ("cart.hpp", "cart.cpp"),
        ("cart.d.ts", "cart.ts"),
        ("types/cart.d.ts", "src/cart.js"),
        ("cart.pyi", "cart.py"),
        ("lib/cart.mli", "lib/cart.ml"),
    ],
)
def test_a_declaration_is_lower_beside_its_source(declaration: str, source: str) -> None:
    assert reasons(declaration, source) == {declaration: "declaration"}
    assert reasons(declaration) == {}
    assert reasons(declaration, source, branches=2) == {}


def test_declarations_alone_are_the_best_that_there_is() -> None:
    assert reasons("cart.h", "order.h", "order.hpp", "shop.c") == {}


def test_a_file_of_another_language_is_not_the_source() -> None:
    assert reasons("cart.h", "cart.py", "cart.pyi") == {"cart.pyi": "declaration"}


def test_a_test_of_the_same_name_is_not_the_source() -> None:
    assert reasons("include/cart.hpp", "tests/cart.cpp") == {"tests/cart.cpp": "test"}


OLD, NEW = "src/v3/load.ts", "src/v4/classic/load.ts"


def test_an_older_version_is_lower_beside_a_newer_one() -> None:
    assert reasons(OLD, NEW) == {OLD: "older version"}
    assert reasons("src/v9/load.ts", "src/v10/load.ts") == {"src/v9/load.ts": "older version"}
    assert reasons(OLD) == {}


def test_branches_have_versions_of_their_own() -> None:
    assert reasons(OLD, NEW, branches=2) == {}


def test_a_version_that_is_asked_for_is_not_lower() -> None:
    assert reasons(OLD, NEW, text="how does v3 load") == {}
    assert reasons(OLD, NEW, text="how does v4 load") == {OLD: "older version"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/v3/load.ts", "lib/v4/load.ts"),
        ("api-v1/load.go", "web-v2/load.go"),
        ("src/v3.ts", "src/v4.ts"),
        ("src/serv3/load.ts", "src/serv4/load.ts"),
        ("v1234/load.ts", "v1235/load.ts"),
    ],
)
def test_other_folders_are_no_versions_of_each_other(one: str, other: str) -> None:
    assert reasons(one, other) == {}


def test_versions_may_have_a_name() -> None:
    assert reasons("api-v1/load.go", "api-v2/load.go") == {"api-v1/load.go": "older version"}


def test_plain_order_lowers_nothing() -> None:
    paths = (OLD, NEW, "cart.h", "cart.c", "tests/load.ts")
    assert reasons(*paths, order=Order.PLAIN) == {}
    assert len(reasons(*paths)) == 3


def test_what_its_own_path_says_comes_first() -> None:
    paths = ("tests/v3/load.ts", "tests/v4/load.ts", "tests/cart.h", "cart.c")
    assert reasons(*paths) == dict.fromkeys(paths[:3], "test")
    spared = reasons(*paths, text="tests of load")
    assert spared == {"tests/v3/load.ts": "older version", "tests/cart.h": "declaration"}
