"""Repositories that are small to send and large to read, and hosts that talk too much."""

from __future__ import annotations

import resource
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import repositories
from codeindex.ingestion.cloning import checkout, errors, git, mirrors
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.git import GitFailed
from codeindex.ingestion.cloning.trees import Tree
from codeindex.ingestion.selection import sources
from codeindex.leases import Lease, LostLease
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"
    settings.CODEINDEX_REFUSED_NETWORKS = []


@pytest.fixture
def bare(tmp_path: Path) -> GitRepository:
    (tmp_path / "shop").mkdir()
    repository = GitRepository(tmp_path / "shop")
    repository.git("init", "--quiet", "--bare", "--initial-branch=main")
    return repository


def fetch(repository: Repository, lease: Lease | None = None) -> Tree:
    run = IndexRun(branch=repository.branches.get())
    return checkout.fetch(run, lease or Lease())


def commit_trees(repository: GitRepository, blob: str, levels: list[list[str]]) -> None:
    """Commit nested folders: a level's names all mean the level below, the first one's the blob."""
    kind, mode, sha = "blob", "100644", blob
    for names in levels:
        lines = "".join(f"{mode} {kind} {sha}\t{name}\n" for name in names)
        sha = written(repository, "mktree", lines)
        kind, mode = "tree", "040000"
    commit = repository.git("commit-tree", sha, "-m", "bomb")
    repository.git("update-ref", "refs/heads/main", commit)


