"""What a host says of a branch without a fetch."""

from __future__ import annotations

import ipaddress
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import repositories
from codeindex.ingestion.cloning import heads
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.leases import Lease, LostLease
from codeindex.models import Branch
from tests import hosts
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"
    settings.CODEINDEX_REFUSED_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]


def branch(owner: User, url: str, name: str = "") -> Branch:
    trusted = url.startswith("/")
    repository = repositories.register(
        url=url, owner=owner, by=owner, branch=name, trusted_path=trusted
    )
    return Branch.objects.select_related("repository").get(repository=repository)


def ask(branch: Branch, seconds: float = 20) -> str:
    return heads.ask(branch, Lease(), seconds).commit


def test_the_default_branch_and_a_named_one(alice: User, source: GitRepository) -> None:
    first = source.commit({"a.py": ""})
    source.git("branch", "stable")
    second = source.commit({"b.py": ""})
    assert ask(branch(alice, str(source.path))) == second
    row = Branch(repository=alice.repositories.get(), name="stable", pk=0)
    assert ask(row) == first


def test_references_whose_names_end_alike_are_told_apart(
    alice: User, source: GitRepository
) -> None:
    wanted = source.commit({"a.py": ""})
    source.commit({"b.py": ""})
    source.git("update-ref", "refs/heads/HEAD", "HEAD")
    source.git("update-ref", "refs/heads/refs/heads/main", "HEAD")
    source.git("reset", "--hard", wanted)
    assert ask(branch(alice, str(source.path))) == wanted
    assert ask(Branch(repository=alice.repositories.get(), name="main", pk=0)) == wanted


def test_the_only_branch_stands_for_a_default_one_that_does_not_exist(
    alice: User, source: GitRepository
) -> None:
    commit = source.commit({"a.py": ""})
    source.git("branch", "--move", "trunk")
    source.git("symbolic-ref", "HEAD", "refs/heads/gone")
    row = branch(alice, str(source.path))
    assert ask(row) == commit
    source.git("branch", "other", "trunk")
    with pytest.raises(CheckoutError, match="Choose the branch"):
        ask(row)


def test_what_is_missing_is_named(alice: User, source: GitRepository) -> None:
    with pytest.raises(CheckoutError, match="has no commits yet"):
        ask(branch(alice, str(source.path)))
    with pytest.raises(CheckoutError, match="has no branch gone"):
        ask(Branch(repository=alice.repositories.get(), name="gone", pk=0))
    source.path.rename(source.path.with_name("moved"))
    with pytest.raises(CheckoutError, match="no git repository"):
        ask(Branch(repository=alice.repositories.get(), pk=0))


def test_hosts_are_asked_as_for_a_fetch(alice: User, source: GitRepository, tmp_path: Path) -> None:
    """By http with the credential, and at no refused address."""
    commit = source.commit({"a.py": ""})
    answer = hosts.guarded(hosts.git_repositories(tmp_path))
    with (
        hosts.serving(answer, "127.0.0.2") as outer,
        hosts.serving(answer, "127.0.0.1") as inner,
    ):
        outside = f"http://bot:s3cret@127.0.0.2:{outer.server_port}/shop"
        assert ask(branch(alice, outside)) == commit
        alice.repositories.update(url=f"{inner.url}/shop")
        row = Branch(repository=alice.repositories.get(), pk=0)
        with pytest.raises(CheckoutError, match="in a network from which"):
            ask(row)
        assert inner.seen == []


def test_a_slow_host_is_left(alice: User) -> None:
    with hosts.serving(hosts.trickling, "127.0.0.2") as host:
        row = branch(alice, f"{host.url}/shop")
        began = time.monotonic()
        with pytest.raises(CheckoutError, match="did not answer within 1 s"):
            ask(row, seconds=1)
        assert time.monotonic() - began < 5
        lost = Lease()
        lost.lose()
        with pytest.raises(LostLease):
            heads.ask(row, lost, 20)
