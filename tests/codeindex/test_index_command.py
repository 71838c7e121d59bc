"""`manage.py index`, with no worker running: the work is done by the command itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from codeindex.management.commands import index
from codeindex.models import Definition, IndexRun, Repository, RunStatus
from tests.git import GitRepository

pytestmark = pytest.mark.django_db(transaction=True)

SHOP = '"""Sells things."""\n\n\ndef total(basket):\n    return sum(basket)\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "WORKER_ANSWER_SECONDS", 0.1)  # no worker is there to answer
    settings.CODEINDEX_HOME = tmp_path / "home"


def test_a_path_is_registered_indexed_and_summarised(
    source: GitRepository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source.commit({"shop.py": SHOP, "logo.png": b"\x89PNG"})
    monkeypatch.chdir(source.path)
    call_command("index", ".")
    said = capsys.readouterr().out
    assert "No worker is running. Indexing in this process." in said
    assert "2 definitions in 1 file, " in said
    assert "1 file skipped: binary" in said
    stages = re.findall(r"^  (checkout|definitions|embedding) ", said, re.MULTILINE)
    assert stages == ["checkout", "definitions", "embedding"]
    run = IndexRun.objects.get()
    assert (run.status, run.texts_ready) == (RunStatus.PUBLISHED, 2)
    assert run.finished
    assert Repository.objects.get().name == "shop"


def test_a_second_time_indexes_the_same_repository_again(
    source: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    source.commit({"shop.py": SHOP})
    call_command("index", str(source.path))
    call_command("index", str(source.path))
    assert Repository.objects.count() == 1
    assert "1 of them reused" in capsys.readouterr().out
    assert Definition.objects.count() == 2


def test_its_options_say_what_is_left_out_now_and_later(
    source: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    source.commit({"shop.py": SHOP, "old.py": SHOP, "vendor/b.py": "def b(): return 1\n"})
    call_command("index", str(source.path), "--vendored", "--leave-out", "old.py")
    said = capsys.readouterr().out
    assert "1 file skipped: left out by the repository's settings" in said
    assert "in 2 files" in said
    call_command("index", str(source.path))
    repository = Repository.objects.get()
    assert (repository.index_vendored, repository.ignore_patterns) == (True, "old.py")
    call_command("index", str(source.path), "--no-vendored")
    assert "1 file skipped: vendored, by path" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Line 1 is not a pattern"):
        call_command("index", str(source.path), "--leave-out", "!")


def test_detached_it_returns_at_once_and_says_who_will_do_it(
    source: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    source.commit({"shop.py": "A = 1\n"})
    call_command("index", str(source.path), "--name", "store", "--detach")
    assert "The run starts when one does" in capsys.readouterr().out
    assert IndexRun.objects.get().status == RunStatus.QUEUED


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["https://nowhere.invalid/a.git"], "Could not resolve nowhere.invalid."),
        (["ftp://example.org/a"], "Only https, http and ssh URLs"),
        (["/nonexistent"], "There is no git repository at this address."),
        ([".", "--owner", "nobody"], "User nobody does not exist."),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("index", *arguments)
