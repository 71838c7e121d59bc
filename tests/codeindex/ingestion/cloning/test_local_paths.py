"""Repositories of this machine: what of the disk a fetch may read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import repositories
from codeindex.ingestion.cloning import checkout
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.leases import Lease
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

NOT_ALLOWED = "not in a folder from which repositories may be cloned"
OUTSIDE = "uses files outside the folders from which repositories may be cloned"


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, settings: Any) -> Path:
    """The folder from which users may register repositories."""
    settings.CODEINDEX_HOME = tmp_path / "home"
    folder = tmp_path / "shared"
    folder.mkdir()
    settings.CODEINDEX_LOCAL_ROOTS = [folder]
    return folder


@pytest.fixture
def secret(tmp_path: Path) -> GitRepository:
    """A repository elsewhere."""
    repository = GitRepository.made(tmp_path / "elsewhere/secret")
    repository.commit({"secret.py": "KEY = 1\n"})
    return repository


@pytest.fixture
def shop(shared: Path, alice: User) -> Repository:
    """Alice's, as registered on the page."""
    source = GitRepository.made(shared / "shop")
    source.commit({"shop.py": "A = 1\n"})
    return repositories.register(url=str(source.path), owner=alice, by=alice)


def paths(repository: Repository) -> list[bytes]:
    run = IndexRun(branch=repository.branches.get())
    return [entry.path for entry in checkout.fetch(run, Lease()).entries()]


def test_a_repository_in_the_allowed_folder_is_read(shop: Repository) -> None:
    assert paths(shop) == [b"shop.py"]
    assert not shop.trusted_path


def test_a_folder_that_became_a_link_is_refused(
    shared: Path, shop: Repository, secret: GitRepository
) -> None:
    shutil.rmtree(shared / "shop")
    (shared / "shop").symlink_to(secret.path)
    with pytest.raises(CheckoutError, match=NOT_ALLOWED):
        paths(shop)


@pytest.mark.parametrize("pointer", ["file", "link", "relative"])
def test_a_git_folder_elsewhere_is_refused(
    shared: Path, shop: Repository, secret: GitRepository, pointer: str
) -> None:
    shutil.rmtree(shared / "shop/.git")
    if pointer == "link":
        (shared / "shop/.git").symlink_to(secret.path / ".git")
    else:
        place = secret.path / ".git"
        target = os.path.relpath(place, shared / "shop") if pointer == "relative" else place
        (shared / "shop/.git").write_text(f"gitdir: {target}\n")
    with pytest.raises(CheckoutError, match=OUTSIDE):
        paths(shop)


def test_a_path_that_became_a_pointer_itself_is_refused(
    shared: Path, shop: Repository, secret: GitRepository
) -> None:
    shutil.rmtree(shared / "shop")
    (shared / "shop").write_text(f"gitdir: {secret.path}/.git\n")
    with pytest.raises(CheckoutError, match=OUTSIDE):
        paths(shop)


def test_a_repository_beside_a_path_that_git_would_try_is_refused(
    shared: Path, shop: Repository, secret: GitRepository
) -> None:
    shutil.rmtree(shared / "shop")
    (shared / "shop.git").symlink_to(secret.path / ".git")
    with pytest.raises(CheckoutError, match=OUTSIDE):
        paths(shop)


@pytest.mark.parametrize("quoted", [False, True])
def test_objects_borrowed_from_elsewhere_are_refused(
    shared: Path, shop: Repository, secret: GitRepository, quoted: bool
) -> None:
    alternates = shared / "shop/.git/objects/info/alternates"
    alternates.parent.mkdir(exist_ok=True)
    objects = f"{secret.path}/.git/objects"
    alternates.write_text(f'"{objects}"\n' if quoted else f"# borrowed\n{objects}\n")
    (shared / "shop/.git/refs/heads/main").write_text(secret.git("rev-parse", "HEAD") + "\n")
    with pytest.raises(CheckoutError, match=OUTSIDE):
        paths(shop)


def test_objects_borrowed_by_a_repository_that_is_borrowed_from_are_refused(
    shared: Path, shop: Repository, secret: GitRepository, tmp_path: Path
) -> None:
    middle = GitRepository.made(shared / "middle")
    for borrower, lender in ((shared / "shop", middle.path), (middle.path, secret.path)):
        alternates = borrower / ".git/objects/info/alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{lender}/.git/objects\n")
    with pytest.raises(CheckoutError, match=OUTSIDE):
        paths(shop)


@pytest.mark.parametrize("part", ["objects", "refs", "packed-refs", "HEAD"])
def test_a_part_of_git_s_folder_that_is_a_link_elsewhere_is_refused(
    shared: Path, shop: Repository, secret: GitRepository, part: str
) -> None:
    secret.git("pack-refs", "--all")
    place = shared / "shop/.git" / part
    shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    place.symlink_to(secret.path / ".git" / part)
    with pytest.raises(CheckoutError, match=OUTSIDE):
        paths(shop)


def test_borrowing_and_links_within_the_allowed_folder_are_fine(shared: Path, alice: User) -> None:
    lender = GitRepository.made(shared / "lender")
    lender.commit({"a.py": "A = 1\n"})
    lender.git("clone", "--quiet", "--shared", str(lender.path), str(shared / "borrower"))
    lender.git("worktree", "add", "--quiet", str(shared / "worktree"))
    (shared / "linked").symlink_to(lender.path)
    for name in ("borrower", "worktree", "linked"):
        url = str(shared / name)
        assert paths(repositories.register(url=url, owner=alice, by=alice, name=name)) == [b"a.py"]


def test_a_bundle_in_the_allowed_folder_is_read(
    shared: Path, alice: User, secret: GitRepository
) -> None:
    secret.git("bundle", "create", "--quiet", str(shared / "shop.bundle"), "HEAD", "main")
    bundle = repositories.register(url=str(shared / "shop.bundle"), owner=alice, by=alice)
    assert paths(bundle) == [b"secret.py"]


def test_what_was_registered_by_command_may_lie_anywhere(
    alice: User, secret: GitRepository
) -> None:
    anywhere = repositories.register(url=str(secret.path), owner=alice, by=alice, trusted_path=True)
    assert anywhere.trusted_path
    assert paths(anywhere) == [b"secret.py"]


def test_a_folder_that_is_no_longer_allowed_is_left(
    shop: Repository, settings: Any, tmp_path: Path
) -> None:
    settings.CODEINDEX_LOCAL_ROOTS = [tmp_path / "other"]
    with pytest.raises(CheckoutError, match=NOT_ALLOWED):
        paths(shop)
