"""Fetches the head of a branch with git.

Each repository has one bare, shallow mirror in the state folder. Files are read out of git's object
store (`trees`), and no work tree is ever written: the hooks, filters, symbolic links and file names
of a stranger's repository have nothing to act on.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from django.conf import settings

from codeindex.ingestion.cloning import git, mirrors, proxy, routes
from codeindex.ingestion.cloning.errors import CheckoutError, explain, no_such, printable, too_large
from codeindex.ingestion.cloning.git import GitFailed
from codeindex.ingestion.cloning.proxy import Resolve
from codeindex.ingestion.cloning.routes import Route
from codeindex.ingestion.cloning.trees import LONGEST_PATH, Tree, split_records
from codeindex.leases import Lease
from codeindex.models import Branch, IndexRun

BRANCHES_NAMED = 5


def fetch(run: IndexRun, lease: Lease, resolve: Resolve = proxy.resolve) -> Tree:
    """Fetch the head of the run's branch into the mirror; `resolve` finds the addresses of hosts.
    Raises `CheckoutError`, and `LostLease` as soon as the run is cancelled or removed.

    The tree may be read after the mirror's lock is released: a reference keeps its commit, whatever
    the runs of other branches fetch and collect.
    """
    mirror = mirrors.mirror_of(run.branch.repository)
    return fetch_into(mirror, run.branch, f"refs/codeindex/{run.branch_id}", lease, resolve)


def fetch_into(
    mirror: Path, branch: Branch, kept: str, lease: Lease, resolve: Resolve = proxy.resolve
) -> Tree:
    """The same for a mirror in any place and a branch that need not be registered. The reference
    `kept` keeps the commit."""
    with (
        mirrors.locked(mirror, lease) as lock,
        routes.opened(branch.repository, mirror, resolve) as route,
    ):
        fetching = _Fetch(mirror, route, lock, lease)
        commit = fetching.head(branch, kept)
        return Tree(mirror, commit, lease, fetching.notice)


class _Fetch:
    """Fetches into one mirror, which is locked."""

    def __init__(self, mirror: Path, route: Route, lock: int, lease: Lease) -> None:
        self._mirror = mirror
        self._route = route
        self._lock = lock
        self._lease = lease
        self._deadline = time.monotonic() + settings.CODEINDEX_CLONE_SECONDS
        self.notice = ""
        """In which way what was fetched is not what was asked for."""

    def head(self, branch: Branch, kept: str) -> str:
        """Fetch the head of the branch, or of the remote's default branch if the name is empty,
        with as much of its history as the settings say, and keep it by the reference `kept`.
        Returns the commit. A failed fetch leaves nothing behind."""
        try:
            self._prepare()
            self._fetch(branch, kept)
            return self._git("rev-parse", f"{kept}^{{commit}}").decode().strip()
        except GitFailed as failure:
            self._discard()
            raise CheckoutError(self._route.connection_error() or explain(failure)) from failure
        except BaseException:
            self._discard()
            raise

    def _fetch(self, branch: Branch, kept: str) -> None:
        source = branch.reference
        for _ in range(3):  # retried with the other hash, and with another branch
            try:
                self._fetch_from(source, kept)
            except GitFailed as failure:
                if other := re.search(
                    r"mismatched algorithms: .*server (sha1|sha256)\b", failure.output
                ):
                    self._make(other[1])
                elif source == "HEAD" and "couldn't find remote ref HEAD" in failure.output:
                    source = self._only_branch()
                elif "couldn't find remote ref" in failure.output:
                    raise CheckoutError(no_such(branch)) from failure
                else:
                    raise
            else:
                return self._check_size()
        raise CheckoutError(
            "The host contradicts itself: whether it is asked with SHA-1 or with SHA-256, it names"
            " the other hash."
        )

    def _fetch_from(self, source: str, kept: str) -> None:
        depth = max(1, settings.CODEINDEX_HISTORY_COMMITS)
        self._git(
            "fetch", "--quiet", f"--depth={depth}", "--no-tags", "--force", "--no-write-fetch-head",
            *self._route.options, "--", self._route.address, f"+{source}:{kept}",
        )  # fmt: skip

    def _only_branch(self) -> str:
        """The branch of a remote whose HEAD names none that exists."""
        listing = self._pieces(
            "ls-remote", "--heads", *self._route.options, "--", self._route.address
        )
        names = []
        with closing(listing):
            for record in split_records(listing, LONGEST_PATH, end=b"\n"):
                names.append(record.decode(errors="replace").partition("\trefs/heads/")[2])
                if len(names) > BRANCHES_NAMED:
                    break
        if not names:
            raise CheckoutError("The repository is empty: it has no commits yet.")
        if len(names) == 1:
            self.notice = (
                "The repository's default branch does not exist. Its only branch,"
                f" {printable(names[0])}, has been indexed."
            )
            return f"refs/heads/{names[0]}"
        listed = ", ".join(printable(name) for name in names[:BRANCHES_NAMED])
        more = ", …" if len(names) > BRANCHES_NAMED else ""
        raise CheckoutError(
            "The repository's default branch does not exist. Choose the branch to index:"
            f" {listed}{more}."
        )

    def _git(self, *arguments: str) -> bytes:
        return b"".join(self._pieces(*arguments))

    def _pieces(self, *arguments: str) -> Generator[bytes, None, None]:
        env = git.environment(mirrors.home(), self._mirror) | self._route.env
        return git.pieces(
            self._mirror, *arguments, env=env, watch=self._watch, pass_fds=(self._lock,)
        )

    def _watch(self, _: float) -> None:
        self._lease.progress()
        if time.monotonic() > self._deadline:
            raise CheckoutError(
                f"Cloning took longer than {settings.CODEINDEX_CLONE_SECONDS} s, the limit of this"
                " installation."
            )
        self._check_size()

    def _check_size(self) -> None:
        if mirrors.size(self._mirror) > settings.CODEINDEX_CLONE_BYTES:
            shutil.rmtree(self._mirror, ignore_errors=True)
            raise CheckoutError(too_large())

    def _prepare(self) -> None:
        self._sweep()
        if not (self._mirror / "HEAD").exists():
            self._make("sha1")

    def _make(self, algorithm: str) -> None:
        shutil.rmtree(self._mirror, ignore_errors=True)
        self._mirror.mkdir(mode=0o700)
        self._git("init", "--quiet", "--bare", "--template=", f"--object-format={algorithm}", ".")

    def _discard(self) -> None:
        """Remove what a failed fetch left; all of the mirror, if it holds nothing else."""
        self._sweep()
        if (
            not any((self._mirror / "refs").rglob("*/*"))
            and not (self._mirror / "packed-refs").exists()
        ):
            shutil.rmtree(self._mirror, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove locks and unfinished packs of a killed fetch: we hold the mirror's lock."""
        for stale in (*self._mirror.rglob("*.lock"), *self._mirror.rglob("tmp_*")):
            stale.unlink(missing_ok=True)
