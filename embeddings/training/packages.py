"""Installed packages as sources of training code: their files, licences, and the repositories that
they are made from. The standard library counts as one package."""

from __future__ import annotations

import platform
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

STANDARD_LIBRARY = "python-standard-library"
PERMISSIVE = re.compile(
    r"\b(0?BSD|MIT|Apache|ISC|PSF|Python Software Foundation|Unlicense|zlib|HPND|CC0|Biopython)\b",
    re.IGNORECASE,
)
RECIPROCAL = re.compile(r"GPL|General Public|Mozilla|MPL|EUPL|CeCILL|Eclipse", re.IGNORECASE)
FORGE = re.compile(r"(?:github|gitlab)\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?(?:[/#?].*)?$")
TEST_FOLDERS = {"test", "tests", "testing", "testsuite"}
VENDOR_FOLDERS = {"vendor", "vendored", "_vendor", "_vendored", "extern", "externals", "_extern"}
OTHER_FOLDERS = {"third_party", "thirdparty", "site-packages", "node_modules", "migrations"}
FOREIGN_FOLDERS = TEST_FOLDERS | VENDOR_FOLDERS | OTHER_FOLDERS
FOREIGN_FILE = re.compile(r"(^test_|_tests?\.py$|^conftest\.py$|_pb2(_grpc)?\.py$|^tests?\.py$)")
LONGEST_LICENCE_NAME = 60


@dataclass(frozen=True, slots=True)
class Package:
    """A package on disk: what the manifest says of it, and its Python files."""

    name: str
    version: str
    licence: str
    repositories: tuple[str, ...]
    files: tuple[Path, ...]


def installed(folder: Path) -> Iterator[Package]:
    """The distributions under a folder such as `site-packages`."""
    for distribution in sorted(distributions(path=[str(folder)]), key=lambda found: found.name):
        paths = (file for file in distribution.files or () if _is_own_source(Path(str(file))))
        yield Package(
            name=canonical(distribution.name),
            version=distribution.version,
            licence=_licence(distribution),
            repositories=tuple(sorted(_repositories(distribution))),
            files=tuple(sorted(Path(str(distribution.locate_file(path))) for path in paths)),
        )


def standard_library() -> Package:
    """The library of the Python that runs this."""
    root = Path(sysconfig.get_path("stdlib"))
    paths = (path.relative_to(root) for path in root.rglob("*.py"))
    return Package(
        name=STANDARD_LIBRARY,
        version=platform.python_version(),
        licence="PSF-2.0",
        repositories=("python/cpython",),
        files=tuple(sorted(root / path for path in paths if _is_own_source(path))),
    )


def is_permissive(package: Package) -> bool:
    """Whether the licence that the package states allows any use with attribution."""
    return bool(PERMISSIVE.search(package.licence)) and not RECIPROCAL.search(package.licence)


def is_made_from(package: Package, repositories: frozenset[str]) -> bool:
    """Whether a package comes from one of the repositories (`owner/name`, lower case): by the
    addresses in its metadata or, since projects move between owners, by its name."""
    names = {repository.partition("/")[2] for repository in repositories}
    own = {package.name, *(repository.partition("/")[2] for repository in package.repositories)}
    return not repositories.isdisjoint(package.repositories) or not names.isdisjoint(own)


def canonical(name: str) -> str:
    """A package's name as the index writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_own_source(path: Path) -> bool:
    """Whether a file is the package's own Python code: no test, no generated or vendored file."""
    return (
        path.suffix == ".py"
        and FOREIGN_FOLDERS.isdisjoint(path.parts[:-1])
        and not FOREIGN_FILE.search(path.name)
    )


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
    found = (FORGE.search(address.strip()) for address in addresses)
    return {f"{match[1]}/{match[2]}".lower() for match in found if match}


def _field(distribution: Distribution, name: str) -> str:
    return next(iter(distribution.metadata.get_all(name) or []), "")
