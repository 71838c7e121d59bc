"""Asks a host for the commit of a branch, and for branches and tags that match patterns, without
fetching them."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice

from codeindex.ingestion.cloning import git, globs, mirrors, proxy, routes
from codeindex.ingestion.cloning.errors import CheckoutError, explain, no_such
from codeindex.ingestion.cloning.git import GitFailed, Watch
from codeindex.ingestion.cloning.proxy import Resolve
from codeindex.ingestion.cloning.routes import Route
from codeindex.ingestion.cloning.trees import LONGEST_PATH, split_records
from codeindex.leases import Lease
from codeindex.models import Branch

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

MOST_LINES = 1_000
"""Lines of git's answer that are read: two branches tell no more than many."""

MOST_MATCHES = 10_000
"""The same where many references may match."""

HEADS, TAGS = "refs/heads/", "refs/tags/"
NEWEST_FIRST = "--sort=-version:refname"

PEELED = "^{}"
"""Behind the name of a tag: the commit that an annotated one leads to."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch or tag at its host, with its commit."""

    name: str
    is_tag: bool
    commit: str


@dataclass(frozen=True, slots=True)
class Heads:
    """The commit of a branch; and the branches and tags that match the patterns of its repository,
    None if it has none."""

    commit: str
    matching: tuple[Ref, ...] | None = None


def ask(branch: Branch, lease: Lease, seconds: float, resolve: Resolve = proxy.resolve) -> Heads:
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
            commit = _head(branch, route, watch)
            is_asked = branch.repository.has_patterns and not branch.by_pattern
            return Heads(commit, tuple(_matching(branch, route, watch)) if is_asked else None)
        except GitFailed as failure:
            raise CheckoutError(route.connection_error() or explain(failure)) from failure


def _head(branch: Branch, route: Route, watch: Watch) -> str:
    if branch.name:
        commits = _commits(branch.reference, route, watch)
        missing = no_such(branch)
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
    with closing(_listed([wanted], route, watch)) as listed:
        lines = islice(listed, MOST_LINES)
        # git also tells of references that end with what was asked for.
        return [commit for commit, name in lines if fnmatchcase(name, wanted)]


def _matching(branch: Branch, route: Route, watch: Watch) -> Iterator[Ref]:
    """The branches and tags that match the repository's patterns, the newest of each. A tag that is
    called like a branch is left out; so is the default branch, if it is indexed as such."""
    repository = branch.repository
    default = "" if branch.name else _default_branch(route, watch)
    branches = _newest(HEADS, repository.branch_patterns, repository.newest + 1, route, watch)
    branches.pop(default, None)
    kept = dict(islice(branches.items(), repository.newest))
    tags = _newest(TAGS, repository.tag_patterns, repository.newest, route, watch)
    yield from (Ref(name, False, commit) for name, commit in kept.items())
    yield from (Ref(name, True, commit) for name, commit in tags.items() if name not in kept)


def _newest(
    folder: str, patterns: Sequence[str], most: int, route: Route, watch: Watch
) -> dict[str, str]:
    """Name → commit of the references in a folder that match: the newest ones, where names are
    ordered as versions, v1.10 after v1.9. A host tells no dates."""
    if not patterns:
        return {}
    wanted = [f"{folder}{pattern}" for pattern in patterns]
    found: dict[str, str] = {}
    peeled: dict[str, str] = {}
    with closing(_listed(wanted, route, watch, NEWEST_FIRST)) as listed:
        for commit, reference in islice(listed, MOST_MATCHES):
            name = reference.removeprefix(folder)
            if name.endswith(PEELED):
                peeled[name.removesuffix(PEELED)] = commit
            elif name != reference and _is_kept(name, patterns):
                if len(found) > most:  # the commits of all that are kept have been read
                    break
                found[name] = commit
    return {name: peeled.get(name, commit) for name, commit in islice(found.items(), most)}


def _is_kept(name: str, patterns: Sequence[str]) -> bool:
    return globs.matches(name, patterns) and globs.is_valid(name) and name.isprintable()


def _default_branch(route: Route, watch: Watch) -> str:
    """The branch that the remote's HEAD names; "" if it names none."""
    with closing(_lines(["HEAD"], route, watch, "--symref")) as lines:
        for target, name in islice(lines, MOST_LINES):
            if name == "HEAD" and target.startswith(f"ref: {HEADS}"):
                return target.removeprefix(f"ref: {HEADS}")
    return ""


def _listed(
    wanted: Iterable[str], route: Route, watch: Watch, *options: str
) -> Generator[tuple[str, str], None, None]:
    """Commit and name of each reference that git lists for these patterns."""
    with closing(_lines(wanted, route, watch, *options)) as lines:
        yield from (line for line in lines if COMMIT.fullmatch(line[0]))


def _lines(
    wanted: Iterable[str], route: Route, watch: Watch, *options: str
) -> Generator[tuple[str, str], None, None]:
    """The two columns of what git answers: a commit, or what a symbolic reference leads to; and a
    name."""
    env = git.environment(mirrors.home(), mirrors.home()) | route.env
    asked = ("ls-remote", *options, *route.options, "--", route.address, *wanted)
    with closing(git.pieces(mirrors.home(), *asked, env=env, watch=watch)) as pieces:
        for record in split_records(pieces, LONGEST_PATH, end=b"\n"):
            target, _, name = record.decode(errors="replace").partition("\t")
            yield target, name
