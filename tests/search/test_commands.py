from __future__ import annotations

import json
import logging
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import (
    CommandError,
    call_command,
    find_commands,
    load_command_class,
)
from django.core.management.base import OutputWrapper

import codeindex.management
from codeindex.management.terminal import Formatter
from tests import shelf
from tests.shelf import Written

RESULT_KEYS = {
    "owner", "repository", "branch", "commit", "indexed", "permalink", "host_link",
    "path", "start_line", "end_line", "kind", "qualified_name", "score",
    "score_parts", "lines", "closeness", "lowered", "source",
    "docstring", "predicted_names", "url", "also",
}  # fmt: skip


def search(*arguments: str, **options: object) -> str:
    out = StringIO()
    call_command("search", *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def shop(alice: User) -> None:
    """Private: the command line sees it all the same."""
    made = shelf.repository(alice)
    load = Written("def load(csv):\n    '''Read it.'''", "load", docstring="Read it.")
    shelf.put(made, "src/load.py", load)
    shelf.put(shelf.repository(alice, "other"), "save.py", Written("def save(csv): ...", "save"))


def test_prints_results_for_people(shop: None) -> None:
    printed = search("load a csv")
    assert "1. src/load.py:1  load\n   function in shop, score " in printed
    assert "        1 │ def load(csv):\n        2 │     '''Read it.'''\n" in printed


def test_prints_an_answer_a_line_for_programs(shop: None) -> None:
    answer = json.loads(search("load a csv", "--json", "--limit", "1"))
    assert set(answer) == {"query", "results"}
    (result,) = answer["results"]
    assert set(result) == RESULT_KEYS
    assert (result["repository"], result["path"], result["docstring"]) == (
        "shop",
        "src/load.py",
        "Read it.",
    )
    assert (result["start_line"], result["end_line"], result["kind"]) == (1, 2, "function")
    assert result["source"] == "def load(csv):\n    '''Read it.'''"
    assert result["url"].startswith("/files/")


def test_a_file_lists_its_other_definitions(alice: User) -> None:
    shop = shelf.repository(alice)
    _, best = shelf.put(shop, "tests/a.py", Written("def csv(): ...", "csv"))
    _, other = shelf.put(shop, "gone.py", Written("def more(csv): rows", "more"), live=False)
    other.blob = best.blob
    other.save()
    printed = search("csv", "--group", "file")
    assert printed.count("1. tests/a.py:1  csv") == 1
    assert ", ranked lower as test\n" in printed
    assert "\n   also tests/a.py:1  more\n" in printed


def test_keeps_to_a_repository(shop: None) -> None:
    (result,) = json.loads(search("csv", "--json", "--repository", "other"))["results"]
    assert result["qualified_name"] == "save"


def test_answers_a_file_of_queries_in_order(shop: None, tmp_path: Path) -> None:
    file = tmp_path / "queries.txt"
    file.write_bytes(b"save\n\nload\nnothing of it\n\xff")
    lines = [json.loads(line) for line in search("--queries", str(file)).splitlines()]
    assert [line["query"] for line in lines] == ["save", "", "load", "nothing of it", "\udcff"]
    names = [[result["qualified_name"] for result in line["results"]] for line in lines]
    assert names == [["save"], [], ["load"], [], []]
    assert lines[1]["error"] == "The query is empty."
    assert "UTF-8" in lines[4]["error"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([""], "empty"),
        (["x" * 3000], "3,000 characters"),
        (["x", "--repository", "none"], "no repository none"),
        (["x", "--limit", "201"], "from 1 to 200"),
        (["--queries", "/does/not/exist"], "No such file"),
        ([], "required"),
    ],
)
def test_says_what_is_wrong(db: None, arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        search(*arguments)


def test_says_that_nothing_was_found(db: None) -> None:
    assert search("anything") == "No results.\n"


class TestTerminal:
    """What strangers wrote steers no terminal."""

    STEERING = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eevil\x7f"
    SPELT_OUT = r"\x1b]0;title\x07\x1b[2J\x9b31m\u202eevil\x7f"

    @pytest.fixture
    def hostile(self, alice: User) -> None:
        source = f"def {self.STEERING}(csv):\n\t'é'\n"
        shelf.put(
            shelf.repository(alice, f"shop{self.STEERING}"),
            f"src/{self.STEERING}.py",
            Written(source, f"load{self.STEERING}"),
        )

    def test_results_are_printed_harmless(self, hostile: None) -> None:
        printed = search("load csv")
        assert printed.count(self.SPELT_OUT) == 4
        assert "'é'" in printed
        assert all(letter.isprintable() or letter in "\n\t" for letter in printed)

    def test_json_is_exact(self, hostile: None) -> None:
        (result,) = json.loads(search("load csv", "--json"))["results"]
        assert result["path"] == f"src/{self.STEERING}.py"

    @pytest.mark.parametrize("name", find_commands(codeindex.management.__path__[0]))
    def test_every_command_prints_harmless_errors(self, name: str) -> None:
        errors = StringIO()
        command = load_command_class("codeindex", name)
        command.stderr = OutputWrapper(errors)
        command.stderr.write(f"There is no {self.STEERING}.")
        assert errors.getvalue() == f"There is no {self.SPELT_OUT}.\n"

    def test_so_are_log_lines(self) -> None:
        record = logging.makeLogRecord({"msg": "%s failed", "args": (self.STEERING,)})
        assert Formatter("%(message)s").format(record) == f"{self.SPELT_OUT} failed"


def test_names_that_disagree_with_their_code_are_counted(alice: User) -> None:
    shelf.space()
    made = shelf.repository(alice)
    for name, predicted in (("load", "read_table"), ("read", "read_table"), ("save", "write")):
        score = 0.5 if name == "save" else 0.7
        source = f"def {name}(): return {score}"
        shelf.put(
            made,
            f"{name}.py",
            Written(source, name, (1, 0, 0, 0), predicted_names=((predicted, score),)),
        )
    out = StringIO()
    call_command("name-disagreements", "shop", stdout=out)
    assert "1 of 3 functions with predicted names disagree with them (33.3%)." in out.getvalue()
    assert "load in shop:load.py is rather read_table (0.70)" in out.getvalue()
