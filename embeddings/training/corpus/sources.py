"""Sources of training code: what one is, and the plainest, a project's tree of Python files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol, Self

from embeddings.code.path_rules import PathKind, all_kinds
from embeddings.training.corpus.functions import (
    Function,
    Unfit,
    defined_in,
    fingerprint,
    function_of,
)
from embeddings.training.corpus.projects import Project

FOREIGN_KINDS = {PathKind.VENDORED, PathKind.GENERATED, PathKind.TEST}
FOREIGN_FOLDER = re.compile("(^|/)(migrations|_?extern(al)?s?|[^/]*(vendor|third_?party)[^/]*)/")
"""Code that a framework writes, or that may be somebody else's: a corpus can do without it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Functions of one project, and what was left out of it, by reason."""

    project: Project
    functions: list[Function] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, code: str, docstring: str) -> None:
        """Keeps a function if it is worth training on."""
        try:
            self.functions.append(function_of(self.project.name, name, code, docstring))
        except Unfit as reason:
            self.leave_out(str(reason))

    def add_file(self, data: bytes) -> None:
        """Adds what a Python file defines."""
        try:
            for found in defined_in(data):
                self.add(found.name, found.text, found.docstring)
        except Unfit as reason:
            self.leave_out(str(reason))

    def leave_out(self, reason: str) -> None:
        """Counts what is not worth training on."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1


class SourceUnavailable(Exception):
    """Why a source cannot be read, in words for whoever named it."""


class Source(Protocol):
    """Something that holds functions of one project or of many."""

    @property
    def name(self) -> str:
        """What progress and messages call it."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever it could give other functions."""
        ...

    def batches(self) -> Iterator[Batch]: ...


@dataclass(frozen=True, slots=True)
class Tree:
    """A project's own Python files under a folder."""

    project: Project
    root: Path
    files: tuple[str, ...]

    @classmethod
    def of(cls, project: Project, root: Path) -> Self:
        """All that the folder holds, but tests, generated and vendored files."""
        paths = (path.relative_to(root) for path in root.rglob("*.py"))
        return cls(project, root, tuple(sorted(str(path) for path in paths if is_own_source(path))))

    @property
    def name(self) -> str:
        return self.project.name

    @property
    def version(self) -> str:
        held = (f"{file} {_size(self.root / file)}" for file in self.files)
        return fingerprint("\n".join([repr(self.project), *held]))

    def batches(self) -> Iterator[Batch]:
        batch = Batch(self.project)
        for file in self.files:
            try:
                batch.add_file((self.root / file).read_bytes())
            except OSError:
                batch.leave_out("file unreadable")
        yield batch


def is_own_source(path: PurePath) -> bool:
    """Whether a file is a project's own Python code: no test, no generated or vendored file."""
    if path.suffix != ".py" or FOREIGN_FOLDER.search(path.as_posix()):
        return False
    return FOREIGN_KINDS.isdisjoint(all_kinds(path.as_posix()))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
