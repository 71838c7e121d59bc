from __future__ import annotations

import os
import socket
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from codeindex import credentials, repositories
from codeindex.ingestion.cloning import checkout, mirrors, remotes
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Tree
from codeindex.leases import Lease
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


class Unauthorized(BaseHTTPRequestHandler):
    seen: list[str | None] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers["Authorization"])
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


def fetch(repository: Repository, branch: str = "") -> Tree:
    chosen, _ = repository.branches.get_or_create(name=branch)
    return checkout.fetch(IndexRun(branch=chosen), Lease())


def paths(tree: Tree) -> list[bytes]:
    return [entry.path for entry in tree.entries()]


def test_the_head_of_the_default_branch_is_fetched(
    source: GitRepository, registered: Repository
) -> None:
    commit = source.commit({"a.py": "A = 1\n", "b/c.py": "C = 1\n"})
    tree = fetch(registered)
    assert tree.commit == commit
    assert paths(tree) == [b"a.py", b"b/c.py"]
    assert list(tree.read(entry.sha for entry in tree.entries())) == [b"A = 1\n", b"C = 1\n"]


def test_a_second_fetch_brings_the_new_head(source: GitRepository, registered: Repository) -> None:
    source.commit({"a.py": "A = 1\n"})
    fetch(registered)
    commit = source.commit({"a.py": "A = 2\n"})
    assert fetch(registered).commit == commit


def test_a_rewritten_history_is_followed(source: GitRepository, registered: Repository) -> None:
    source.commit({"a.py": "A = 1\n"})
    fetch(registered)
    source.git("commit", "--quiet", "--amend", "--message", "other")
    assert fetch(registered).commit == source.git("rev-parse", "HEAD")


def test_another_branch_is_fetched_by_its_name(
    source: GitRepository, registered: Repository
) -> None:
    source.commit({"a.py": "A = 1\n"})
    source.git("checkout", "--quiet", "-b", "topic/one")
    source.commit({"b.py": "B = 1\n"})
    source.git("checkout", "--quiet", "main")
    assert paths(fetch(registered, "topic/one")) == [b"a.py", b"b.py"]
    assert paths(fetch(registered)) == [b"a.py"]


def test_only_the_head_is_fetched(source: GitRepository, registered: Repository) -> None:
    source.commit({"a.py": "A = 1\n"})
    source.commit({"a.py": "A = 2\n"})
    tree = fetch(registered)
    assert GitRepository(tree.mirror).git("rev-list", "--all", "--count") == "1"


def test_odd_names_links_and_submodules_arrive_as_git_has_them(
    tmp_path: Path, source: GitRepository, registered: Repository
) -> None:
    source.commit({b"caf\xe9.py": "A = 1\n", "new\nline.py": "B = 1\n"})
    os.symlink("/etc/passwd", source.path / "leak.py")
    inner = GitRepository.made(tmp_path / "inner")
    inner.commit({"i.py": "I = 1\n"})
    source.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    source.git("add", "--all")
    source.git("commit", "--quiet", "--message", "links")
    modes = {entry.path: entry.mode for entry in fetch(registered).entries()}
    assert modes[b"caf\xe9.py"] == modes[b"new\nline.py"] == "100644"
    assert modes[b"leak.py"] == "120000"
    assert modes[b"sub"] == "160000"
    assert b"sub/i.py" not in modes


def test_no_hook_of_the_repository_runs(
    source: GitRepository, registered: Repository, tmp_path: Path
) -> None:
    source.commit({"a.py": "A = 1\n"})
    mark = tmp_path / "ran"
    for hook in ("post-checkout", "reference-transaction", "post-update"):
        place = source.path / ".git/hooks" / hook
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\ntouch {mark}\n")
        place.chmod(0o755)
    fetch(registered)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("prepare", "branch", "message"),
    [
        (lambda source: None, "", "The repository is empty: it has no commits yet."),
        (
            lambda source: source.commit({"a.py": ""}),
            "nowhere",
            "The repository has no branch nowhere. Check the branch's name.",
        ),
    ],
)
def test_what_is_missing_is_said(
    source: GitRepository,
    registered: Repository,
    prepare: Callable[[GitRepository], object],
    branch: str,
    message: str,
) -> None:
    prepare(source)
    with pytest.raises(CheckoutError) as error:
        fetch(registered, branch)
    assert str(error.value) == message


