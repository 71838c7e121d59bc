"""What is installed with what: the client alone, the library, the server, and the lock for all of
it."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
EXTRAS = METADATA["optional-dependencies"]
ROOMS = {"codeindex", "embeddings", "search"}


LIBRARY = Requirement(f"{METADATA['name']}[library]")


def test_the_client_imports_only_what_it_depends_on() -> None:
    assert distributions_of("codeindex/client") == names(METADATA["dependencies"])


def test_the_client_is_installed_without_a_language_model() -> None:
    assert "torch" not in names(METADATA["dependencies"])
    assert "torch" in names(EXTRAS["library"])


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - {"dev", "library"}))
def test_every_other_extra_brings_the_library(extra: str) -> None:
    assert LIBRARY in map(Requirement, EXTRAS[extra])


def test_the_library_imports_only_what_it_depends_on() -> None:
    assert distributions_of("embeddings") <= names(EXTRAS["library"])


def test_the_server_imports_only_what_it_depends_on() -> None:
    allowed = (
        names(METADATA["dependencies"])
        | names(EXTRAS["library"])
        | names(EXTRAS["server"])
        | {"kombu", "redis", "requests"}  # Celery's, and allauth's
    )
    imported = distributions_of("codeindex") | distributions_of("search")
    # Many distributions share its namespace; the extra `traces` has them
    traces = {name for name in imported if name.startswith("opentelemetry-")}
    assert imported - traces <= allowed


def test_the_library_needs_nothing_of_the_server() -> None:
    assert names(EXTRAS["library"]).isdisjoint(names(EXTRAS["server"]))


def test_the_lock_meets_every_requirement() -> None:
    lines = (PROJECT / "requirements.lock").read_text().splitlines()
    locked = {
        canonicalize_name(name): version for name, version in (line.split("==") for line in lines)
    }
    requirements = [
        *METADATA["dependencies"],
        *EXTRAS["library"],
        *EXTRAS["server"],
        *EXTRAS["dev"],
    ]
    for requirement in map(Requirement, requirements):
        if requirement.name != METADATA["name"]:
            version = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement


def test_development_installs_the_server_too() -> None:
    own = [
        requirement
        for requirement in map(Requirement, EXTRAS["dev"])
        if requirement.name == METADATA["name"]
    ]
    assert any("server" in requirement.extras for requirement in own)


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


def distributions_of(room: str) -> set[str]:
    """The distributions that hold what the modules of a room import."""
    holders = packages_distributions()
    imported = {name.partition(".")[0] for name in imports_of(room)}
    foreign = imported - ROOMS - sys.stdlib_module_names
    return {canonicalize_name(holder) for name in foreign for holder in holders[name]}


def imports_of(room: str) -> Iterator[str]:
    for path in (PROJECT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module or ""
