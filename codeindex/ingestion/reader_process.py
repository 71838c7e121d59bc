"""A program that reads files, one after the other: their text, and the definitions in it.

It is a process of its own, so that a file that makes it hang, crash or run out of memory costs only
that file (`reader_pool` runs it). It is started by its path and imports, of this project, only the
library: no Django, no database, no secret.

    python -P reader_process.py BYTES

It reads pickled triples from standard input: a content, its type of file by name, and whether it is
wanted even if it is generated or minified. For each it writes a pickled `ParsedFile`, or the reason
to skip the file, to standard output. BYTES is its memory limit.
"""

from __future__ import annotations

import pickle
import resource
import signal
import sys

from embeddings.code.definitions import extract
from embeddings.code.languages import FileType, Language, by_name
from embeddings.code.parsing import UnreadableSource, in_parser_thread
from embeddings.documents import plain
from embeddings.files.decoding import decode, stray_bytes
from embeddings.files.detection import as_read
from embeddings.files.origins import Origin, by_content, named
from embeddings.types import Definition, NamesUsed

ParsedFile = tuple[str, bool, list[Definition], int, NamesUsed | None]
"""The text of a file, whether it has syntax errors, its definitions, how many of its bytes could
not be decoded, and the names that it uses."""

Ready = int
"""What a reader sends once it has loaded what it needs: its peak memory until then, as `getrusage`
has it, in KiB."""

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""The beginning of what git holds of a file whose content lies in Git LFS."""

IN_LFS = "Git LFS pointer"
"""The reason to skip such a file."""


class Skipped(Exception):
    """Nothing of a file is indexed; the message is the reason."""


def parse(content: bytes, file_type: FileType, *, of_any_origin: bool = False) -> ParsedFile:
    """What a file holds. A source that would take too long to parse is read as plain text. Raises
    `Skipped`."""
    decoded = decode_source(content, file_type, of_any_origin=of_any_origin)
    stray = stray_bytes(content, decoded)
    file_type, source = as_read(file_type, decoded)
    try:
        extracted = extract(source, file_type)
    except UnreadableSource:
        return source, True, [*plain.read(source, file_type.name)], stray, None
    return source, extracted.errors > 0, extracted.definitions, stray, extracted.uses


def decode_source(content: bytes, file_type: FileType, *, of_any_origin: bool = False) -> str:
    """The decoded content. Raises `Skipped` if it is unreadable or lies elsewhere, or if it is
    generated or minified and not wanted `of_any_origin`. Only code is minified."""
    if content.startswith(LFS_POINTER):
        raise Skipped(IN_LFS)
    try:
        decoded = decode(content, file_type)
    except UnreadableSource as error:
        reason, _, _ = str(error).partition(":")  # details of the single file follow the colon
        raise Skipped(reason) from error
    if not of_any_origin and (origins := _origins(decoded, file_type)):
        raise Skipped(named(origins))
    return decoded


def _origins(decoded: str, file_type: FileType) -> list[Origin]:
    is_code = isinstance(file_type, Language)
    return [each for each in by_content(decoded) if is_code or each != Origin.MINIFIED]


def _answer(content: bytes, file_type: str, of_any_origin: bool) -> ParsedFile | str:
    try:
        return parse(content, by_name(file_type), of_any_origin=of_any_origin)
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
    ready: Ready = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers.write(pickle.dumps(ready))
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