@pytest.fixture
def bare(tmp_path: Path, source: GitRepository) -> GitRepository:
    """A repository whose HEAD names a branch that nobody pushed."""
    source.commit({"a.py": "A = 1\n"})
    path = tmp_path / "bare.git"
    source.git("init", "--quiet", "--bare", "--initial-branch=gone", str(path))
    return GitRepository(path)


def test_where_head_names_no_branch_the_only_one_is_taken(
    alice: User, source: GitRepository, bare: GitRepository
) -> None:
    source.git("push", "--quiet", str(bare.path), "main:refs/heads/trunk")
    registered = repositories.register(url=str(bare.path), owner=alice, by=alice, trusted_path=True)
    assert fetch(registered).commit == source.git("rev-parse", "HEAD")


def test_where_head_names_no_branch_of_several_they_are_told(
    alice: User, source: GitRepository, bare: GitRepository
) -> None:
    for number in range(8):
        source.git("push", "--quiet", str(bare.path), f"main:refs/heads/b{number}")
    registered = repositories.register(url=str(bare.path), owner=alice, by=alice, trusted_path=True)
    with pytest.raises(CheckoutError) as error:
        fetch(registered)
    assert str(error.value) == (
        "The repository's default branch does not exist. Choose the branch to index:"
        " b0, b1, b2, b3, b4, …."
    )
    assert paths(fetch(registered, "b7")) == [b"a.py"]


def test_a_detached_head_is_fetched(source: GitRepository, registered: Repository) -> None:
    commit = source.commit({"a.py": ""})
    source.git("checkout", "--quiet", "--detach")
    source.commit({"b.py": ""})
    assert paths(fetch(registered)) == [b"a.py", b"b.py"]
    assert fetch(registered, "main").commit == commit


def test_a_repository_of_sha_256_is_read_too(
    alice: User, tmp_path: Path, source: GitRepository, registered: Repository
) -> None:
    path = tmp_path / "new"
    path.mkdir()
    new = GitRepository(path)
    new.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    commit = new.commit({"a.py": "A = 1\n"})
    other = repositories.register(url=str(path), owner=alice, by=alice, trusted_path=True)
    for _ in range(2):
        tree = fetch(other)
        assert tree.commit == commit
        assert list(tree.read(entry.sha for entry in tree.entries())) == [b"A = 1\n"]

    # The other way round: a repository was made anew at the same address.
    source.commit({"a.py": "A = 1\n"})
    (path / ".git").rename(tmp_path / "old")
    (source.path / ".git").rename(path / ".git")
    assert paths(fetch(other)) == [b"a.py"]


def test_a_folder_that_is_no_repository_is_said_to_be_none(alice: User, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = repositories.register(
        url=str(tmp_path / "plain"), owner=alice, by=alice, trusted_path=True
    )
    with pytest.raises(CheckoutError, match="There is no git repository at this address"):
        fetch(plain)


def test_an_unknown_host_is_named(alice: User) -> None:
    lost = repositories.register(url="https://nowhere.invalid/a.git", owner=alice, by=alice)
    with pytest.raises(CheckoutError, match=r"Could not resolve nowhere\.invalid\."):
        fetch(lost)


def test_hosts_in_refused_networks_are_not_called(alice: User) -> None:
    inner = repositories.register(url="http://127.0.0.1:9/a.git", owner=alice, by=alice)
    with pytest.raises(
        CheckoutError, match="in a network from which this installation does not clone"
    ):
        fetch(inner)


def test_a_host_that_does_not_answer_is_said_so(alice: User, settings: Any) -> None:
    settings.CODEINDEX_REFUSED_NETWORKS = []
    closed = repositories.register(url="http://127.0.0.1:9/a.git", owner=alice, by=alice)
    with pytest.raises(CheckoutError, match=r"Could not connect to 127\.0\.0\.1 on port 9\."):
        fetch(closed)


def test_a_clone_ends_at_its_time_limit(alice: User, settings: Any) -> None:
    settings.CODEINDEX_REFUSED_NETWORKS = []
    settings.CODEINDEX_CLONE_SECONDS = 1
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.git"
        slow = repositories.register(url=url, owner=alice, by=alice)
        with pytest.raises(CheckoutError, match="took longer than 1 s"):
            fetch(slow)


def test_refused_credentials_are_said_and_not_shown(alice: User, settings: Any) -> None:
    settings.CODEINDEX_REFUSED_NETWORKS = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Unauthorized) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://bot:s3cret@127.0.0.1:{server.server_port}/a.git"
        closed = repositories.register(url=url, owner=alice, by=alice)
        with pytest.raises(CheckoutError, match="The host denied access") as error:
            fetch(closed)
        server.shutdown()
    assert "s3cret" not in str(error.value)
    assert Unauthorized.seen[-1] == "Basic " + b64encode(b"bot:s3cret").decode()


