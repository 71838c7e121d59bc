"""What a query's words say for a candidate: by its text, its names, its path and its file."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from search.candidates import scopes
from search.candidates.retrieval import Candidate
from search.places import Location
from search.query import lexemes, parsing
from search.query.lexemes import Lexeme
from search.ranking import evidence
from search.ranking.evidence import Evidence, QueryWords
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db


def of(
    text: str,
    *held: str,
    path: str = "src/a.py",
    name: str = "f",
    length: int = 30,
    in_file: tuple[str, ...] | None = None,
    weights: dict[str, float] | None = None,
) -> Evidence:
    """What a query says for a candidate whose text, and whose file, hold some of its stems. The
    words that two of the query's make together are known, too."""
    query = parsing.parse_query(text)
    asked, joined = (set(lexemes.stems(words).values()) for words in (query.words, query.joined))
    words = QueryWords(
        *(
            [Lexeme(stem, 0.1, (weights or {}).get(stem, 1.0)) for stem in sorted(stems)]
            for stems in (asked, joined - asked)
        )
    )
    location = Location(1, 7, path, 1, 2, "function", name)
    candidate = Candidate(1, None, None, _bits(words, held), length, 0.0, location)
    held_by_files = {} if in_file is None else {7: _bits(words, in_file)}
    (found,) = evidence.evidence(query, words, [candidate], held_by_files)
    return found


def _bits(words: QueryWords, held: tuple[str, ...]) -> int:
    return sum(1 << bit for bit, lexeme in enumerate(words.all) if lexeme.word in held)


@pytest.mark.parametrize(
    "place", [{"name": "invoice"}, {"name": "Invoice.f"}, {"path": "invoice/a.py"}]
)
def test_a_word_in_two_places_counts_more_than_in_one_and_less_than_both(
    place: dict[str, str],
) -> None:
    in_text, in_name = of("invoice", "invoic").words, of("invoice", **place).words
    in_both = of("invoice", "invoic", **place).words
    assert 0 < max(in_text, in_name) < in_both < in_text + in_name


def test_a_words_own_place_decides_how_much_it_counts() -> None:
    places = [
        of("invoice", name="invoice"),
        of("invoice", name="Invoice.f"),
        of("invoice", path="invoice/a.py"),
        of("invoice"),
    ]
    counted = [place.words for place in places]
    assert counted == sorted(counted, reverse=True)
    assert len(set(counted)) == 4
    assert counted[-1] == 0


def test_a_short_text_and_a_rare_word_count_more() -> None:
    assert of("invoice", "invoic", length=5).words > of("invoice", "invoic", length=300).words
    weights = {"invoic": 5.0, "tax": 1.0}
    rare, common = (of("invoice tax", word, weights=weights).words for word in weights)
    assert rare > common


def test_all_words_everywhere_are_the_most_that_there_is() -> None:
    name = path = "invoice"
    found = of("invoice", "invoic", name=name, path=f"{path}.py", length=1, in_file=("invoic",))
    assert 1.5 < found.words < 1 + evidence.SATURATION
    assert (found.name, found.path, found.file) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "name", "share"),
    [
        ("load", "load", 1.0),
        ("loading", "Cart.load", 1.0),
        ("load invoices", "load", 0.5),
        ("load", "Load.run", 0.0),
    ],
)
def test_a_name_counts_by_what_it_and_the_query_have_in_common(
    text: str, name: str, share: float
) -> None:
    assert of(text, name=name).name == pytest.approx(share)


def test_a_longer_name_has_less_in_common() -> None:
    assert 0 < of("load", name="load_file").name < 1


def test_words_that_are_written_together_are_found() -> None:
    found = of("a thread pool", path="src/threadpool.py")
    assert found.file_name == 1
    assert found.words > 0
    assert found.path == 0  # The query's own words alone count as shares
    assert of("a thread of the pool", path="src/threadpool.py").file_name == 0


@pytest.mark.parametrize(
    "path",
    ["src/routing.py", "routing/__init__.py", "routing/mod.rs", "src/routing/index.d.ts"],
)
def test_a_file_is_called_by_its_name_or_by_that_of_its_folder(path: str) -> None:
    assert of("routing table", path=path).file_name == 1
    assert of("Routing", path=path).file_name == 2  # The query is nothing else
    assert of("table", path=path).file_name == 0


def test_a_file_counts_by_the_share_of_the_words_that_it_holds() -> None:
    assert of("parse a holiday", in_file=("pars",)).file == 0.5
    assert of("parse a holiday", in_file=("pars", "holiday")).file == 1
    assert of("parse a holiday", "pars", in_file=()).file == 0
    weights = {"pars": 1.0, "holiday": 3.0}
    assert of("parse a holiday", in_file=("holiday",), weights=weights).file == 0.75
    assert of("parse a holiday").file == 0  # It has not been analysed yet


class TestJoined:
    """Words that two of a query's words make together count where they are written so."""

    @pytest.fixture(autouse=True)
    def shelves(self, alice: User) -> None:
        source = "class ThreadPoolExecutor: thread = pool"
        shelf.put(shelf.repository(alice), "a.py", Written(source, "a"))

    def joined(self, user: User, text: str) -> list[str]:
        query = parsing.parse_query(text)
        words = evidence.query_words(query, scopes.scope_for(user).visible)
        assert {each.word for each in words.asked} == set(lexemes.stems(query.words).values())
        return [each.word for each in words.joined]

    def test_they_must_occur(self, alice: User) -> None:
        assert self.joined(alice, "thread pool size") == ["threadpool"]

    def test_hidden_code_is_no_such_place(self, charlie: User) -> None:
        assert self.joined(charlie, "thread pool size") == []

    def test_what_is_asked_for_is_not_joined(self, alice: User) -> None:
        assert self.joined(alice, "threadpool thread pool") == []