def written(repository: GitRepository, command: str, content: str | bytes, *options: str) -> str:
    given = content.encode() if isinstance(content, str) else content
    done = subprocess.run(
        ["git", command, *options],
        cwd=repository.path,
        input=given,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def file(repository: GitRepository, content: str | bytes = "A = 1\n") -> str:
    return written(repository, "hash-object", content, "-w", "--stdin")


def test_a_hundred_million_paths_are_refused_in_little_time_and_memory(
    bare: GitRepository, registered_bare: Repository
) -> None:
    ten = [f"f{number}.py" for number in range(10)]
    commit_trees(bare, file(bare), [ten] * 8)
    tree = fetch(registered_bare)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(CheckoutError, match="more than 1,000,000 files"):
        sources.select(tree.entries())
    assert time.monotonic() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_the_limit_of_files_is_a_setting(
    bare: GitRepository, registered_bare: Repository, settings: Any
) -> None:
    commit_trees(bare, file(bare), [["a.py", "b.py"]] * 3)
    tree = fetch(registered_bare)
    settings.CODEINDEX_CLONE_FILES = 8
    assert len(list(tree.entries())) == 8
    settings.CODEINDEX_CLONE_FILES = 7
    with pytest.raises(CheckoutError, match="more than 7 files"):
        list(tree.entries())


def test_the_limit_of_content_is_a_setting(
    bare: GitRepository, registered_bare: Repository, settings: Any
) -> None:
    commit_trees(bare, file(bare, "x" * 1_000), [["a.py", "b.py"]])
    tree = fetch(registered_bare)
    settings.CODEINDEX_CLONE_CONTENT = 1_999
    with pytest.raises(CheckoutError, match="files hold more than"):
        list(tree.entries())


def test_a_path_that_is_too_long_costs_its_file_alone(
    bare: GitRepository, registered_bare: Repository
) -> None:
    blob = file(bare)
    commit_trees(bare, blob, [["a.py"]] + [["d" * 200]] * 30)
    tree = fetch(registered_bare)
    (entry,) = tree.entries()
    assert (len(entry.path), entry.sha) == (4_097, blob)
    selection = sources.select([entry])
    assert selection.files == []
    assert list(selection.skips.report()) == ["its path is longer than 1,000 bytes"]


def test_a_file_that_grows_when_it_is_unpacked_takes_no_memory(
    bare: GitRepository, registered_bare: Repository, settings: Any
) -> None:
    """50 MiB of zeros are 50 KB to send."""
    commit_trees(bare, file(bare, bytes(50 << 20)), [["a.bin"]])
    settings.CODEINDEX_CLONE_MEMORY = 30 << 20
    tree = fetch(registered_bare)
    (entry,) = tree.entries()
    assert entry.size == 50 << 20
    with pytest.raises(CheckoutError, match="larger than git said"):
        list(tree.read([entry.sha]))


def test_a_pack_that_needs_too_much_memory_is_refused(
    bare: GitRepository, registered_bare: Repository, settings: Any
) -> None:
    first = file(bare, bytes(20 << 20))
    second = file(bare, bytes(20 << 20) + b"x")
    lines = f"100644 blob {first}\ta.bin\n100644 blob {second}\tb.bin\n"
    commit = bare.git("commit-tree", written(bare, "mktree", lines), "-m", "bomb")
    bare.git("update-ref", "refs/heads/main", commit)
    bare.git("repack", "-adfq")
    settings.CODEINDEX_CLONE_MEMORY = 25 << 20
    with pytest.raises(CheckoutError, match="needs more memory than this installation allows"):
        fetch(registered_bare)
    assert list(mirrors.folder().glob("*.git")) == []


def test_of_what_a_host_says_only_the_end_is_kept(tmp_path: Path) -> None:
    """A host's progress comes out of git's standard error."""
    flood = "!yes remote: Counting objects | head -c 200000000 >&2; echo fatal: fire >&2; exit 3"
    env = git.environment(tmp_path, tmp_path)
    command = ["-c", f"alias.flood={flood}", "flood"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(GitFailed) as failure:
        list(git.pieces(tmp_path, *command, env=env, watch=lambda _: None))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB
    assert failure.value.output.splitlines()[-1] == "fatal: fire"
    assert errors.explain(failure.value) == "git failed: fatal: fire"


@pytest.mark.parametrize("text", ["repository '" * 6_000, "fatal: " + "'x" * 40_000, "\n" * 65_000])
def test_explaining_what_a_host_says_takes_no_time(text: str) -> None:
    began = time.monotonic()
    explained = errors.explain(GitFailed(128, text.encode()[-git.KEPT_OUTPUT :]))
    assert time.monotonic() - began < 2
    assert len(explained) < 300


@pytest.mark.parametrize(
    "failure",
    [
        GitFailed(-11, b""),
        GitFailed(128, b"fatal: exceeded maximum allowed tree depth\n"),
        GitFailed(128, b"error: git-rev-list died of signal 11\nfatal: it failed\n"),
    ],
)
def test_folders_nested_without_end_are_said_to_be(failure: GitFailed) -> None:
    assert errors.explain(failure) == "The folders of the repository are nested too deeply."


def test_what_the_remote_says_is_not_taken_for_git_s_own_words() -> None:
    said = b"remote: fatal: Authentication failed\nfatal: \x1b]0;x\x07 odd \xff"
    assert errors.explain(GitFailed(128, said)) == "git failed: fatal: �]0;x� odd �"


def test_listing_and_reading_end_with_the_run(
    source: GitRepository, registered: Repository
) -> None:
    source.commit({f"{number}.py": "" for number in range(3)})
    tree = fetch(registered)
    lost = Lease()
    lost.lose()
    command = ["-c", "alias.wait=!sleep 60", "wait"]
    gone = Tree(tree.mirror, tree.commit, lost)
    with pytest.raises(LostLease):
        list(gone.pieces(*command))


def test_waiting_for_another_fetch_ends_with_the_run(
    source: GitRepository, registered: Repository
) -> None:
    source.commit({"a.py": ""})
    mirror = fetch(registered).mirror
    lost = Lease()
    lost.lose()
    with mirrors.locked(mirror, Lease()), pytest.raises(LostLease):
        fetch(registered, lost)


def test_a_failed_fetch_leaves_what_was_fetched_before(
    source: GitRepository, registered: Repository
) -> None:
    commit = source.commit({"a.py": "A = 1\n"})
    tree = fetch(registered)
    (tree.mirror / "objects/pack/tmp_pack_abc").write_bytes(b"half")
    (source.path / ".git").rename(source.path / "gone")
    with pytest.raises(CheckoutError, match="There is no git repository"):
        fetch(registered)
    assert not (tree.mirror / "objects/pack/tmp_pack_abc").exists()
    assert [entry.path for entry in tree.entries()] == [b"a.py"]
    assert tree.commit == commit


@pytest.fixture
def registered_bare(alice: User, bare: GitRepository) -> Repository:
    return repositories.register(url=str(bare.path), owner=alice, by=alice, trusted_path=True)


def test_git_reports_to_nobody_for_long(tmp_path: Path) -> None:
    """The watch is asked again and again, also while git writes without end."""
    seen = []

    def watch(silent: float) -> None:
        seen.append(silent)
        raise LostLease

    env = git.environment(tmp_path, tmp_path)
    command = ["-c", "alias.flood=!yes", "flood"]
    with pytest.raises(LostLease):
        for _ in git.pieces(tmp_path, *command, env=env, watch=watch):
            pass
    assert seen


def test_a_host_that_leaves_a_file_out_is_told(bare: GitRepository, alice: User) -> None:
    missing = "1" * 40
    tree = written(bare, "mktree", f"100644 blob {missing}\ta.py\n", "--missing")
    bare.git("update-ref", "refs/heads/main", bare.git("commit-tree", tree, "-m", "x"))
    lost = Tree(bare.path, "main", Lease())
    with pytest.raises(CheckoutError, match="missing from what the host sent"):
        list(lost.entries())
