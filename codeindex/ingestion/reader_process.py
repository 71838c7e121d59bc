"""A program that reads files, one after the other: their text, and the definitions in it.

It is a process of its own, so that a file that makes it hang, crash or run out of memory costs only
that file (`reader_pool` runs it). It is started by its path and imports, of this project, only the
library: no Django, no database, no secret.

    python -P reader_process.py BYTES

It reads pickled `(content, type)` pairs from standard input, the type of file by its name, and
writes for each a pickled `ParsedFile`, or the reason to skip the file, to standard output. BYTES is
its memory limit.
"""

from __future__ import annotations

import pickle
import re
import resource
import signal
import sys

from embeddings.code.decoding import decode
from embeddings.code.definitions import extract
from embeddings.code.detection import as_read
from embeddings.code.languages import FileType, Language, by_name
from embeddings.code.parsing import UnreadableSource, in_parser_thread
from embeddings.documents import plain
from embeddings.types import Definition

ParsedFile = tuple[str, bool, list[Definition]]
"""The text of a file, whether it has syntax errors, and its definitions."""

GENERATED_MARK = re.compile(
    r"@generated\b|\bDO NOT EDIT\b|\bautomatically generated\b|\bauto-?generated (by|from|file)\b",
    re.IGNORECASE,
)
MARK_LINES = 5

READY = "ready"
"""Sent once a reader has loaded what it needs."""

OVERLONG_LINE = 2_000
"""Characters. No one writes such a line by hand."""


class Skipped(Exception):
    """Nothing of a file is indexed; the message is the reason."""


def parse(content: bytes, file_type: FileType) -> ParsedFile:
    """What a file holds. A source that would take too long to parse is read as plain text. Raises
    `Skipped`."""
    file_type, decoded = as_read(file_type, decode_source(content, file_type))
    try:
        extracted = extract(decoded, file_type)
    except UnreadableSource:
        return decoded, True, [*plain.read(decoded, file_type.name)]
    return decoded, extracted.errors > 0, extracted.definitions


def decode_source(content: bytes, file_type: FileType) -> str:
    """The decoded content. Raises `Skipped` if it is unreadable, generated or minified."""
    try:
        decoded = decode(content, file_type)
    except UnreadableSource as error:
        reason, _, _ = str(error).partition(":")  # details of the single file follow the colon
        raise Skipped(reason) from error
    head = "\n".join(decoded.split("\n", MARK_LINES)[:MARK_LINES])
    if GENERATED_MARK.search(head):
        raise Skipped("generated")
    if isinstance(file_type, Language) and _is_minified(decoded):
        raise Skipped("minified")
    return decoded


def _is_minified(decoded: str) -> bool:
    """Whether most of the text lies in overlong lines, which one long literal does not cause."""
    overlong = sum(len(line) for line in decoded.split("\n") if len(line) > OVERLONG_LINE)
    return overlong * 2 > len(decoded)


def _answer(content: bytes, file_type: str) -> ParsedFile | str:
    try:
        return parse(content, by_name(file_type))
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
            content, file_type = pickle.load(requests)  # noqa: S301  from the worker, not from a stranger
        except EOFError:
            return
        answers.write(pickle.dumps(_answer(content, file_type)))
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
