"""`codeindex names` against a real server, in real work trees."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex.client.cli import changes
from codeindex.models import NameDismissal, Repository
from codeindex.quality import checks
from codeindex.spaces import encoders
from embeddings.naming.disagreement import Thresholds
from tests import shelf
from tests.codeindex.client.conftest import Command
from tests.git import GitRepository
from tests.shelf import Written

pytestmark = pytest.mark.django_db(transaction=True)

BAD = "def count_words(path):\n    return open(path).read()\n"
GOOD = "def read_file(path):\n    return open(path)\n"


class Reader:
    """Takes everything that opens a file for `read_file`, in Python alone."""

    name_thresholds = Thresholds()

    def predict_names(self, texts: Sequence[str], k: int = 5, language: str = "python") -> Any:
        known = [("read_file", 0.8), ("open", 0.3), ("path", 0.1)]
        return [known if "open" in text and language == "python" else [] for text in texts]


@pytest.fixture(autouse=True)
def encoder() -> Iterator[None]:
    before = encoders.searcher
    encoders.searcher = SimpleNamespace(encoder=Reader)  # type: ignore[assignment]
    yield
    encoders.searcher = before


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitRepository:
    """On a branch that adds a file to the main branch."""
    made = GitRepository.made(tmp_path / "tree")
    made.commit({"old.py": BAD})
    made.git("switch", "--quiet", "--create", "more")
    made.commit({"src/new.py": f"import os\n\n\n{GOOD}\n\n{BAD}"})
    monkeypatch.chdir(made.path / "src")
    return made


class TestChanged:
    def test_names_what_the_branch_has_changed(
        self, tree: GitRepository, as_alice: Command
    ) -> None:
        done = as_alice("names", "--changed")
        assert done.exit_code == 0, done.stderr
        assert done.stdout == "src/new.py:8  count_words → read_file, open (0.80)\n"
        assert "2 changed functions judged." in done.stderr

    @pytest.mark.parametrize(("base", "status"), [("main", 1), ("HEAD", 0), ("none", 2), ("-x", 2)])
    def test_fails_on_request_if_something_is_found(
        self, tree: GitRepository, as_alice: Command, base: str, status: int
    ) -> None:
        assert as_alice("names", f"--changed={base}", "--fail").exit_code == status

    def test_counts_what_is_not_committed_and_nothing_else_of_a_file(
        self, tree: GitRepository, as_alice: Command
    ) -> None:
        (tree.path / "old.py").write_text(f"{BAD}\n\n{GOOD}")
        assert as_alice("names", "--changed", "HEAD").stdout == ""
        (tree.path / "old.py").write_text(BAD.replace("return", "path = 1\n    return"))
        assert as_alice("names", "--changed", "HEAD").stdout.startswith("old.py:1  count_words")

    @pytest.mark.parametrize("comment", ["# codeindex: ignore-name\n", ""])
    def test_a_comment_ignores_a_name(
        self, tree: GitRepository, as_alice: Command, comment: str
    ) -> None:
        beside = BAD if comment else BAD.replace(":", ":  # codeindex: ignore-name", 1)
        tree.commit({"src/new.py": comment + beside})
        assert as_alice("names", "--changed").stdout == ""

    def test_what_is_dismissed_is_left_out(
        self, tree: GitRepository, alice: User, as_alice: Command
    ) -> None:
        NameDismissal.objects.create(
            repository=shelf.repository(alice), text_hash="x", path="src/new.py",
            qualified_name="count_words",
        )  # fmt: skip
        assert as_alice("names", "shop", "--changed").stdout == ""
        assert as_alice("names", "alice/shop", "--changed", "main").stdout == ""
        assert as_alice("names", "none", "--changed").exit_code == 2

    def test_languages_that_are_not_known_are_told(
        self, tree: GitRepository, as_alice: Command
    ) -> None:
        go = "package main\n\nfunc open() int {\n\treturn 1\n}\n"
        tree.commit({"src/new.py": None, "main.go": go, "a.unknown": "x", "gone.py": ""})
        done = as_alice("names", "--changed")
        assert (done.exit_code, done.stdout) == (0, "")
        assert "The model predicts no names in go." in done.stderr

    def test_large_files_come_in_parts(
        self, tree: GitRepository, as_alice: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checks, "MOST_JUDGED", 1)
        tree.commit({"src/new.py": "\n\n".join(f"{BAD}# {number}" for number in range(3))})
        assert len(as_alice("names", "--changed").stdout.splitlines()) == 3
        monkeypatch.setattr(changes, "LARGEST_FILE", 10)
        assert "src/new.py is too large" in as_alice("names", "--changed").stderr
        monkeypatch.setattr(changes, "MOST_FILES", 0)
        assert "name a later commit" in as_alice("names", "--changed").stderr

    def test_is_written_for_other_programs(self, tree: GitRepository, as_alice: Command) -> None:
        row = json.loads(as_alice("names", "--changed", "--json").stdout)
        assert (row["path"], row["start_line"]) == ("src/new.py", 8)
        assert row["suggestions"][0] == {"name": "read_file", "f1": 0.8}
        assert as_alice("names", "--changed", "--format", "github").stdout == (
            "::warning file=src/new.py,line=8,title=Doubtful name::The name count_words disagrees"
            " with its code. Suggested: read_file, open.\n"
        )
        sarif = json.loads(as_alice("names", "--changed", "--format", "sarif").stdout)
        ((result,),) = [run["results"] for run in sarif["runs"]]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "src/new.py"}
        assert place["region"] == {"startLine": 8, "endLine": 9}

    def test_what_is_between_changes_is_not_checked(
        self, tree: GitRepository, as_alice: Command
    ) -> None:
        tree.git("config", "diff.interHunkContext", "50")
        tree.commit({"src/new.py": f"import io\n\n\n{GOOD}\n\n{BAD}\n\nx = 1\n"})
        assert as_alice("names", "--changed", "HEAD~1").stdout == ""

    def test_strange_file_names(self, tree: GitRepository, as_alice: Command) -> None:
        name = "src/a b:*\n%,é.py"
        tree.commit({"src/new.py": None, name: BAD})
        row = json.loads(as_alice("names", "--changed", "--json").stdout)
        assert row["path"] == name
        shown = as_alice("names", "--changed", "--format", "github").stdout
        assert "file=src/a b%3A*%0A%25%2Cé.py,line=1" in shown

    def test_outside_a_work_tree_says_so(
        self, as_alice: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        done = as_alice("names", "--changed")
        assert done.exit_code == 2
        assert "not a git repository" in done.stderr


class TestRepository:
    @pytest.fixture
    def shop(self, alice: User) -> Repository:
        shelf.space()
        made = shelf.repository(alice)
        for name, score in (("sum_prices", 0.9), ("add_up", 0.7)):
            written = Written(
                f"def {name}(): ...", name, (1, 0, 0, 0), predicted_names=(("parse_date", score),)
            )
            shelf.put(made, f"src/{name}.py", written)
        return made

    def test_lists_its_names_the_most_doubtful_first(
        self, shop: Repository, as_alice: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert as_alice("names", "shop").stdout.splitlines() == [
            "src/sum_prices.py:1  sum_prices → parse_date (0.90)",
            "src/add_up.py:1  add_up → parse_date (0.70)",
        ]
        assert len(as_alice("names", "alice/shop", "-n", "1").stdout.splitlines()) == 1

    @pytest.mark.parametrize(
        "arguments", [["--folder", "lib"], ["--lang", "go"], ["--kind", "method"]]
    )
    def test_nothing_found_is_a_status(
        self, shop: Repository, as_alice: Command, arguments: list[str]
    ) -> None:
        done = as_alice("names", "shop", *arguments)
        assert (done.exit_code, done.stdout) == (1, "")

    @pytest.mark.parametrize("arguments", [["none"], []])
    def test_says_what_is_wrong(
        self, shop: Repository, as_alice: Command, arguments: list[str]
    ) -> None:
        assert as_alice("names", *arguments).exit_code == 2
