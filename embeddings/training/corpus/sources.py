"""Sources of training code: their protocol, and the simplest, a project's tree of Python files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol, Self

from embeddings.code.languages import Language
from embeddings.files.detection import type_by_path
from embeddings.files.path_rules import PathKind, all_kinds
from embeddings.training.corpus.functions import (
    Function,
    SourceFunction,
    UnsuitableCode,
    definitions_of,
    fingerprint,
    training_function,
)
from embeddings.training.corpus.projects import Project

FOREIGN_KINDS = {PathKind.VENDORED, PathKind.GENERATED, PathKind.TEST}
FOREIGN_FOLDER = re.compile("(^|/)(migrations|_?extern(al)?s?|[^/]*(vendor|third_?party)[^/]*)/")
"""Code that a framework writes, or that may be somebody else's: a corpus can do without it."""
TEST_PATH = re.compile(r"[a-z0-9.](Tests?|TestCase|Spec)([/.]|$)")
"""Tests as they are called where names are in capitals: CartTest.php, commonTest/, Shop.Tests/."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Functions and classes of one project, and how many were left out, by reason."""

    project: Project
    functions: list[Function] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def add(self, function: SourceFunction) -> None:
        """Adds a function or class if it is suitable, and otherwise counts it as left out."""
        try:
            self.functions.append(training_function(self.project.name, function))
        except UnsuitableCode as reason:
            self.leave_out(str(reason))

    def add_file(self, path: str, data: bytes) -> None:
        """Adds the functions and classes of a file in any known language."""
        try:
            for function in definitions_of(path, data):
                self.add(function)
        except UnsuitableCode as reason:
            self.leave_out(str(reason))

    def leave_out(self, reason: str) -> None:
        """Counts something that is left out."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


class SourceUnavailable(Exception):
    """Why a source cannot be read, as a message for whoever named it."""


class Source(Protocol):
    """Something that holds functions of one or more projects."""

    @property
    def name(self) -> str:
        """Its name in progress bars and messages."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the source may hold other functions."""
        ...

    def batches(self) -> Iterator[Batch]: ...


@dataclass(frozen=True, slots=True)
class SourceTree:
    """A project's own Python files under a folder."""

    project: Project
    root: Path
    files: tuple[str, ...]

    @classmethod
    def under(cls, project: Project, root: Path) -> Self:
        """All Python files in a folder, without tests, generated and vendored files."""
        paths = (path.relative_to(root) for path in root.rglob("*.py"))
        return cls(project, root, tuple(sorted(str(path) for path in paths if is_own_source(path))))

    @property
    def name(self) -> str:
        return self.project.name

    @property
    def version(self) -> str:
        sizes = (f"{file} {_size(self.root / file)}" for file in self.files)
        return fingerprint("\n".join([repr(self.project), *sizes]))

    def batches(self) -> Iterator[Batch]:
        batch = Batch(self.project)
        for file in self.files:
            try:
                batch.add_file(file, (self.root / file).read_bytes())
            except OSError:
                batch.leave_out("file unreadable")
        yield batch


def is_own_source(path: PurePath) -> bool:
    """Whether a file may be a project's own code: not a test, generated or vendored, and in a known
    language, or a script whose name does not say."""
    known = isinstance(type_by_path(path.as_posix()), Language) or not path.suffix
    if not known or FOREIGN_FOLDER.search(path.as_posix()) or TEST_PATH.search(path.as_posix()):
        return False
    return FOREIGN_KINDS.isdisjoint(all_kinds(path.as_posix()))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
