"""Stored texts and queries are split alike: what is typed as it stands in the code is found."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings, strategies
from hypothesis.strategies import SearchStrategy

from codeindex.ingestion.lexical import analysis
from embeddings.code.words import analyse, occurrences
from search.candidates import sql
from search.candidates.scopes import Corpus
from search.query import lexemes, parsing

pytestmark = pytest.mark.django_db

NOBODY = Corpus("{}", 0)

STORED = "SELECT unnest(tsvector_to_array(strip(to_tsvector('english', %(words)s))))"


def spelt() -> SearchStrategy[str]:
    """Identifiers, acronyms, numbers and what stands between them."""
    pieces = [
        "HTTP",
        "Server",
        "utf",
        "8",
        "sha",
        "256",
        "_",
        "__",
        "parse",
        "Dates",
        "IDs",
        "O",
        "of",
        "is",
        "查找用户",
        "ß",
        "É",
        "x",
    ]
    identifiers = strategies.lists(strategies.sampled_from(pieces), min_size=1).map("".join)
    numbers = strategies.one_of(
        strategies.integers(min_value=0, max_value=10**12).map(str),
        strategies.integers(min_value=0, max_value=2**32).map(hex),
        strategies.integers(min_value=0, max_value=10**9).map("{:_}".format),
        strategies.floats(allow_nan=False, allow_infinity=False).map(repr),
    )
    between = strategies.sampled_from(
        [" ", ".", "(", "-", "/?q=", "::", "'s ", "@", "<b>", "\\", '"']
    )
    word = strategies.one_of(identifiers, numbers, strategies.text(max_size=9))
    return strategies.lists(strategies.one_of(word, between), max_size=20).map("".join)


def stored(text: str) -> set[str]:
    return {word for (word,) in sql.rows(STORED, {"words": analysis.words(text)})}


def query_lexemes(text: str) -> set[str]:
    return {
        lexeme.word for lexeme in lexemes.weighted_lexemes(parsing.parse_query(text).words, NOBODY)
    }


ALIKE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(spelt().filter(lambda text: text.strip() and "\0" not in text and '"' not in text))
@ALIKE
def test_a_text_is_stored_by_the_words_that_a_query_asks_for(text: str) -> None:
    assert query_lexemes(text) <= stored(text)
    if len(query_lexemes(text)) < lexemes.MAX_LEXEMES:
        assert query_lexemes(text) == stored(text)


@given(spelt().filter(lambda text: "\0" not in text))
@ALIKE
def test_all_words_of_a_text_are_marked_in_it(text: str) -> None:
    """But stop words, which no text is stored by."""
    words = {word for word, _, _ in occurrences(text)}
    marked = lexemes.matching_words(analyse(text), words)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM unnest(%s::text[]) AS word WHERE"
                       " to_tsvector('english', word) <> ''", [sorted(words - marked)])  # fmt: skip
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("number", ["404", "8080", "86_400", "0xFF", "256", "utf8", "sha256"])
def test_numbers_are_stored(number: str) -> None:
    assert query_lexemes(number) <= stored(f"return {number}")
    assert query_lexemes(number)
