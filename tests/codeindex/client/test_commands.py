"""The command `codeindex` against a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from codeindex.accounts import tokens
from codeindex.client import Client
from codeindex.client.cli import main
from codeindex.models import Repository
from tests import shelf
from tests.codeindex.client.conftest import LOAD, Command
from tests.git import GitRepository
from tests.shelf import Written

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[3]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class TestSearch:
    def test_prints_the_place_first_and_the_lines(
        self, shop: Repository, as_alice: Command
    ) -> None:
        done = as_alice("search", "read", "a", "csv", "--limit", "1")
        assert done.exit_code == 0
        title, *lines = done.stdout.splitlines()
        assert title.startswith("src/load.py:1  load  function in alice/shop, ")
        assert lines == [
            "  1 │ def load(path):",
            '  2 │     """Read a csv file."""',
            "  3 │     return open(path)",
        ]

    def test_prints_an_object_a_result(self, shop: Repository, as_alice: Command) -> None:
        done = as_alice("search", "path", "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert {row["qualified_name"] for row in rows} == {"load", "save"}
        assert LOAD in [row["source"] for row in rows]

    def test_many_results_come_in_pages(self, alice: User, as_alice: Command) -> None:
        made = shelf.repository(alice)
        for number in range(205):
            written = Written(f"def load_{number}(csv): ...", f"load_{number}")
            shelf.put(made, f"{number}.py", written)
        done = as_alice("search", "csv", "--limit", "203", "--json")
        paths = [json.loads(line)["path"] for line in done.stdout.splitlines()]
        assert len(paths) == len(set(paths)) == 203

    def test_highlights_the_words_of_the_query_if_asked_to(
        self, shop: Repository, as_alice: Command
    ) -> None:
        colored = as_alice("search", "csv", "--color", "always", color=True).stdout
        assert "\x1b[31m\x1b[1mcsv\x1b[0m file" in colored
        assert ESCAPE.sub("", colored) == as_alice("search", "csv").stdout

    def test_no_color_wins_over_a_terminal(
        self, shop: Repository, as_alice: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b" not in as_alice("search", "csv", color=True).stdout

    def test_all_fields_of_a_request_are_sent(self, shop: Repository, as_alice: Command) -> None:
        options = [
            *(
                "--repo",
                "shop",
                "--rev",
                "HEAD",
                "--path=-save",
                "--lang",
                "python",
                "--kind",
                "function",
            ),
            *("--limit", "5", "--order", "plain", "--group", "file", "--balance", "words"),
        ]
        done = as_alice("search", "path", *options)
        assert done.exit_code == 0, done.stderr
        assert "src/load.py" in done.stdout
        assert "src/save.py" not in done.stdout

    def test_a_stranger_finds_nothing(
        self, shop: Repository, command: Command, live_server: LiveServer
    ) -> None:
        done = command("search", "csv", env={"CODEINDEX_URL": live_server.url})
        assert (done.exit_code, done.stdout) == (1, "")

    def test_what_strangers_wrote_steers_no_terminal(self, alice: User, as_alice: Command) -> None:
        steering = "\x1b]0;title\x07\u202e"
        hostile = Written(f"def {steering}(csv):\n    pass\n", f"load{steering}")
        shelf.put(shelf.repository(alice, f"shop{steering}"), f"src/{steering}.py", hostile)
        printed = as_alice("search", "csv").stdout
        assert printed.count(r"\x1b]0;title\x07\u202e") == 4
        assert all(letter.isprintable() or letter == "\n" for letter in printed)

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ([""], "The query is empty"),
            (["csv", "--repo", "none"], "no repository none"),
            (["csv", "--rev", "none"], "none"),
            (["csv", "--balance", "odd"], "odd"),
        ],
    )
    def test_says_what_is_wrong(
        self, shop: Repository, as_alice: Command, arguments: list[str], reason: str
    ) -> None:
        done = as_alice("search", *arguments)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert done.stderr.startswith("codeindex: ")
        assert reason in done.stderr


class TestGrep:
    def test_prints_as_grep_does(self, shop: Repository, as_alice: Command) -> None:
        done = as_alice("grep", r"def \w+\(path")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.splitlines() == [
            "alice/shop:src/load.py:1:def load(path):",
            "alice/shop:src/save.py:1:def save(path):",
        ]

    def test_highlights_matches(self, shop: Repository, as_alice: Command) -> None:
        printed = as_alice("grep", "save", "--color", "always", color=True).stdout
        assert "def \x1b[31m\x1b[1msave\x1b[0m(path)" in printed

    def test_prints_an_object_a_line(self, shop: Repository, as_alice: Command) -> None:
        (line,) = as_alice("grep", "save", "--json").stdout.splitlines()
        row = json.loads(line)
        assert (row["repository"], row["path"], row["line"]) == ("shop", "src/save.py", 1)
        assert (row["text"], row["matches"]) == ("def save(path):", [[4, 8]])

    def test_the_pattern_is_exact_text_if_asked_to(
        self, shop: Repository, as_alice: Command
    ) -> None:
        assert as_alice("grep", r"\w+").exit_code == 0
        assert as_alice("grep", "-F", r"\w+").exit_code == 1

    def test_goes_on_until_there_are_enough_files(
        self, shop: Repository, as_alice: Command
    ) -> None:
        first = as_alice("grep", "path", "--limit", "1")
        assert {line.partition(":1")[0] for line in first.stdout.splitlines()} <= {
            "alice/shop:src/load.py",
            "alice/shop:src/load.py:3:    return open(path)",
        }
        after = first.stderr.rpartition("--after ")[2].strip()
        rest = as_alice("grep", "path", "--after", after).stdout
        assert rest.startswith("alice/shop:src/save.py:1:")

    def test_a_wrong_pattern_is_refused(self, shop: Repository, as_alice: Command) -> None:
        done = as_alice("grep", "(")
        assert done.exit_code == 2
        assert "missing" in done.stderr


class TestRead:
    @pytest.mark.parametrize(
        ("address", "lines"),
        [
            ("alice/shop:src/load.py", LOAD.split("\n")),
            ("shop:src/load.py", LOAD.split("\n")),
            ("alice/shop:src/load.py#L1", ["def load(path):"]),
            ("alice/shop:src/load.py#L2-L3", LOAD.split("\n")[1:]),
            ("alice/shop:src/load.py:2-3", LOAD.split("\n")[1:]),
            ("alice/shop@c0ffeec0:src/load.py#L1", ["def load(path):"]),
        ],
    )
    def test_prints_lines(
        self, shop: Repository, as_alice: Command, address: str, lines: list[str]
    ) -> None:
        done = as_alice("read", address)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.splitlines() == lines

    def test_prints_an_object(self, shop: Repository, as_alice: Command) -> None:
        row = json.loads(as_alice("read", "shop:src/load.py#L1", "--json").stdout)
        assert (row["owner"], row["content"]) == ("alice", "def load(path):")

    @pytest.mark.parametrize("address", ["alice/shop:none.py", "alice/none:src/load.py"])
    def test_what_is_not_there_is_told(
        self, shop: Repository, as_alice: Command, address: str
    ) -> None:
        done = as_alice("read", address)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "none" in done.stderr

    @pytest.mark.parametrize("address", ["src/load.py", "", ":a", "a:"])
    def test_what_is_no_address_is_told(self, as_alice: Command, address: str) -> None:
        assert as_alice("read", address).exit_code == 2

    def test_a_stranger_reads_nothing(
        self, shop: Repository, command: Command, live_server: LiveServer
    ) -> None:
        hidden, unknown = (
            command("read", f"{name}:src/load.py", env={"CODEINDEX_URL": live_server.url})
            for name in ("alice/shop", "alice/nope")
        )
        assert hidden.exit_code == unknown.exit_code == 2
        assert hidden.stderr.replace("shop", "nope") == unknown.stderr


class TestStatus:
    def test_lists_what_the_user_may_see(self, shop: Repository, as_alice: Command) -> None:
        done = as_alice("status")
        assert done.exit_code == 0
        assert done.stdout.startswith("alice/shop  published")
        assert "c0ffee" in done.stdout

    def test_lists_all_pages(
        self, shop: Repository, alice: User, live_server: LiveServer, token: str
    ) -> None:
        names = {"shop", *(f"r{number}" for number in range(1_001))}
        Repository.objects.bulk_create(
            Repository(owner=alice, name=name, url="https://example.org/a.git")
            for name in names - {"shop"}
        )
        with Client(live_server.url, token) as client:
            assert {each.name for each in client.repositories()} == names

    @pytest.mark.parametrize("name", ["shop", "alice/shop"])
    def test_of_one_repository(self, shop: Repository, as_alice: Command, name: str) -> None:
        (line,) = as_alice("status", name, "--json").stdout.splitlines()
        assert json.loads(line)["name"] == "shop"

    def test_of_a_hidden_one_is_that_of_none(
        self, shop: Repository, command: Command, live_server: LiveServer
    ) -> None:
        environment = {"CODEINDEX_URL": live_server.url}
        hidden, unknown = (command("status", name, env=environment) for name in ("shop", "nope"))
        assert hidden.exit_code == unknown.exit_code == 1
        assert hidden.stderr == unknown.stderr.replace("nope", "shop")


class TestIndex:
    def test_registers_and_then_indexes_again(
        self, source: GitRepository, settings: object, as_alice: Command
    ) -> None:
        settings.CODEINDEX_LOCAL_ROOTS = [source.path.parent]  # type: ignore[attr-defined]
        source.commit({"a.py": "def a(): pass\n"})
        for _ in range(2):
            done = as_alice("index", str(source.path))
            assert done.exit_code == 0, done.stderr
            assert done.stdout == "alice/shop is queued.\n"
        assert Repository.objects.count() == 1

    def test_of_branches_and_tags_that_match(
        self, source: GitRepository, settings: object, as_alice: Command
    ) -> None:
        settings.CODEINDEX_LOCAL_ROOTS = [source.path.parent]  # type: ignore[attr-defined]
        source.commit({"a.py": "def a(): pass\n"})
        options = ("--branches", "release/*", "--tags", "v*", "--newest", "3")
        for pattern in ("x/*", "release/*"):
            done = as_alice("index", str(source.path), *options, "--branches", pattern)
            assert done.exit_code == 0, done.stderr
        made = Repository.objects.get()
        assert (made.branch_patterns, made.tag_patterns) == (["release/*"], ["v*"])
        assert (made.newest, made.branches.get().name) == (3, "")
        refused = as_alice("index", str(source.path), "--tags", "[")
        assert (refused.exit_code, "matches no name" in refused.stderr) == (2, True)

    def test_needs_a_token(self, command: Command, live_server: LiveServer) -> None:
        done = command("index", "https://example.org/a.git", env={"CODEINDEX_URL": live_server.url})
        assert done.exit_code == 2
        assert "codeindex login" in done.stderr

    def test_needs_the_scope(self, command: Command, live_server: LiveServer, alice: User) -> None:
        token = tokens.issue(alice, by=alice, scopes=["search"])
        environment = {"CODEINDEX_URL": live_server.url, "CODEINDEX_TOKEN": token}
        done = command("index", "https://example.org/a.git", env=environment)
        assert done.exit_code == 2
        assert done.stderr == 'codeindex: The token lacks the scope "index".\n'

    def test_says_why_an_address_is_refused(self, as_alice: Command) -> None:
        done = as_alice("index", "file:///etc")
        assert done.exit_code == 2
        assert "url: " in done.stderr


@pytest.mark.parametrize("arguments", [[], *([name] for name in sorted(main.commands))])
def test_every_command_explains_itself(command: Command, arguments: list[str]) -> None:
    done = command(*arguments, "--help")
    assert done.exit_code == 0
    assert "Usage: " in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(command: Command, shell: str) -> None:
    script = command("completion", shell)
    assert script.exit_code == 0
    assert f"_CODEINDEX_COMPLETE={shell}_complete" in script.stdout


def test_commands_and_options_are_completed() -> None:
    words = {"COMP_WORDS": "codeindex search --gr", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "codeindex.client"],
        env={**words, "_CODEINDEX_COMPLETE": "bash_complete", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "plain,--group\n"


def test_starts_without_the_server_and_its_libraries() -> None:
    heavy = "{'celery', 'django', 'numpy', 'torch', 'codeindex.models', 'embeddings', 'search'}"
    loading = f"import sys, codeindex.client.cli; sys.exit(str({heavy} & set(sys.modules) or ''))"
    done = subprocess.run(
        [sys.executable, "-c", loading], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.stderr.strip() == ""


def test_the_command_of_a_clone_imports_nothing_from_where_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('run by a stranger')")
    link = PROJECT / "codeindex/client/command.sh"
    done = subprocess.run([link, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("codeindex "), done.stderr


def test_a_reader_that_has_gone_is_no_error(
    shop: Repository, live_server: LiveServer, token: str
) -> None:
    own = {"CODEINDEX_URL": live_server.url, "CODEINDEX_TOKEN": token, "PYTHONPATH": str(PROJECT)}
    command = f"{sys.executable} -m codeindex.client search path --json | true"
    done = subprocess.run(["sh", "-c", command], env=own, capture_output=True, text=True)
    assert done.stderr == ""
