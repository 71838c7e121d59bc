"""The kinds of files by their paths: tests, examples, vendored code and so on.

Search asks for them in SQL, too, by one pattern that says the same. Folders are recognised in any
case, since `Tests/` is as common as `tests/`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from embeddings.files.origins import Origin

NAME, END = "[^/]*", r"\.[^/.]+"
"""Regular expressions for any part of a file's or folder's name, and for an extension."""

PACKAGES = "src/[^/]+/(java|kotlin|scala|groovy)"
"""The folder of a JVM project that holds its packages. Those are called by what the code is about:
`src/main/java/shop/vendors` is about vendors."""

NOTHING = r"\Z/"
"""A pattern that nothing matches."""


class PathKind(StrEnum):
    """In the order of precedence: a test of vendored code is vendored."""

    VENDORED = "vendored"
    GENERATED = "generated"
    TEST = "test"
    BENCHMARK = "benchmark"
    EXAMPLE = "example"
    DOCUMENTATION = "documentation"


@dataclass(frozen=True)
class Rule:
    """Regular expressions for whole names. A file is of a kind if one of its `folders` or its own
    name matches. Expressions for folders are in lower case and match any case. `packages`:
    the name of a package says so, too."""

    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    packages: bool = False

    @cached_property
    def folder(self) -> str:
        """Matches one folder's name."""
        return _any_of(map(_in_any_case, self.folders))

    @cached_property
    def file(self) -> str:
        """Matches a file's name."""
        return _any_of(self.files)

    @cached_property
    def pattern(self) -> str:
        """The expression to search a path for, in Postgres. File names that may begin with anything
        are searched without that beginning, which halves the time that it takes."""
        ends = [file.removeprefix(NAME) for file in self.files if file.startswith(NAME)]
        whole = [file for file in self.files if not file.startswith(NAME)]
        # After the folder, since Postgres would look back at every slash
        outside = "" if self.packages else rf"(?<!(^|/){PACKAGES}/.+)"
        return rf"(^|/)(({self.folder})/{outside}|({_any_of(whole)})\Z)|({_any_of(ends)})\Z"


TOOLS_FILES = {
    Origin.GENERATED: (rf"{NAME}_pb2(_grpc)?\.pyi?", rf"{NAME}\.pb(\.gw)?\.go"),
    Origin.MINIFIED: (rf"{NAME}\.(min|bundle)\.(m?js|css)",),
}
"""Names of files that only tools use."""

RULES = {
    PathKind.VENDORED: Rule(
        (
            "_?vendor(s|ed)?",
            "_vendored_packages",
            "(third|3rd)[_-]?party",
            "node_modules",
            "bower_components",
            "site-packages",
            r"\.?venv",
            r"\.(tox|nox|eggs)",
        ),
    ),
    PathKind.GENERATED: Rule(
        ("generated", "__generated__"),
        (
            *TOOLS_FILES[Origin.GENERATED],
            *TOOLS_FILES[Origin.MINIFIED],
            rf"{NAME}[._]generated{END}",
            rf"zz_generated{NAME}",
            rf"{NAME}\.gen{END}",
            rf"{NAME}_gen\.go",
        ),
        packages=True,
    ),
    PathKind.TEST: Rule(
        (
            "tests?",
            "testing",
            "testsuite",
            "testdata",
            rf"tests?[_-]{NAME}",
            rf"{NAME}[_-]tests?",
            "__(tests|mocks|fixtures)__",
            "specs?",
            "e2e",
            "fixtures",
        ),
        (
            rf"test_{NAME}",
            rf"tests?{END}",
            r"conftest\.py",
            rf"{NAME}_(tests?|spec){END}",
            rf"{NAME}[.-](tests?|spec){END}",
            rf"{NAME}\.(cy|e2e){END}",
            rf"Test[A-Z]{NAME}\.java",
            rf"{NAME}(Tests?|TestCase|IT)\.java",
        ),
    ),
    PathKind.BENCHMARK: Rule(
        ("benchmarks?", "bench", "benches"),
        (
            rf"bench(mark)?_{NAME}",
            rf"{NAME}_bench(mark)?{END}",
            rf"{NAME}\.bench{END}",
            rf"{NAME}Benchmark\.java",
        ),
    ),
    PathKind.EXAMPLE: Rule(
        ("_?examples?", "samples?", "demos?", "tutorials?"),
        (rf"example{END}", rf"{NAME}_example{END}"),
    ),
    PathKind.DOCUMENTATION: Rule(
        ("docs?", "documentation"), (rf"{NAME}\.(md|markdown|mdx|rst|adoc|org)",)
    ),
}


def classify(path: str) -> PathKind | None:
    """The kind of a file by its path; None for an implementation."""
    return next(iter(all_kinds(path)), None)


@lru_cache(1 << 16)
def all_kinds(path: str) -> tuple[PathKind, ...]:
    """All kinds of a file by its path, in the order of precedence."""
    *folders, name = path.split("/")
    first = _first_package(folders)
    kinds = _kinds_of_file(name).union(
        *map(_kinds_of_folder, folders[:first]), *map(_kinds_of_package, folders[first:])
    )
    return tuple(kind for kind in PathKind if kind in kinds)


def origins(path: str) -> tuple[Origin, ...]:
    """What a file's path says of its origin, in the order of `Origin`: it lies in a folder of
    vendored code, or only tools use such a name. A folder called `generated` says nothing, since
    its files may be written by hand."""
    name = path.rpartition("/")[2]
    vendored = (Origin.VENDORED,) if PathKind.VENDORED in all_kinds(path) else ()
    made = (origin for origin, files in TOOLS_FILES.items() if re.fullmatch(_any_of(files), name))
    return (*vendored, *made)


def pattern(kinds: Collection[PathKind]) -> str:
    """The regular expression, for Postgres, that finds the paths of these kinds."""
    return "|".join(RULES[kind].pattern for kind in kinds)


@lru_cache(1 << 14)
def _kinds_of_folder(name: str) -> frozenset[PathKind]:
    return frozenset(kind for kind, rule in RULES.items() if re.fullmatch(rule.folder, name))


def _kinds_of_package(name: str) -> frozenset[PathKind]:
    return frozenset(kind for kind in _kinds_of_folder(name) if RULES[kind].packages)


def _first_package(folders: Sequence[str]) -> int:
    """How many folders are above all packages."""
    found = re.search(f"(^|/){PACKAGES}/", "/".join([*folders, ""]))
    return found.string.count("/", 0, found.end()) if found else len(folders)


def _kinds_of_file(name: str) -> frozenset[PathKind]:
    return frozenset(kind for kind, rule in RULES.items() if re.fullmatch(rule.file, name))


def _any_of(expressions: Iterable[str]) -> str:
    return "|".join(expressions) or NOTHING


def _in_any_case(expression: str) -> str:
    return re.sub("[a-z]", lambda letter: f"[{letter[0]}{letter[0].upper()}]", expression)