def test_a_clone_ends_at_its_size_limit(
    source: GitRepository, registered: Repository, settings: Any
) -> None:
    source.commit({"a.bin": os.urandom(300_000)})
    settings.CODEINDEX_CLONE_BYTES = 100_000
    with pytest.raises(CheckoutError, match="larger than 0 MiB"):
        fetch(registered)
    assert mirrors.size(mirrors.folder()) < 100_000


def test_locks_that_a_killed_fetch_left_are_removed(
    source: GitRepository, registered: Repository
) -> None:
    source.commit({"a.py": "A = 1\n"})
    tree = fetch(registered)
    (tree.mirror / "shallow.lock").touch()
    commit = source.commit({"a.py": "A = 2\n"})
    assert fetch(registered).commit == commit


def test_the_mirrors_of_removed_repositories_go(
    source: GitRepository, registered: Repository
) -> None:
    source.commit({"a.py": "A = 1\n"})
    mirror = fetch(registered).mirror
    repositories.remove(registered, by=None)
    mirrors.remove_unregistered()
    assert not mirror.exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c id",
        "ftp://example.org/a.git",
        "https:///a.git",
        "relative/path",
        "https://example.org/a\n.git",
    ],
)
def test_addresses_that_git_must_not_see_are_refused(url: str, alice: User) -> None:
    with pytest.raises(ValidationError) as error:
        repositories.register(url=url, owner=alice, by=alice)
    assert "url" in error.value.message_dict


def test_a_path_needs_a_root_that_the_administrator_allows(
    tmp_path: Path, alice: User, source: GitRepository, settings: Any
) -> None:
    settings.CODEINDEX_LOCAL_ROOTS = [tmp_path / "shop"]
    with pytest.raises(ValidationError):
        repositories.register(url=str(tmp_path / "shop/../secret"), owner=alice, by=alice)
    assert repositories.register(url=str(source.path), owner=alice, by=alice).name == "shop"


@pytest.mark.parametrize(
    ("url", "host", "name"),
    [
        ("https://git.example.org/team/shop.git", "git.example.org", "shop"),
        ("ssh://git@example.org:2222/shop/", "example.org", "shop"),
        ("git@example.org:team/shop.git", "example.org", "shop"),
    ],
)
def test_clone_urls_are_understood(url: str, host: str, name: str) -> None:
    remote = remotes.parse(url)
    assert (remote.host, remote.name) == (host, name)


def test_a_credential_leaves_the_url_and_is_stored_unreadable(alice: User) -> None:
    repository = repositories.register(
        url="https://bot:s3cr%40t@git.example.org/shop.git", owner=alice, by=alice
    )
    assert repository.url == "https://git.example.org/shop.git"
    assert "s3cr" not in repository.credential
    assert credentials.decrypt(repository.credential) == "bot:s3cr@t"


@pytest.mark.parametrize("name", ["-x", "a..b", "a b", "a~1", "@", "a/.b", "a.lock", "a//b", "x:y"])
def test_names_that_no_branch_can_have_are_refused(name: str, alice: User) -> None:
    with pytest.raises(ValidationError) as error:
        repositories.register(url="https://example.org/a.git", owner=alice, by=alice, branch=name)
    assert "branch" in error.value.message_dict


def test_a_host_of_the_old_protocol_is_said_to_be_one(
    source: GitRepository, alice: User, settings: Any, tmp_path: Path
) -> None:
    settings.CODEINDEX_REFUSED_NETWORKS = []
    source.commit({"a.py": ""})
    source.git("update-server-info")
    handler = partial(QuietFiles, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/shop/.git"
        old = repositories.register(url=url, owner=alice, by=alice)
        with pytest.raises(CheckoutError, match="git's old HTTP protocol"):
            fetch(old)
        server.shutdown()
