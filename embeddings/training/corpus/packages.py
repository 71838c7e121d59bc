"""Installed packages as sources of training code: their files, their licences and the repositories
that they are built from. The standard library counts as one package."""

from __future__ import annotations

import platform
import re
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from operator import attrgetter
from pathlib import Path

from embeddings.training.corpus.projects import Project, canonical
from embeddings.training.corpus.sources import SourceTree, is_own_source

STANDARD_LIBRARY = "python-standard-library"
FORGE = re.compile(r"(?:github|gitlab)\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?(?:[/#?].*)?$")
LONGEST_LICENCE_NAME = 60


def installed_packages(folder: Path) -> Iterator[SourceTree]:
    """The distributions in a folder such as `site-packages`."""
    for distribution in sorted(distributions(path=[str(folder)]), key=attrgetter("name")):
        paths = (Path(str(file)) for file in distribution.files or ())
        own = (path for path in paths if path.suffix == ".py" and is_own_source(path))
        project = Project(
            name=canonical(distribution.name),
            version=distribution.version,
            licence=_licence(distribution),
            repositories=tuple(sorted(_repositories(distribution))),
        )
        yield SourceTree(project, folder, tuple(sorted(map(str, own))))


def standard_library() -> SourceTree:
    """The standard library of the running Python."""
    root = Path(sysconfig.get_path("stdlib"))
    version = platform.python_version()
    project = Project(STANDARD_LIBRARY, version, "PSF-2.0", ("python/cpython",))
    return SourceTree.under(project, root)


def _licence(distribution: Distribution) -> str:
    metadata = distribution.metadata
    classifiers = metadata.get_all("Classifier") or []
    named = [line.rpartition("::")[2].strip() for line in classifiers if line.startswith("License")]
    expression, text = (_field(distribution, name) for name in ("License-Expression", "License"))
    stated = expression or "; ".join(named) or text
    return stated.strip().partition("\n")[0][:LONGEST_LICENCE_NAME]


def _repositories(distribution: Distribution) -> set[str]:
    lines = distribution.metadata.get_all("Project-URL") or []
    addresses = [_field(distribution, "Home-page"), *(line.rpartition(",")[2] for line in lines)]
    matches = (FORGE.search(address.strip()) for address in addresses)
    return {f"{match[1]}/{match[2]}".lower() for match in matches if match}


def _field(distribution: Distribution, name: str) -> str:
    return next(iter(distribution.metadata.get_all(name) or []), "")
