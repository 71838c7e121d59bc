"""Files are candidates by the words of their names, within what the user may see."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import Repository, SourceFile, Text
from search.candidates import retrieval, scopes
from search.candidates.retrieval import FILE_CANDIDATES, NAMED_FILES
from search.query import lexemes, parsing
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

SILENT = Written("def f(): return 1", "f")
"""Its text has none of the words."""


def bodies(user: User, text: str) -> list[str]:
    query = parsing.parse_query(text)
    scope = scopes.scope_for(user, query.filters)
    words = lexemes.weighted_lexemes(query.words, scope.visible)
    found = retrieval.candidates(query, words, None, scope)
    by_text = dict(Text.objects.values_list("pk", "body"))
    return [by_text[candidate.text] for candidate in found]


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "src/billing_ledger.py", SILENT)
    return made


@pytest.mark.parametrize("text", ["billing ledger", "where are ledgers billed", "BillingLedger"])
def test_a_file_is_found_by_its_name_alone(shop: Repository, alice: User, text: str) -> None:
    assert bodies(alice, text) == [SILENT.source]


@pytest.mark.parametrize("text", ["src", "py", "the of", "holiday"])
def test_nothing_else_of_its_path_finds_it(shop: Repository, alice: User, text: str) -> None:
    assert bodies(alice, text) == []


def test_a_folder_gives_a_package_its_name(shop: Repository, alice: User) -> None:
    package = Written("import os", "", kind="module")
    shelf.put(shop, "src/holidays/__init__.py", package)
    assert bodies(alice, "holidays") == [package.source]


def test_hidden_files_are_not_found(shop: Repository, charlie: User) -> None:
    assert bodies(charlie, "billing ledger") == []


def test_identical_code_is_found_by_its_visible_name_alone(shop: Repository, charlie: User) -> None:
    shelf.put(shelf.repository(charlie, "own"), "receipt.py", SILENT)
    assert bodies(charlie, "billing ledger") == []
    assert bodies(charlie, "receipt") == [SILENT.source]


@pytest.mark.parametrize("filters", ["-path:src", "path:lib", "kind:class", "lang:go"])
def test_filtered_files_are_not_found(shop: Repository, alice: User, filters: str) -> None:
    assert bodies(alice, f"billing ledger {filters}") == []


def test_another_repository_is_not_found(shop: Repository, alice: User) -> None:
    shelf.repository(alice, "other")
    assert bodies(alice, "billing ledger repo:other") == []
    assert bodies(alice, "billing ledger repo:shop") == [SILENT.source]


def test_files_that_were_replaced_are_not_found(shop: Repository, alice: User) -> None:
    SourceFile.objects.update(live=False)
    assert bodies(alice, "billing ledger") == []


def test_the_best_texts_of_a_file_are_found_and_no_more(shop: Repository, alice: User) -> None:
    many = "\n".join(f"def g{number}(): return {number}" for number in range(10))
    shelf.put_source(shop, "src/holidays.py", many)
    assert len(bodies(alice, "holidays")) == FILE_CANDIDATES


def test_the_files_that_are_found_are_bounded(shop: Repository, alice: User) -> None:
    for number in range(NAMED_FILES + 3):
        written = Written(f"def h(): return {number}", "h")
        shelf.put(shop, f"{'x/' * number}ledger.py", written)
    found = bodies(alice, "ledger")
    assert len(found) == NAMED_FILES
    assert "def h(): return 0" in found
    assert f"def h(): return {NAMED_FILES + 2}" not in found  # The deepest
