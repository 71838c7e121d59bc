from __future__ import annotations

from contextlib import suppress

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from hypothesis import HealthCheck, example, given, settings, strategies

from codeindex.models import SourceFile, Space, Visibility
from search import places
from search.candidates import path_rules, scopes
from search.candidates.path_rules import Order
from search.candidates.vectors import QueryVector
from search.query import parsing
from search.query.parsing import BadQuery
from search.ranking import pages
from search.results import Result, module_name
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

EAST, NORTH, BETWEEN = (1, 0, 0, 0), (0, 1, 0, 0), (0.8, 0.6, 0, 0)


def results(
    user: User | AnonymousUser,
    text: str,
    space: Space,
    limit: int = 10,
    order: Order = Order.IMPLEMENTATIONS,
) -> list[Result]:
    """What a query that means EAST finds."""
    query = parsing.parse_query(text)
    query_vector = QueryVector(space, [float(x) for x in EAST])
    scope = scopes.scope_for(user, query.filters)
    rules = path_rules.active_rules(query, order)
    return pages.ranked_page(query, query_vector, scope, limit, rules).results


def names(ranked: list[Result]) -> list[str]:
    return [result.definition.place.qualified_name for result in ranked]


def test_meaning_orders_what_words_do_not_tell_apart(space: Space, alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("def a(): ...", "a", NORTH))
    shelf.put(shop, "b.py", Written("def b(): ...", "b", EAST))
    shelf.put(shop, "c.py", Written("def c(): ...", "c", BETWEEN))
    ranked = results(alice, "go somewhere", space)
    assert names(ranked) == ["b", "c", "a"]
    scores = [result.score for result in ranked]
    assert scores == sorted(scores, reverse=True)


def test_words_lift_what_meaning_does_not_tell_apart(space: Space, alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("def a(): parse(date)", "a", BETWEEN))
    shelf.put(shop, "b.py", Written("def b(): invoice(tax)", "b", BETWEEN))
    shelf.put(shop, "c.py", Written("def c(): ...", "c", NORTH))
    assert names(results(alice, "tax of an invoice", space))[0] == "b"
    assert names(results(alice, "date parser", space))[0] == "a"


def test_a_definition_of_the_name_comes_first(space: Space, alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("def parse_date(): ...", "parse_date", (-1, 0, 0, 0)))
    shelf.put(shop, "b.py", Written("def f(): parse_date(date, parse)", "f", EAST))
    assert names(results(alice, "parse_date", space)) == ["parse_date", "f"]


def test_what_has_no_vector_yet_is_found_by_its_words(space: Space, alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("def a(): ...", "a", EAST))
    shelf.put(shop, "b.py", Written("def b(): invoice(tax)", "b"))
    assert set(names(results(alice, "tax of an invoice", space))) == {"a", "b"}


def test_identical_code_is_one_result_with_its_places(space: Space, alice: User) -> None:
    shop, copy = shelf.repository(alice, "shop"), shelf.repository(alice, "copy")
    same = Written("def f(): ...", "f", EAST)
    shelf.put(shop, "vendor/deeper/f.py", same)
    shelf.put(shop, "f.py", same)
    shelf.put(copy, "lib/f.py", same)
    (result,) = results(alice, "anything", space)
    assert result.definition.place.path == "f.py"
    assert [(place.repository, place.path) for place in result.definition.other_places] == [
        ("copy", "lib/f.py"),
        ("shop", "vendor/deeper/f.py"),
    ]
    assert not result.definition.has_more_places


def test_of_identical_code_the_place_that_is_named_stands_first(space: Space, alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "a.py", Written("def close(self): ...", "A.close", EAST, kind="method"))
    shelf.put(shop, "longer.py", Written("def close(self): ...", "B.close", EAST, kind="method"))
    (result,) = results(alice, "B.close", space)
    assert result.definition.place.qualified_name == "B.close"


def test_of_identical_code_the_place_in_the_named_module_stands_first(
    space: Space, alice: User
) -> None:
    shop = shelf.repository(alice)
    same = Written("class Command: ...", "Command", EAST, kind="class")
    shelf.put(shop, "a.py", same)
    shelf.put(shop, "commands/longer.py", same)
    (result,) = results(alice, "longer.Command", space)
    assert result.definition.place.path == "commands/longer.py"


