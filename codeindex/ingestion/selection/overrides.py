"""What a repository says of its own files, which goes before our own rules: by the patterns in its
settings, by `.codeindexignore`, and by `.gitattributes`, in this order."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codeindex.ingestion.cloning import attributes
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Entry, Tree, displayed
from codeindex.ingestion.selection import ignore_process, skip_reasons
from codeindex.ingestion.selection.ignore_process import IGNORED, UNSAID, WANTED

ATTRIBUTES_FILE, IGNORE_FILE = b".gitattributes", b".codeindexignore"
FILES = (ATTRIBUTES_FILE, IGNORE_FILE)
INHERITED = ("PATH", "LD_LIBRARY_PATH")
ATTRIBUTES = ("linguist-vendored", "linguist-generated")


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """For the files of rules of each kind in a commit: how many there may be, how many bytes they
    may hold together, and how many seconds and bytes of memory applying them may take."""

    files: int = 1_000
    bytes: int = 1 << 20
    seconds: int = 60
    memory: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Override:
    """What a repository says of a file. `left_out` is the reason to skip it, or "". A file that
    `counts` is indexed whatever our own rules say. `vendored` and `generated` are None where
    nothing is said."""

    left_out: str = ""
    counts: bool = False
    vendored: bool | None = None
    generated: bool | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What is said of each file, in their order, and what could not be followed."""

    of_files: Sequence[Override]
    notices: Sequence[str] = ()


def read(
    tree: Tree,
    rules: Sequence[Entry],
    paths: Sequence[bytes],
    *,
    patterns: str = "",
    limits: Limits = Limits(),
) -> Overrides:
    """What `patterns` and those files of a commit that have a name of `FILES` say of the paths.
    Raises `CheckoutError` if patterns that leave files out cannot be followed: what somebody wants
    hidden is not to be found."""
    shown = [displayed(path) for path in paths]
    by_settings = _matched({"": patterns}, shown, limits)
    by_files = _matched(_ignore_files(tree, _called(IGNORE_FILE, rules), limits), shown, limits)
    notices = []
    said: Sequence[tuple[bool | None, ...]] = [(None, None)] * len(paths)
    try:
        if files := _checked(_called(ATTRIBUTES_FILE, rules), limits):
            said = list(attributes.read(tree, files, paths, ATTRIBUTES, limits.seconds))
    except CheckoutError as error:
        notices.append(f"The .gitattributes files have not been followed. {error}")
    return Overrides(
        [_override(*each) for each in zip(by_settings, by_files, said, strict=True)], notices
    )


def _override(by_settings: str, by_file: str, said: tuple[bool | None, ...]) -> Override:
    for verdict, reason in (
        (by_settings, skip_reasons.BY_SETTINGS),
        (by_file, skip_reasons.BY_IGNORE_FILE),
    ):
        if verdict == IGNORED:
            return Override(left_out=reason)
        if verdict == WANTED:
            return Override(counts=True)
    vendored, generated = said
    return Override(vendored=vendored, generated=generated)


def _called(name: bytes, files: Sequence[Entry]) -> list[Entry]:
    return [file for file in files if file.path.rpartition(b"/")[2] == name]


def _checked(files: Sequence[Entry], limits: Limits) -> Sequence[Entry]:
    """The files of rules of a kind. Raises `CheckoutError` if they are too many or too large."""
    if len(files) > limits.files or sum(file.size for file in files) > limits.bytes:
        raise CheckoutError(
            f"The commit has more than {limits.files:,} of them, or they hold more than"
            f" {limits.bytes >> 10:,} KiB."
        )
    return files


def _ignore_files(tree: Tree, files: Sequence[Entry], limits: Limits) -> dict[str, str]:
    """folder → its patterns."""
    try:
        contents = tree.read(file.sha for file in _checked(files, limits))
    except CheckoutError as error:
        raise CheckoutError(f"The .codeindexignore files cannot be followed. {error}") from error
    return {
        displayed(file.path.removesuffix(IGNORE_FILE)): content.decode("utf-8-sig", "replace")
        for file, content in zip(files, contents, strict=True)
    }


def _matched(patterns: Mapping[str, str], paths: Sequence[str], limits: Limits) -> str:
    """One of `IGNORED`, `WANTED` and `UNSAID` for each path."""
    if not any(text.strip() for text in patterns.values()):
        return UNSAID * len(paths)
    program = [sys.executable, "-I", ignore_process.__file__]
    try:
        done = subprocess.run(
            [*program, str(limits.memory), str(limits.seconds)],
            input=pickle.dumps((dict(patterns), list(paths))),
            capture_output=True,
            check=True,
            env={name: os.environ[name] for name in INHERITED if name in os.environ},
            timeout=limits.seconds * 2,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        logger.warning("Patterns could not be matched: %s", (error.stderr or b"")[-2_000:])
        raise CheckoutError(
            "The patterns in .codeindexignore or in the repository's settings take too much time or"
            " memory to match. Write fewer or simpler ones."
        ) from error
    return done.stdout.decode()
