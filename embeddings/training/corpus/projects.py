"""Projects that functions are taken from: their licences, the repositories that they are built
from, and the families that a split keeps together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PERMISSIVE = re.compile(
    r"\b(0?BSD|MIT|Apache|ISC|PSF|Python Software Foundation|Unlicense|zlib|HPND|CC0|Biopython)\b",
    re.IGNORECASE,
)
RECIPROCAL = re.compile(r"GPL|General Public|Mozilla|MPL|EUPL|CeCILL|Eclipse", re.IGNORECASE)
OWN_CODE = "the organisation's own"
"""Stands for the licence of code that an organisation trains its own model on."""
# Path components of forges that stand in the place of an owner.
NO_OWNERS = {"sponsors", "orgs", "users", "topics"}


@dataclass(frozen=True, slots=True)
class Project:
    """A project as a manifest lists it. `version` is a release or a commit, `repositories` are
    `owner/name` in lower case."""

    name: str
    version: str
    licence: str
    repositories: tuple[str, ...]


def is_permissive(project: Project) -> bool:
    """Whether the project's stated licence permits any use with attribution."""
    stated = project.licence
    return stated == OWN_CODE or bool(PERMISSIVE.search(stated) and not RECIPROCAL.search(stated))


def canonical(name: str) -> str:
    """A project's name, normalised as by package indexes (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_made_from(project: Project, repositories: frozenset[str]) -> bool:
    """Whether a project comes from one of the repositories (`owner/name` in lower case): by the
    URLs in its metadata or, since projects move between owners, by its name."""
    names = {repository.partition("/")[2] for repository in repositories}
    own = {repository.partition("/")[2] for repository in project.repositories}
    return not repositories.isdisjoint(project.repositories) or not names.isdisjoint(
        {project.name, *own}
    )


def families(projects: Iterable[Project]) -> dict[str, str]:
    """Name of a project → the name of its family: the projects that are linked by the owners of
    their repositories, since an organisation's projects share authors and code."""
    parents: dict[str, str] = {}

    def root(node: str) -> str:
        while (parent := parents.setdefault(node, node)) != node:
            node = parents[node] = parents[parent]
        return node

    names = []
    for project in projects:
        names.append(project.name)
        for owner in {repository.partition("/")[0] for repository in project.repositories}:
            if owner not in NO_OWNERS:
                first, second = sorted((root(project.name), root(f"{owner}/")))
                parents[second] = first
    return {name: root(name) for name in names}