def test_only_some_of_very_many_places_are_named(space: Space, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(places.MAX_OTHER_PLACES + 1):
        shelf.put(shop, f"package{number}/__init__.py", Written("# empty", "", EAST, kind="module"))
    (result,) = results(alice, "anything", space)
    assert len(result.definition.other_places) == places.MAX_OTHER_PLACES
    assert not result.definition.has_more_places
    shelf.put(shop, "another/package/__init__.py", Written("# empty", "", EAST, kind="module"))
    (result,) = results(alice, "anything", space)
    assert len(result.definition.other_places) == places.MAX_OTHER_PLACES
    assert result.definition.has_more_places


def test_hidden_places_are_neither_named_nor_counted(
    space: Space, alice: User, charlie: User
) -> None:
    same = Written("def f(): ...", "f", EAST, predicted_names=(("draw", 0.5),))
    shelf.put(shelf.repository(alice, "hidden"), "f.py", same)
    shelf.put(shelf.repository(charlie, "own"), "a/longer/path.py", same)
    (result,) = results(charlie, "anything", space)
    assert result.definition.place.repository == "own"
    assert result.definition.other_places == []


def test_a_result_holds_its_own_lines(space: Space, alice: User) -> None:
    _, definition = shelf.put(
        shelf.repository(alice),
        "a.py",
        Written("import os\ndef f():\n    pass\n\x0cx = 1", "f", EAST),
    )
    definition.start_line, definition.end_line = 2, 3
    definition.save()
    (result,) = results(alice, "anything", space)
    assert result.definition.source == "def f():\n    pass"


def test_a_long_source_is_cut_with_a_mark(space: Space, alice: User) -> None:
    source = "\n".join(f"line{number}" for number in range(1, 151))
    shelf.put(shelf.repository(alice), "a.py", Written(source, "f", EAST))
    (result,) = results(alice, "anything", space)
    lines = result.definition.source.split("\n")
    assert lines[:100] == source.split("\n")[:100]
    assert lines[100:] == ["… 50 more lines"]


def test_the_summary_is_the_docstring_s_first_paragraph(space: Space, alice: User) -> None:
    docstring = "\n    Reads it,\n    and closes it.\n\n    Raises what open raises.\n"
    shelf.put(shelf.repository(alice), "a.py", Written("f", "f", EAST, docstring=docstring))
    (result,) = results(alice, "anything", space)
    assert result.definition.summary == "Reads it, and closes it."


def test_only_likely_names_of_functions_and_classes_are_suggested(
    space: Space, alice: User
) -> None:
    shop, names = shelf.repository(alice), (("draw_größe", 0.5), ("readHTTP", 0.4), ("paint", 0.01))
    for kind in ("function", "class", "constant"):
        written = Written(kind, kind, EAST, kind=kind, predicted_names=names)
        shelf.put(shop, f"{kind}.py", written)
    by_kind = {
        result.definition.place.kind: result.definition for result in results(alice, "any", space)
    }
    assert by_kind["function"].suggested_names == [("draw_größe", 0.5), ("readHTTP", 0.4)]
    assert by_kind["class"].suggested_names == [("DrawGröße", 0.5), ("ReadHTTP", 0.4)]
    assert not by_kind["constant"].suggested_names
    assert by_kind["constant"].predicted_names == list(names)


@pytest.mark.parametrize("limit", [10, 200])
def test_as_many_results_as_are_asked_for(space: Space, alice: User, limit: int) -> None:
    vectors = [[1.0, number / 250, 0, 0] for number in range(250)]
    shelf.put_many(shelf.repository(alice), vectors)
    assert len(results(alice, "anything", space, limit=limit)) == limit


def test_more_results_begin_with_the_same_ones(space: Space, alice: User) -> None:
    vectors = [[1.0, number / 250, 0, 0] for number in range(250)]
    shelf.put_many(shelf.repository(alice), vectors)
    few = results(alice, "f17 and f3", space, limit=10)
    many = results(alice, "f17 and f3", space, limit=100)
    assert many[:10] == few


class TestFind:
    """Without a space: words alone, and no encoder is loaded."""

    @pytest.fixture(autouse=True)
    def searchable(self, alice: User) -> None:
        """Something, so that every stage is gone through."""
        shelf.put(shelf.repository(alice, "fuzz"), "a.py", Written("def a(b): c", "a"))

    def test_finds_by_words(self, alice: User) -> None:
        shelf.put(shelf.repository(alice), "a.py", Written("def load(csv): ...", "load"))
        answer = find(alice, " load a CSV ")
        assert answer.query == "load a CSV"
        assert names(list(answer.results)) == ["load"]
        assert answer.notices == []

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=strategies.text(max_size=2_100))
    @example("'a' & | ! ( : * <->")
    @example("\\' \\\\ :ABCD")
    @example("a.b.c.d.e.f.g.h.i.j.k")
    @example('kind:class "an exact phrase" -path:tests')
    @example('"((" path:[a-( -lang:py')
    @example(f"x path:{'*a**?' * 40} path:{'[' * 200}")
    @example('x kind:"no')
    @example("+".join(f"word{number}" for number in range(200)))
    def test_any_text_has_an_answer_or_a_reason(self, alice: User, text: str) -> None:
        with suppress(BadQuery):
            assert find(alice, text).query == text.strip()

    def test_says_where_the_semantic_index_is_incomplete(self, alice: User, charlie: User) -> None:
        shelf.repository(alice, "shop", finished=False)
        shelf.repository(alice, "done")
        (notice,) = find(alice, "anything").notices
        assert "index of shop is still being built" in notice
        assert find(alice, "anything", repository="done").notices == []
        assert find(charlie, "anything").notices == []

    @pytest.mark.parametrize("limit", [0, 201])
    def test_refuses_a_limit(self, alice: User, limit: int) -> None:
        with pytest.raises(BadQuery):
            find(alice, "anything", limit=limit)

    def test_a_stranger_finds_what_is_public(self, alice: User) -> None:
        public = shelf.repository(alice, visibility=Visibility.PUBLIC)
        shelf.put(public, "a.py", Written("def load(csv): ...", "load"))
        assert names(list(find(AnonymousUser(), "csv").results)) == ["load"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("src/requests/sessions.py", "src.requests.sessions"),
        ("src/requests/__init__.py", "src.requests"),
        ("__init__.py", "__init__"),
        ("web/app.test.ts", "web.app.test"),
    ],
)
def test_a_module_is_called_by_its_path(path: str, name: str) -> None:
    assert module_name(path) == name


def test_a_module_has_a_name_and_a_page(space: Space, alice: User) -> None:
    file, definition = shelf.put(
        shelf.repository(alice), "src/shop/cart.py", Written("x = 1", "", EAST, kind="module")
    )
    (result,) = results(alice, "anything", space)
    assert result.definition.place.qualified_name == "src.shop.cart"
    assert result.definition.place.url == reverse("definition", args=[file.pk, definition.pk])
    assert SourceFile.objects.visible_to(alice).live().get() == file
