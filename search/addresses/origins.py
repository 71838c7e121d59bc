"""Where files come from: a repository's branch at the commit that is indexed, and the links that
lead there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.conf import settings
from django.urls import reverse

from codeindex import code_host_links
from codeindex.models import Branch
from search.candidates import sql

WITH_ORIGIN = ("branch__repository__owner", "branch__live_run")
"""What `origin_of` reads, for `select_related` of source files."""

SHORT = 10
"""Digits of a commit on pages."""


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step on the way to a file or a folder, with its address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A branch with its live commit, which was published at `indexed`. Both are empty for a branch
    that has just lost its live run."""

    repository_id: int
    owner: str
    repository: str
    branch: str
    commit: str
    indexed: datetime | None
    clone_url: str
    link_template: str

    @property
    def full_name(self) -> str:
        """The repository's `owner/name`, which is unique."""
        return f"{self.owner}/{self.repository}"

    @property
    def short_commit(self) -> str:
        return self.commit[:SHORT]

    def permalink(self, path: str, first: int = 0, last: int = 0) -> str:
        """The address here of a file at this commit, or of its lines from 1, which stays valid when
        the repository is indexed again: `/r/owner/name@commit/path#L83-L86`."""
        return permalink(self.full_name, self.commit, path, first, last)

    def host_link(self, path: str, first: int = 0, last: int = 0) -> str:
        """The same on the code host; empty if its links are not known."""
        hosts = settings.CODEINDEX_CODE_HOSTS
        return code_host_links.link(
            self.clone_url,
            self.commit,
            path,
            first,
            last,
            hosts=hosts,
            template=self.link_template,
        )


def permalink(repository: str, ref: str, path: str, first: int = 0, last: int = 0) -> str:
    """The address of a file at a commit or a branch, or, without a `ref`, wherever it is now."""
    place = f"{repository}@{ref}/{path}" if ref else f"{repository}/{path}"
    return reverse("address", args=[place]) + fragment(first, last)


def crumbs(repository: str, ref: str, path: str) -> list[Crumb]:
    """The way to a file or a folder, which comes last, from the repository's root folder."""
    names = path.rstrip("/").split("/") if path else []
    paths = ["", *accumulate(f"{name}/" for name in names)]
    paths[-1] = path
    return [
        Crumb(name, permalink(repository, ref, to))
        for name, to in zip([repository, *names], paths, strict=True)
    ]


def fragment(first: int, last: int) -> str:
    """Of lines on a file's page: `#L83-L86`, or `#L83` for one; empty for a whole file."""
    if not first:
        return ""
    return f"#L{first}-L{last}" if last > first else f"#L{first}"


def origin_of(branch: Branch) -> Origin:
    """Reads the branch's repository, that one's owner, and the live run."""
    repository, run = branch.repository, branch.live_run
    return Origin(
        repository_id=repository.pk,
        owner=repository.owner.get_username(),
        repository=repository.name,
        branch=branch.name,
        commit=run.commit if run else "",
        indexed=run.published if run else None,
        clone_url=repository.url,
        link_template=repository.link_template,
    )


def origins_of(branches: Iterable[int]) -> dict[int, Origin]:
    """branch → its origin. The branches are visible ones."""
    wanted = sql.array_literal(set(branches))
    return {
        branch: Origin(*columns) for branch, *columns in sql.rows(ORIGINS, {"branches": wanted})
    }


ORIGINS = """
SELECT branch.id, repository.id, owner.username, repository.name, branch.name,
       coalesce(run.commit, ''), run.published, repository.url,
       repository.link_template
FROM codeindex_branch AS branch
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
JOIN auth_user AS owner ON owner.id = repository.owner_id
LEFT JOIN codeindex_indexrun AS run ON run.id = branch.live_run_id
WHERE branch.id = ANY(%(branches)s::bigint[])
"""
