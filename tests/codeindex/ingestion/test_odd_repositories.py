"""One odd file costs that file, and never the repository: one as no editor and no git writes it."""

from __future__ import annotations

import errno
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from codeindex import tasks
from codeindex.ingestion import pipeline, store
from codeindex.ingestion.contents import ReadBlob
from codeindex.ingestion.selection import sources
from codeindex.leases import Lease
from codeindex.models import Blob, Definition, IndexRun, Repository, RunStatus, SourceFile
from embeddings import types
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

SOUND = "def sound():\n    return 1\n"
RANDOM = random.Random(3)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


def indexed(repository: Repository) -> IndexRun:
    run = tasks.request_index(repository=repository, by=None)
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.PUBLISHED, run.error
    return run


def letters(count: int) -> str:
    """So many letters that nothing compresses."""
    return "".join(RANDOM.choices("abcdefghijklmnopqrstuvwxyzäöü", k=count))


def with_tree(source: GitRepository, entries: list[tuple[bytes, str]]) -> None:
    """A commit whose tree has just these entries, however odd: path and content of each."""

    def git(*arguments: str, given: bytes) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=source.path, input=given, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    lines = [
        b"100644 blob " + git("hash-object", "-w", "--stdin", given=content.encode()).encode()
        + b"\t" + path + b"\0"
        for path, content in entries
    ]  # fmt: skip
    tree = git("mktree", "-z", given=b"".join(lines))
    commit = source.git("commit-tree", tree, "-m", "odd")
    source.git("update-ref", "refs/heads/main", commit)


ORDINARY = "".join(f"def ordinary{n}():\n    return {n}\n" for n in range(1_000))
ODD = {
    "name.py": f"def {letters(6_000)}():\n    return 1\n" + ORDINARY,
    "word.py": f"x = '{letters(6_000)}'\ny = 1\n" + ORDINARY,
    "class.py": f"class {letters(20_000)}:\n    def f(self): pass\n" + ORDINARY,
    "nested.py": "".join(f"{' ' * n}class {letters(1_000)}:\n" for n in range(20))
    + " " * 20
    + "def inner(): pass\n",
    "words.py": "def f():\n" + "".join(f"    {letters(300)} = 1\n" for _ in range(3_000)),
    "escapes.py": "def f():\n    '" + "\\x00\\ud800 " * 100 + "'\n" + ORDINARY,
    "cookie.py": "# coding: us" + "-" * 1_000 + "ascii\ndef f(): 'ä'\n",
    "punycode.py": "# coding: punycode\n" + "a-b\n" * 100_000,
    "surrogate.py": "# coding: unicode_escape\ndef f(): '\\ud800'\n",
    "blank.py": "def f():\n    '''" + "\n" * 300_000 + "'''\n",
    "brackets.py": "((((((((((((\n" * 8_000,
    "empty.py": "def f():\n    # nothing yet\n\n" + SOUND,
}


def test_an_odd_content_costs_no_other_file(source: GitRepository, registered: Repository) -> None:
    source.commit({**ODD, "z/sound.py": SOUND})
    run = indexed(registered)
    stored = SourceFile.objects.filter(live=True)
    assert not stored.exclude(blob__skipped="").exists()
    assert stored.get(path="brackets.py").blob.broken
    assert run.files == run.files_read == len(ODD) + 1
    assert {"sound", "inner", "ordinary999"} <= set(
        Definition.objects.values_list("name", flat=True)
    )


def test_a_long_name_is_cut(source: GitRepository, registered: Repository) -> None:
    name = letters(6_000)
    source.commit({"odd.py": f"class A:\n    def {name}(self):\n        return 1\n" + ORDINARY})
    indexed(registered)
    (method,) = Definition.objects.filter(kind="method")
    assert len(method.name) == 500
    assert name.startswith(method.name)
    assert method.qualified_name == f"A.{method.name}"


def test_odd_paths_cost_no_other_file(source: GitRepository, registered: Repository) -> None:
    with_tree(
        source,
        [
            (letters(4_000).encode() + b".py", SOUND),
            (b"n\xe9w.py", "def bytes_(): return 1\n"),
            (b"n\\xe9w.py", "def backslash(): return 1\n"),
            (b"\xed\xa0\x80.py", "def surrogate(): return 1\n"),
            (b"line\nbreak\t\x01.py", "def control(): return 1\n"),
            (b"sound.py", SOUND),
            (b"twice.py", "def first(): return 1\n"),
            (b"twice.py", "def second(): return 1\n"),
        ],
    )
    run = indexed(registered)
    names = set(Definition.objects.values_list("name", flat=True))
    assert {"surrogate", "control", "sound"} <= names
    assert len(names & {"first", "second"}) == len(names & {"bytes_", "backslash"}) == 1
    counts = {reason: skipped["count"] for reason, skipped in run.skips.items()}
    assert counts == {
        "its path is longer than 1,000 bytes": 1,
        "its path is displayed like that of another file": 2,
    }
    examples = [path for skipped in run.skips.values() for path in skipped["examples"]]
    assert max(map(len, examples)) <= sources.LONGEST_EXAMPLE + 1


def test_what_the_database_refuses_is_skipped_alone(
    source: GitRepository, registered: Repository
) -> None:
    source.commit({"odd.py": "def odd(): return 1\n", "sound.py": SOUND})
    run = pipeline.claim(tasks.request_index(repository=registered, by=None).pk)
    selection = sources.select(pipeline.checkout.fetch(run, Lease()).entries())
    files = selection.files
    store.record_selection(run, files, selection.skips)
    name = letters(6_000)
    definition = types.Definition(
        types.Kind.FUNCTION, "python", name, name, 1, 1, 0, 9, "", f"def {name}(): pass"
    )
    read = [
        ReadBlob(file.sha, "python", definitions=[definition] if file.path == "odd.py" else [])
        for file in files
    ]
    pipeline._save(run, files, read)
    skipped = Blob.objects.values_list("source_files__path", "skipped").order_by("skipped")
    assert [*skipped] == [("sound.py", ""), ("odd.py", "cannot be stored")]


def test_a_fault_of_our_own_is_told_in_plain_words(
    source: GitRepository, registered: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.commit({"sound.py": SOUND})
    run = tasks.request_index(repository=registered, by=None)

    def faulty(tree: Any, files: Any, lease: Lease) -> None:
        raise KeyError("codeindex_blob")

    monkeypatch.setattr(pipeline, "_blobs", faulty)
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == (RunStatus.FAILED, pipeline.INTERNAL_ERROR)


@pytest.mark.parametrize(
    "error", [OperationalError("the connection is closed"), OSError(errno.ENOSPC, "disk full")]
)
def test_a_run_that_an_outage_interrupts_is_taken_up_again(
    source: GitRepository, registered: Repository, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    source.commit({"sound.py": SOUND})
    run = tasks.request_index(repository=registered, by=None)

    def interrupted(tree: Any, files: Any, lease: Lease) -> None:
        raise error

    with monkeypatch.context() as outage:
        outage.setattr(pipeline, "_blobs", interrupted)
        assert pipeline.index(run.pk)
    assert not pipeline.index(run.pk)
    IndexRun.objects.filter(pk=run.pk).update(leased_until="2000-01-01T00:00Z")
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error) == (RunStatus.PUBLISHED, "")
