"""Which of a query's words the files of candidates hold."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.ingestion.lexical import analysis
from codeindex.models import BlobWords, Definition, Repository, SourceFile
from search.candidates import holdings, scopes
from search.query import parsing
from search.ranking import evidence
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(alice: User) -> Repository:
    return shelf.repository(alice)


def held(user: User, file: SourceFile, text: str) -> set[str]:
    """The stems of a query that a file holds."""
    corpus = scopes.scope_for(user).visible
    words = evidence.query_words(parsing.parse_query(text), corpus).all
    found = holdings.of_files([file.pk], words)[file.pk]
    assert found.language == "python"
    return {word.word for bit, word in enumerate(words) if found.held >> bit & 1}


@pytest.mark.parametrize(
    ("text", "source", "stems"),
    [
        ("queries", "the Query of a user", {"queri"}),
        ("query", "QUERIES = {}", {"queri"}),
        ("parsing of dates", "def parse(date): ...", {"pars", "date"}),
        ("caches", "@lru_cache", {"cach"}),
        ("parse a holiday", "def parse(date): ...", {"pars"}),
        ("holidays", "def parse(date): ...", set()),
        ("it's a quote\\", "it's = 'quote\\'", {"quot"}),
        ("of the", "of the", set()),  # Stop words
    ],
)
def test_a_file_holds_words_in_any_form(
    alice: User, shop: Repository, text: str, source: str, stems: set[str]
) -> None:
    file, _ = shelf.put(shop, "a.py", Written(source, "a"))
    assert held(alice, file, text) == stems


def test_a_file_holds_the_words_of_all_its_definitions(alice: User, shop: Repository) -> None:
    _, moved = shelf.put(shop, "a.py", Written("def load(cart): ...", "load"))
    file, _ = shelf.put(shop, "b.py", Written("def pay(): ...", "pay"))
    Definition.objects.filter(pk=moved.pk).update(blob=file.blob_id)
    analysis.save_blob_words([file.blob_id])
    assert held(alice, file, "load cart pay elsewhere") == {"load", "cart", "pay"}


def test_a_file_that_is_not_analysed_holds_nothing(alice: User, shop: Repository) -> None:
    file, _ = shelf.put(shop, "a.py", Written("load = 1", "load"))
    BlobWords.objects.all().delete()
    assert held(alice, file, "load") == set()


def test_a_file_that_is_gone_is_left_out(alice: User, shop: Repository) -> None:
    file, _ = shelf.put(shop, "a.py", Written("load = 1", "load"))
    gone = file.pk
    file.delete()
    assert holdings.of_files([gone], []) == {}
