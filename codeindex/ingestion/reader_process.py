"""A program that reads files, one after the other: their text, and the definitions in it.

It is a process of its own, so that a file that makes it hang, crash or run out of memory costs only
that file (`reader_pool` runs it). It is started by its path and imports, of this project, only the
library: no Django, no database, no secret.

    python -P reader_process.py BYTES

It reads pickled triples from standard input: a content, its language by name, and whether it is
wanted even if it is generated or minified. For each it writes a pickled `ParsedFile`, or the reason
to skip the file, to standard output. BYTES is its memory limit.
"""

from __future__ import annotations

import pickle
import resource
import signal
import sys

from embeddings.code.definitions import decode, extract
from embeddings.code.languages import Language, by_name
from embeddings.code.origins import by_content, named
from embeddings.code.parsing import UnreadableSource, in_parser_thread
from embeddings.types import Definition

ParsedFile = tuple[str, bool, list[Definition]]
"""The text of a file, whether it has syntax errors, and its definitions."""

READY = "ready"
"""Sent once a reader has loaded what it needs."""

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""The beginning of what git holds of a file whose content lies in Git LFS."""

IN_LFS = "Git LFS pointer"
"""The reason to skip such a file."""


class Skipped(Exception):
    """Nothing of a file is indexed; the message is the reason."""


def parse(content: bytes, language: Language, *, of_any_origin: bool = False) -> ParsedFile:
    """Raises `Skipped`."""
    decoded = decode_source(content, language, of_any_origin=of_any_origin)
    try:
        extracted = extract(decoded, language)
    except UnreadableSource as error:
        raise Skipped(str(error)) from error
    return decoded, extracted.errors > 0, extracted.definitions


def decode_source(content: bytes, language: Language, *, of_any_origin: bool = False) -> str:
    """The decoded content. Raises `Skipped` if it is unreadable or lies elsewhere, or if it is
    generated or minified and not wanted `of_any_origin`."""
    if content.startswith(LFS_POINTER):
        raise Skipped(IN_LFS)
    try:
        decoded = decode(content, language)
    except UnreadableSource as error:
        reason, _, _ = str(error).partition(":")  # details of the single file follow the colon
        raise Skipped(reason) from error
    if not of_any_origin and (origins := by_content(decoded)):
        raise Skipped(named(origins))
    return decoded


def _answer(content: bytes, language: str, of_any_origin: bool) -> ParsedFile | str:
    try:
        return parse(content, by_name(language), of_any_origin=of_any_origin)
    except Skipped as reason:
        return str(reason)
    except MemoryError:
        raise
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return f"unreadable: {type(error).__name__}"


def main(memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends us
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    in_parser_thread(_serve)


def _serve() -> None:
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(pickle.dumps(READY))
    answers.flush()
    while True:
        try:
            request = pickle.load(requests)  # noqa: S301  from the worker, not from a stranger
        except EOFError:
            return
        answers.write(pickle.dumps(_answer(*request)))
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
