from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, example, given, settings, strategies

from codeindex.models import Repository, Space, Text
from search.candidates import scopes
from search.candidates.branches import UnknownRepository
from search.candidates.vectors import QueryVector, nearest_texts
from search.query import filters, parsing
from search.query.filters import BadQuery, Field, Filter
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

KINDS = (
    "function, method, class, interface, trait, enum, type, macro, property, constant, block, "
    "section, cell, file or module."
)


def only(*taken: tuple[str, str]) -> tuple[Filter, ...]:
    """Filters by field and value; a `-` before the field excludes."""
    return tuple(
        Filter(Field(field.removeprefix("-")), value, field.startswith("-"))
        for field, value in taken
    )


def names(typed: str) -> list[tuple[str, ...]]:
    return [name.parts for name in parsing.parse_query(typed).names]


class TestReading:
    @pytest.mark.parametrize(
        ("typed", "text", "taken"),
        [
            ("load repo:shop a csv", "load a csv", only(("repo", "shop"))),
            ("repo:alice/shop load", "load", only(("repo", "alice/shop"))),
            ("load -path:tests", "load", only(("-path", "tests"))),
            ('load path:"my folder/"', "load", only(("path", "my folder/"))),
            ("load kind:Class lang:PY", "load", only(("kind", "class"), ("lang", "python"))),
            ("load -lang:typescript", "load", only(("-lang", "typescript"))),
            ("load label:Test", "load", only(("label", "test"))),
            ('"read a csv"', "read a csv", only(("phrase", "read a csv"))),
            ('load -"read a csv"', "load", only(("-phrase", "read a csv"))),
            ("repo:shop -path:tests", "", only(("repo", "shop"), ("-path", "tests"))),
        ],
    )
    def test_filters_are_taken_out(self, typed: str, text: str, taken: tuple[Filter, ...]) -> None:
        query = parsing.parse_query(typed)
        assert (query.typed, query.text, query.filters) == (typed, text, taken)

    @pytest.mark.parametrize(
        "text",
        [
            "std::vector of http://x.org/a",
            "foo:bar",
            'an "unbalanced quote',
            'path:"unbalanced',
            '""',
            '" "',
            'print("hello world")',
            "path: what is it",
            "f(path:str)",
            'def f():\n    x = "a phrase" kind:none',
            "--path:x",
        ],
    )
    def test_all_else_is_text(self, text: str) -> None:
        query = parsing.parse_query(text)
        assert (query.text, query.filters) == (text, ())

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("x kind:none", f"Unknown kind “none”. Use {KINDS}"),
            ("x lang:cobol", "Unknown language “cobol”. Use python, "),
            ("", "The query is empty."),
            (f"x path:{'a' * 201}", "A filter has 201 characters; at most 200 are allowed."),
            ("x" + " path:a" * 21, "The query has 21 filters; at most 20 are allowed."),
        ],
    )
    def test_a_bad_one_is_refused_with_the_reason(self, text: str, reason: str) -> None:
        with pytest.raises(BadQuery, match=re.escape(reason)):
            parsing.parse_query(text)

    def test_a_name_may_be_filtered_too(self) -> None:
        assert names("Session.request lang:python") == [("Session", "request")]


@pytest.mark.parametrize(
    ("value", "path", "matches"),
    [
        ("tests", "src/mytests/a.py", True),
        ("/tests", "src/mytests/a.py", False),
        ("/tests/", "src/tests/a.py", True),
        ("/src", "src/a.py", True),
        ("a.b", "a_b.py", False),
        ("*.py", "src/a.py", True),
        ("*.py", "src/a.pyi", False),
        ("src/*.py", "lib/src/a.py", True),
        ("src/*.py", "src/deeper/a.py", False),
        ("src/**/*.py", "src/deeper/a.py", True),
        ("src/**/*.py", "src/a.py", True),
        ("src/**", "src/deeper/a.py", True),
        ("/src/*.py", "lib/src/a.py", False),
        ("test_?.py", "test_a.py", True),
        ("[id]*", "[id].tsx", True),
        ("[id]*", "i.tsx", False),
    ],
)
def test_paths(value: str, path: str, matches: bool) -> None:
    assert bool(re.search(filters.path_pattern(value), path)) is matches


