"""From source to syntax tree, within bounds of time, memory and depth, whatever a file or pasted
text contains. A tree-sitter query cannot be interrupted and holds the GIL, so that a tree that
would take too long to query is refused beforehand."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import TypeVar

import numpy as np
from tree_sitter import Node, Parser, Point, Range, Tree, TreeCursor

from embeddings.code.languages import Language, compiled

PARSE_SECONDS = 2.0
"""CPU time. A megabyte of ordinary code takes a tenth of a second."""

PARSE_BYTES = 512 * 1024 * 1024
"""Memory. A megabyte of ordinary code takes a tenth of it."""

MAX_OPEN = 6_000
"""Unclosed brackets. At the end of the source tree-sitter tries to recover from each of them, which
takes time quadratic in their number and cannot be interrupted."""

MAX_DEPTH = 2_000
"""Nested nodes. People do not nest this deeply, but a sum of as many terms does."""

Span = tuple[int, int, int] | None
"""A part of a source: its first byte, which begins a line, that line's row, and its end."""

_SMALL_SOURCE = 8 * 1024
_CHUNK = 4 * 1024
_CALLS_PER_LOOK, _CALLS_PER_WEIGHING = 8, 64
_PAGE = resource.getpagesize()
_STACK, _SMALL_STACK = 128 * 1024 * 1024, 8 * 1024 * 1024
_SMALL_TREE = 8_000
_SHALLOW_TREE = 40_000
_MOST_COMPARISONS, _COMPARISONS_PER_NODE = 50_000_000, 100

_OPENING = (b"(", b"[", b"{", b"<")
_TURNS = np.zeros(256, np.int8)
_TURNS[np.frombuffer(b"".join(_OPENING), np.uint8)] = 1
_TURNS[np.frombuffer(b")]}>", np.uint8)] = -1

_starting = threading.Lock()
_here = threading.local()

T = TypeVar("T")


class UnreadableSource(Exception):
    """A file cannot be read. The message is short, and the same for all files with that problem."""


def node_text(node: Node, source: bytes) -> bytes:
    """The text of a node in the tree of `source`. (`Node.text` crashes if the source was read in
    chunks.)"""
    return source[node.start_byte : node.end_byte]


def parse(
    source: bytes, language: Language, seconds: float = PARSE_SECONDS, span: Span = None
) -> Tree:
    """The syntax tree of UTF-8 `source`, or of a `span` of its lines, with error nodes where it is
    broken.

    Raises UnreadableSource if parsing takes more than `seconds` of CPU time or PARSE_BYTES of
    memory, or if the tree is too deep or too broken to be queried in reasonable time.
    """
    # The pieces of a source are parsed after the whole.
    if span is None and _most_open(source) > MAX_OPEN:
        raise UnreadableSource("too many unclosed brackets")
    if _can_parse_here(source):
        tree = _parse_within(source, language, seconds, span)
    else:
        stack = _STACK if len(source) > _SMALL_SOURCE else _SMALL_STACK
        tree = _in_thread(lambda: _parse_within(source, language, seconds, span), stack)
    _check_shape(tree)
    return tree


def in_parser_thread(work: Callable[[], T]) -> T:
    """The result of `work`, done in a thread in which `parse` starts no other one. Starting a
    thread takes as long as parsing a hundred lines. Nothing may interrupt `work`."""

    def parsing() -> T:
        _here.has_room = True
        return work()

    return _in_thread(parsing, _STACK)


def _can_parse_here(source: bytes) -> bool:
    """Whether this thread has the stack that a source may need, and handles no signals.

    tree-sitter frees discarded parses recursively, at some 100 bytes a token. A handler of a signal
    that raises during a callback from tree-sitter, as that of Ctrl-C does, crashes the process;
    signals are only handled in the main thread."""
    if threading.current_thread() is threading.main_thread():
        return False
    return len(source) <= _SMALL_SOURCE or getattr(_here, "has_room", False)


def _in_thread(work: Callable[[], T], stack: int) -> T:
    """The result of `work`, done in a new thread with a stack of that size."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    with _starting:
        usual = threading.stack_size(stack)
        try:
            thread.start()
        except RuntimeError as error:
            raise MemoryError("no room for the stack of a thread") from error
        finally:
            threading.stack_size(usual)
    return result.result()


def _parse_within(source: bytes, language: Language, seconds: float, span: Span) -> Tree:
    deadline = time.thread_time() + seconds
    prepared = language.prepare(source)
    is_large = len(source) > _SMALL_SOURCE  # a small one takes no memory worth watching
    calls, most = count(1), PARSE_BYTES // _PAGE + (_resident_pages() if is_large else 0)

    def chunk(offset: int, _: object) -> bytes:
        return prepared[offset : offset + _CHUNK]  # a predicate of a query crashes on a memoryview

    def is_late(offset: int, has_error: bool) -> bool:
        call = next(calls)
        if call % _CALLS_PER_LOOK:
            return False
        is_due = is_large and call % _CALLS_PER_WEIGHING == 0
        return time.thread_time() > deadline or (is_due and _resident_pages() > most)

    try:
        parser = Parser(compiled(language), included_ranges=_ranges(source, span))
        return parser.parse(chunk, progress_callback=is_late)
    except ValueError as error:
        raise UnreadableSource("takes too long to parse") from error


def _ranges(source: bytes, span: Span) -> list[Range] | None:
    if span is None:
        return None
    start, row, end = span
    last = row + source.count(b"\n", start, end)
    column = end - (source.rfind(b"\n", start, end) + 1 or start)
    return [Range(Point(row, 0), Point(last, column), start, end)]


def _most_open(source: bytes) -> int:
    """The largest excess of opened over closed brackets in any part of a source; 0 if it has at
    most MAX_OPEN opening ones."""
    if sum(map(source.count, _OPENING)) <= MAX_OPEN:
        return 0
    balance = _TURNS[np.frombuffer(source, np.uint8)].cumsum(dtype=np.int32)
    return int((balance - np.minimum.accumulate(balance)).max())


def _resident_pages() -> int:
    with open("/proc/self/statm", encoding="ascii") as sizes:
        return int(sizes.read().split()[1])


def _check_shape(tree: Tree) -> None:
    root = tree.root_node
    if root.descendant_count > _SHALLOW_TREE and _is_too_deep(root.walk()):
        raise UnreadableSource("nested too deeply")
    if root.descendant_count > _SMALL_TREE and root.has_error and _is_too_broken(root.walk()):
        raise UnreadableSource("too many syntax errors")


def _is_too_deep(cursor: TreeCursor) -> bool:
    """A query compares every partial match from above at each node."""
    down, onward, up, depth = (
        cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent, 0
    )  # fmt: skip
    while depth <= MAX_DEPTH:
        if down():
            depth += 1
            continue
        while not onward():
            if not up():
                return False
            depth -= 1
    return True


def _is_too_broken(cursor: TreeCursor) -> bool:
    """At each node a query looks for the next named sibling, and a region that does not parse may
    be a hundred thousand brackets in a row."""
    comparisons, row, rows = 0, 0, []
    while comparisons <= _MOST_COMPARISONS:
        node = cursor.node
        assert node is not None
        row = 0 if node.is_named else row + 1
        comparisons += _COMPARISONS_PER_NODE + row
        if node.has_error and cursor.goto_first_child():
            rows.append(row)
            row = 0
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return False
            row = rows.pop()
    return True
