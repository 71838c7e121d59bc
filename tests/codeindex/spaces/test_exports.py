"""`manage.py export-definitions`: what is live, each text once."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from codeindex.models import Repository
from codeindex.spaces import exports
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

READ = Written("def read(file):\n    '''Lit ä.'''", "Shelf.read", kind="method", docstring="Lit ä.")
SAVE = Written("def save(file): ...", "save")


def exported(*arguments: str) -> list[dict[str, object]]:
    out = StringIO()
    call_command("export-definitions", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def shelves(alice: User, bob: User) -> None:
    """Two private repositories that share a text, and a file that is not live."""
    shop, store = shelf.repository(alice), shelf.repository(bob, "store")
    shelf.put(shop, "src/read.py", READ)
    shelf.put(store, "copied.py", READ)
    shelf.put(store, "tests/test_save.py", SAVE)
    shelf.put(store, "old.py", Written("def old(): ...", "old"), live=False)


def test_each_live_text_is_a_line(shelves: None) -> None:
    first, second = exported()
    assert first == {
        "repository": "shop",
        "path": "src/read.py",
        "kind": "method",
        "language": "python",
        "name": "read",
        "qualified_name": "Shelf.read",
        "text": READ.source,
        "docstring": "Lit ä.",
        "test": False,
    }
    assert (second["repository"], second["name"], second["test"]) == ("store", "save", True)


@pytest.mark.parametrize("rows_at_once", [1, 2, 1_000])
def test_each_text_of_a_file_is_read_once_with_its_own_name(alice: User, rows_at_once: int) -> None:
    shop = shelf.repository(alice)
    shelf.put_source(shop, "f.py", "".join(f"def f{n}(x):\n    return x + {n}\n" for n in range(3)))
    read = list(exports.definitions(Repository.objects.all(), rows_at_once))
    told = {one.name: one.text for one in read if one.name}
    assert sorted(told) == ["f0", "f1", "f2"]
    assert all(f"def {name}(" in text for name, text in told.items())
    assert len({one.text for one in read}) == len(read)


@pytest.mark.parametrize("name", ["store", "bob/store"])
def test_of_some_repositories_alone(shelves: None, name: str) -> None:
    assert [(row["path"], row["name"]) for row in exported("--repository", name)] == [
        ("copied.py", "read"),
        ("tests/test_save.py", "save"),
    ]
    assert len(exported("--repository", name, "shop")) == 2


def test_into_a_file(shelves: None, tmp_path: Path) -> None:
    assert exported("--output", str(tmp_path / "index.jsonl")) == []
    lines = (tmp_path / "index.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == exported()


def test_what_goes_wrong_is_said(shelves: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Repository nowhere does not exist"):
        exported("--repository", "nowhere")
    with pytest.raises(CommandError, match="No such file"):
        exported("--output", str(tmp_path / "none" / "index.jsonl"))


def test_rows_are_read_by_and_by(alice: User, django_assert_num_queries: Any) -> None:
    shelf.space()
    shop = shelf.repository(alice)
    shelf.put_many(shop, [[1, 0, 0, 0]] * 35)
    with django_assert_num_queries(1 + 4):
        read = list(exports.definitions(Repository.objects.all(), rows_at_once=10))
    assert len(read) == 35


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("tests/shop.py", True),
        ("shop/test_prices.py", True),
        ("shop/prices_test.go", True),
        ("shop/prices.spec.ts", True),
        ("src/test/java/Prices.java", True),
        ("src/main/java/PricesTest.java", True),
        ("conftest.py", True),
        ("shop/latest.py", False),
        ("shop/contest_rules.py", False),
        ("src/Testimony.java", False),
        ("shop/testimony.py", False),
    ],
)
def test_tests_are_told_by_their_paths(path: str, test: bool, alice: User) -> None:
    shelf.put(shelf.repository(alice), path, SAVE)
    assert [row["test"] for row in exported()] == [test]
