"""Asks a host for the commit of a branch, without fetching it."""

from __future__ import annotations

import re
import time
from contextlib import closing, nullcontext
from fnmatch import fnmatchcase
from itertools import islice

from codeindex.ingestion.cloning import git, mirrors, proxy, routes
from codeindex.ingestion.cloning.errors import CheckoutError, explain
from codeindex.ingestion.cloning.git import GitFailed, Watch
from codeindex.ingestion.cloning.proxy import Resolve
from codeindex.ingestion.cloning.routes import Route
from codeindex.ingestion.cloning.trees import LONGEST_PATH, split_records
from codeindex.leases import Lease
from codeindex.models import Branch

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

MOST_LINES = 1_000
"""Lines of git's answer that are read: two branches tell no more than many."""


def ask(branch: Branch, lease: Lease, seconds: float, resolve: Resolve = proxy.resolve) -> str:
    """The commit that the branch has at its host, or that the remote's default branch has if its
    name is empty. Uses no database: `branch.repository` is loaded. Raises `CheckoutError`, also if
    the host takes longer than `seconds`, and `LostLease`."""
    place = mirrors.folder() / f"branch-{branch.pk}.git"
    deadline = time.monotonic() + seconds

    def watch(_: float) -> None:
        lease.check()
        if time.monotonic() > deadline:
            raise CheckoutError(f"The host did not answer within {seconds:.0f} s.")

    # The lock keeps the file with the deploy key from being taken for one that was left behind.
    is_locked = bool(branch.repository.deploy_key)
    with (
        mirrors.locked(place, lease) if is_locked else nullcontext(),
        routes.opened(branch.repository, place, resolve) as route,
    ):
        try:
            return _head(branch.name, route, watch)
        except GitFailed as failure:
            raise CheckoutError(route.connection_error() or explain(failure)) from failure


def _head(name: str, route: Route, watch: Watch) -> str:
    if name:
        commits = _commits(f"refs/heads/{name}", route, watch)
        missing = f"The repository has no branch {name}. Check the branch's name."
    else:
        commits = _commits("HEAD", route, watch) or _commits("refs/heads/*", route, watch)
        missing = "The repository is empty: it has no commits yet."
    if not commits:
        raise CheckoutError(missing)
    if len(commits) > 1:
        raise CheckoutError(
            "The repository's default branch does not exist. Choose the branch to index."
        )
    return commits[0]


def _commits(wanted: str, route: Route, watch: Watch) -> list[str]:
    """The commits of the reference `wanted`, or of the first references that match its asterisk."""
    env = git.environment(mirrors.home(), mirrors.home()) | route.env
    asked = ("ls-remote", *route.options, "--", route.address, wanted)
    commits = []
    with closing(git.pieces(mirrors.home(), *asked, env=env, watch=watch)) as pieces:
        records = split_records(pieces, LONGEST_PATH, end=b"\n")
        for record in islice(records, MOST_LINES):
            commit, _, name = record.decode(errors="replace").partition("\t")
            # git also tells of references that end with what was asked for.
            if COMMIT.fullmatch(commit) and fnmatchcase(name, wanted):
                commits.append(commit)
    return commits