class TestFinding:
    @pytest.fixture(autouse=True)
    def shelves(self, alice: User) -> None:
        shop, other = shelf.repository(alice), shelf.repository(alice, "other")
        shelf.put(shop, "src/load.py", Written("def load(csv): read a csv", "load"))
        shelf.put(shop, "tests/load.py", Written("def check(csv): csv read", "check"))
        shelf.put(shop, "src/shelf.py", Written("class Csv: pass", "Csv", kind="class"))
        shelf.put(other, "Main.go", Written("func csv() { reread csv }", "csv"))
        Text.objects.filter(definitions__blob__source_files__path="Main.go").update(language="go")

    @pytest.mark.parametrize("many", [False, True])
    @pytest.mark.parametrize(
        ("typed", "names"),
        [
            ("csv", {"load", "check", "Csv", "csv"}),
            ("csv repo:other", {"csv"}),
            ("csv repo:other repo:shop", {"load", "check", "Csv", "csv"}),
            ("csv -repo:alice/other", {"load", "check", "Csv"}),
            ("csv path:src", {"load", "Csv"}),
            ("csv path:SRC/l*", {"load"}),
            ("csv path:src path:load", {"load"}),
            ("csv -path:tests -path:Main", {"load", "Csv"}),
            ("csv lang:go", {"csv"}),
            ("csv lang:go lang:python kind:class", {"Csv"}),
            ("csv -lang:go", {"load", "check", "Csv"}),
            ("csv kind:class", {"Csv"}),
            ("csv -kind:class -kind:method", {"load", "check", "csv"}),
            ('"read a CSV"', {"load"}),
            ('csv "read"', {"load", "check"}),
            ('csv -"read a csv"', {"check", "Csv", "csv"}),
            ('csv "a"', {"load"}),
            ('csv "(csv)"', {"load", "check"}),
            ("csv path:nowhere", set()),
        ],
    )
    def test_what_is_kept(
        self,
        alice: User,
        typed: str,
        names: set[str],
        many: bool,
        settings: Any,
    ) -> None:
        if many:
            settings.CODEINDEX_EXACT_TEXTS = 0
        results = find(alice, typed).results
        assert {result.definition.place.qualified_name for result in results} == names

    def test_a_name_is_found_under_a_filter(self, alice: User) -> None:
        assert [
            result.definition.place.path for result in find(alice, "check -path:src").results
        ] == ["tests/load.py"]

    def test_a_similar_value_is_proposed(self, alice: User) -> None:
        with pytest.raises(BadQuery, match=r"Unknown kind “metod”. Did you mean method\? Use "):
            find(alice, "csv kind:metod")
        with pytest.raises(
            BadQuery, match=r"Unknown language “phyton”. Did you mean python\? Use "
        ):
            find(alice, "csv lang:phyton")
        with pytest.raises(UnknownRepository, match=r"repository Shpo. Did you mean shop\?$"):
            find(alice, "csv repo:Shpo")

    def test_a_hidden_repository_is_not_proposed(self, charlie: User) -> None:
        with pytest.raises(UnknownRepository, match=r"There is no repository shops\.$"):
            find(charlie, "csv repo:shops")

    def test_a_stranger_s_filters_tell_nothing(self, charlie: User) -> None:
        with pytest.raises(UnknownRepository, match="There is no repository shop"):
            find(charlie, "csv -repo:shop")
        assert find(charlie, "csv kind:class path:src").results == []

    def test_one_file_must_meet_all(self, alice: User, charlie: User) -> None:
        """The text lies in a Go file that is hidden and in a visible one of another path."""
        own = shelf.repository(charlie, "own")
        shelf.put(own, "elsewhere.py", Written("def load(csv): read a csv", "load"))
        results = find(charlie, "csv path:src").results
        assert results == []
        (result,) = find(charlie, "csv path:elsewhere").results
        assert result.definition.place.repository == "own"


QUOTED = strategies.builds('{}"{}"'.format, strategies.sampled_from(["", "-"]), strategies.text())
PREFIXED = strategies.builds(
    "{}{}:{}".format,
    strategies.sampled_from(["", "-"]),
    strategies.sampled_from(["repo", "path", "lang", "kind", "foo"]),
    strategies.one_of(
        strategies.text(), strategies.sampled_from(["go", "class", "**/a*?", "shop"])
    ),
)
TYPED = strategies.lists(strategies.one_of(strategies.text(), QUOTED, PREFIXED), max_size=6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=TYPED)
@example(["x", f"path:{'*a**?b' * 33}"])
@example(["x", f"path:{'(a|b)*[' * 25}", '"\\y \\"'])
@example(["x", '-"the"', '"the of"', '"été"'])
@example(["two\r\nlines"])
def test_whatever_is_typed_has_an_answer_or_a_reason(alice: User, pieces: list[str]) -> None:
    if not Repository.objects.exists():
        shelf.put(shelf.repository(alice), "src/a.go", Written("def the(x): été", "the"))
    typed = " ".join(pieces)
    with suppress(BadQuery, UnknownRepository):
        assert find(alice, typed).query == typed.strip().replace("\r\n", "\n")


