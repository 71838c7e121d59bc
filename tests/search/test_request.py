"""One request, whichever door it came through."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import CommandError, call_command
from django.test import Client

from search.candidates.path_rules import Order
from search.query.filters import BadQuery, Field, Filter
from search.ranking.balance import PRESETS
from search.request import (
    Likeness,
    PastedCode,
    SearchRequest,
    parse_search,
    parse_similar_to_code,
)
from search.results import Group
from tests import shelf
from tests.shelf import Written

Parameters = dict[str, list[str]]
NOBODY = AnonymousUser()


class TestParsing:
    def test_what_is_not_given_has_a_default(self) -> None:
        request = parse_search(NOBODY, {"q": ["load a csv"]})
        assert request == SearchRequest(NOBODY, request.query)
        assert request.query.text == "load a csv"

    def test_everything_can_be_given(self) -> None:
        request = parse_search(
            NOBODY,
            {
                "q": ["csv kind:class"],
                "repository": ["shop"],
                "repo": ["-other"],
                "path": [" src ", ""],
                "limit": ["5"],
                "order": ["plain"],
                "group": ["file"],
                "balance": ["words"],
            },
        )
        assert set(request.query.filters) == {
            Filter(Field.KIND, "class"),
            Filter(Field.REPOSITORY, "shop"),
            Filter(Field.REPOSITORY, "other", excluded=True),
            Filter(Field.PATH, "src"),
        }
        assert (request.limit, request.order, request.group, request.balance) == (
            5,
            Order.PLAIN,
            Group.FILE,
            PRESETS["words"],
        )

    def test_the_last_of_several_values_counts(self) -> None:
        assert parse_search(NOBODY, {"q": ["a", "b"], "limit": ["1", "2"]}).limit == 2

    @pytest.mark.parametrize(
        ("parameter", "value", "reason"),
        [
            *(
                ("limit", value, "The limit must be a whole number from 1 to 200.")
                for value in ("0", "201", "-1", "many", "", "1.5", "²", "٥")
            ),
            ("order", "best", "Unknown order “best”. Use implementations or plain."),
            ("order", "", "Unknown order “”. Use implementations or plain."),
            ("order", "x" * 99, f"Unknown order “{'x' * 50}…”. Use implementations or plain."),
            ("group", "?", "Unknown group “?”. Use definition or file."),
            ("balance", "?", "Unknown balance “?”. Use even, "),
            ("kind", "no", "Unknown kind “no”. Use function, method, class, interface, "),
            ("lang", "-cobol", "Unknown language “cobol”. Use python, "),
            ("path", "\udcff", "The filter contains bytes that are not UTF-8."),
            ("path", "\0", "The filter contains a NUL character."),
            ("repo", "x" * 201, "A filter has 201 characters; at most 200 are allowed."),
            ("repository", "x" * 201, "A filter has 201 characters; at most 200 are allowed."),
        ],
    )
    def test_a_bad_value_is_refused_by_its_name(
        self, parameter: str, value: str, reason: str
    ) -> None:
        with pytest.raises(BadQuery, match=re.escape(reason)) as raised:
            parse_search(NOBODY, {"q": ["csv"], parameter: [value]})
        assert raised.value.parameter == parameter

    def test_pasted_code_has_a_language(self) -> None:
        for language in ([], [""], [" "], ["py"], ["Python"]):
            request = parse_similar_to_code(NOBODY, {"code": [" x = 1"], "lang": language})
            assert request.example == PastedCode(" x = 1", "python")
            assert request.likeness == Likeness.BOTH

    @pytest.mark.parametrize(
        ("parameters", "parameter"),
        [
            ({}, "code"),
            ({"code": ["x"], "lang": ["-"]}, "lang"),
            ({"code": ["x"], "by": ["sound"]}, "by"),
            ({"code": ["x"], "limit": ["no"]}, "limit"),
        ],
    )
    def test_what_is_wrong_with_pasted_code(self, parameters: Parameters, parameter: str) -> None:
        with pytest.raises(BadQuery) as raised:
            parse_similar_to_code(NOBODY, parameters)
        assert raised.value.parameter == parameter


@pytest.fixture
def doors(
    client: Client, administrator: User, alice: User
) -> Iterator[list[Callable[[Parameters], list[str] | str]]]:
    """Page, REST and command line, each for someone who sees everything: the addresses of the
    results in their order, or the reason why there are none."""
    shop, other = shelf.repository(alice), shelf.repository(alice, "other")
    load = Written("def load(csv): read a csv", "load")
    shelf.put(shop, "src/load.py", load)
    shelf.put(shop, "src/more.py", Written("def more(csv): a csv, and rows", "more"))
    shelf.put(shop, "tests/load.py", Written("def check(csv): csv read", "check"))
    shelf.put(shop, "src/shelf.py", Written("class Csv: read = csv", "Csv", kind="class"))
    shelf.put(other, "csv/read.py", Written("def csv(rows): read", "csv"))
    _, second = shelf.put(shop, "gone.py", Written("def two(csv): more"), live=False)
    second.blob = shop.branches.get().source_files.get(path="src/load.py").blob
    second.save()
    client.force_login(administrator)

    def page(parameters: Parameters) -> list[str] | str:
        shown = client.get("/", parameters).content.decode()
        alert = re.search(r'role="alert" id="search-error"><p>([^<]*?) ?<', shown)
        return unescape(alert[1]) if alert else re.findall(r'<h2><a href="([^"?]+)', shown)

    def rest(parameters: Parameters) -> list[str] | str:
        answer = client.get("/api/v1/search", parameters).json()
        if "results" in answer:
            return [result["url"].removeprefix("http://testserver") for result in answer["results"]]
        for (reason,) in answer.get("errors", {}).values():
            return str(reason)
        return str(answer["detail"])

    def command(parameters: Parameters) -> list[str] | str:
        out = StringIO()
        options = [
            f"--{name}={value}"
            for name, values in parameters.items()
            for value in values
            if name != "q"
        ]
        try:
            call_command("search", *parameters["q"], "--json", *options, stdout=out)
        except CommandError as error:
            return str(error)
        return [result["url"] for result in json.loads(out.getvalue())["results"]]

    return [page, rest, command]


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 6),
        ({"limit": ["2"]}, 2),
        ({"order": ["plain"]}, 6),
        ({"group": ["file"]}, 5),
        ({"balance": ["words"]}, 6),
        ({"balance": ["0.5,1,0"], "group": ["file"], "order": ["plain"]}, 5),
        ({"repository": ["other"]}, 1),
        ({"repo": ["alice/other"]}, 1),
        ({"repo": ["-other"]}, 5),
        ({"repo": ["other"], "repository": ["shop"]}, 6),
        ({"path": ["src", "-load"]}, 2),
        ({"lang": ["py"], "kind": ["class", "method"]}, 1),
        ({"lang": ["-python"]}, 0),
    ],
)
def test_all_doors_answer_alike(
    doors: list[Callable[[Parameters], list[str] | str]], parameters: Parameters, count: int
) -> None:
    # The page groups by file unless told otherwise
    asked = {"q": ["read a csv"], "group": ["definition"], **parameters}
    answers = [door(asked) for door in doors]
    assert len(answers[0]) == count
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": ["0"]},
        {"limit": ["many"]},
        {"order": ["best"]},
        {"group": ["folder"]},
        {"balance": ["2"]},
        {"kind": ["no"]},
        {"lang": ["cobol"]},
        {"path": ["x" * 201]},
        {"path": ["x"] * 21},
        {"repo": ["none"]},
        {"repository": ["none"]},
        {"repository": ["-other"]},
    ],
)
def test_all_doors_refuse_alike(
    doors: list[Callable[[Parameters], list[str] | str]], parameters: Parameters
) -> None:
    reasons = [door({"q": ["csv"], **parameters}) for door in doors]
    assert isinstance(reasons[0], str)
    assert reasons[0] == reasons[1] == reasons[2]


def test_the_page_keeps_and_shows_filters_of_its_address(client: Client, alice: User) -> None:
    client.force_login(alice)
    shown = client.get("/", {"q": "csv", "path": ["src", "-<b>"]}).content.decode()
    assert '<input type="hidden" name="path" value="src">' in shown
    assert '<input type="hidden" name="path" value="-&lt;b&gt;">' in shown
    assert "<code>-path:&lt;b&gt;</code>" in shown
    assert 'href="?q=csv&amp;path=-%3Cb%3E" aria-label="Remove the filter path:src"' in shown