class TestManyPaths:
    """However a filter's wildcards are set, a search among many files ends."""

    PATHS = """
        INSERT INTO codeindex_sourcefile (branch_id, blob_id, from_run_id, live, path)
        SELECT branch_id, blob_id, from_run_id, live,
               format('project%s/admin/dodecahedron%s/module_%s.py', n % 7, n % 50, n)
        FROM codeindex_sourcefile, generate_series(1, 20000) AS n WHERE path = 'a.py'
    """

    def test_globs_end_in_time(self, alice: User) -> None:
        shelf.put(shelf.repository(alice), "a.py", Written("def read(csv): ...", "read"))
        with connection.cursor() as cursor:
            cursor.execute(self.PATHS)
        for kept_to, count in {
            " ".join(["-path:*d**d*"] * 19): 1,
            " ".join([*(f"-path:*d**d*{number}zz" for number in range(18)), "-path:*d**d*"]): 1,
            f"path:{'?**' * 49}": 0,
            f"-path:{'**/?' * 49}": 1,
            "path:**/module_19999.py -path:project1": 1,
        }.items():
            assert len(find(alice, f"read csv {kept_to}").results) == count, kept_to

    def test_more_wildcards_than_anybody_needs_are_refused(self) -> None:
        with pytest.raises(BadQuery, match="have 101 wildcards; at most 100 are allowed"):
            parsing.parse_query(f"x path:a* -path:{'*?' * 50}")
        assert parsing.parse_query(f"x path:{'*?' * 50}").filters


class TestCounting:
    """Whether vectors are compared exactly depends on how many texts the filters keep."""

    def test_few_are_kept_of_many(self, space: Space, alice: User, settings: Any) -> None:
        settings.CODEINDEX_EXACT_TEXTS = 10
        shop = shelf.repository(alice)
        shelf.put_many(shop, np.eye(40, shelf.DIMENSIONS).tolist())
        shelf.put(shop, "one.py", Written("def one(): ...", "one", (1, 0, 0, 0)))
        whole, few, many = (
            scopes.scope_for(alice, parsing.parse_query(f"x {typed}").filters)
            for typed in ("", "path:one", "kind:function")
        )
        assert [within.is_small for within in (whole, few, many)] == [False, True, False]
        assert (few.texts, many.texts) == (1, whole.texts)
        assert len(nearest_texts(QueryVector(space, [1.0, 0, 0, 0]), few, 10)) == 1
        assert len(nearest_texts(QueryVector(space, [1.0, 0, 0, 0]), many, 30)) == 30


class TestParameters:
    @pytest.fixture(autouse=True)
    def signed_in(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        shop = shelf.repository(alice)
        shelf.put(shop, "src/load.py", Written("def load(csv): ...", "load"))
        shelf.put(shop, "src/shelf.py", Written("class Csv: pass", "Csv", kind="class"))

    @pytest.mark.parametrize(
        ("parameters", "paths"),
        [
            ({"repo": "shop", "kind": ["class", "method"]}, {"src/shelf.py"}),
            ({"path": ["src", "-load"]}, {"src/shelf.py"}),
            ({"lang": "py", "repo": ["", "-"]}, {"src/load.py", "src/shelf.py"}),
            ({"lang": "-python"}, set()),
        ],
    )
    def test_say_the_same(
        self, client: Client, parameters: dict[str, str | list[str]], paths: set[str]
    ) -> None:
        answer = client.get("/api/v1/search", {"q": "csv", **parameters}).json()
        assert {result["path"] for result in answer["results"]} == paths

    @pytest.mark.parametrize(
        ("parameters", "status", "answer"),
        [
            ({"kind": "no"}, 400, {"kind": [f"Unknown kind “no”. Use {KINDS}"]}),
            ({"order": "best"}, 400, {"order": ["Unknown order “best”. Use implementations or "
                                                "plain."]}),
            ({"repo": "none"}, 404, {"detail": "There is no repository none."}),
        ],
    )  # fmt: skip
    def test_bad_ones(
        self, client: Client, parameters: dict[str, str], status: int, answer: dict[str, object]
    ) -> None:
        response = client.get("/api/v1/search", {"q": "csv", **parameters})
        assert response.status_code == status
        assert response.json().items() >= answer.items()

    def test_the_page_says_what_there_is(self, client: Client) -> None:
        assert "-path:tests" in client.get("/?q=csv").content.decode()
        bad = client.get("/", {"q": "csv kind:no"})
        assert bad.status_code == 400
        assert "Unknown kind “no”. Use function, method" in bad.content.decode()
