"""Where a source uses names, by its syntax tree: calls, imports, types and other mentions. What a
name means there is not known, since that takes types; but what is a parameter or a local variable
by its place is left out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from tree_sitter import Node, QueryCursor

from embeddings.code.candidates import MAX_NAME, MOST_OPEN_MATCHES, last_part
from embeddings.code.languages import Language, query
from embeddings.code.syntax import Declaration, ParsedSource, all_within
from embeddings.types import MOST_LINES, NamesUsed, Receiver, UseKind, hints, packed_use, shifted

MOST_USES = 50_000
"""Identifiers of a source that are looked at; those after them are not recorded."""

_KINDS = {"type": UseKind.TYPE, "import": UseKind.IMPORT, "call": UseKind.CALL}
"""What a query captures, and what it says of the identifiers inside; of the same node the last."""

_CODE = frozenset({"function", "method", "property", "macro", "constant", "block"})
"""Declarations whose parameters and variables are known to them alone."""

_SEPARATORS = b".>:"
_MEMBER = (b".", b"->", b"::")
_ITSELF = re.compile(rb"(?<!\w)(?:self|this|cls|Self)(?:\??\.|->|::)\Z")
_LONGEST_ITSELF = len(b"$self::")
_WORD = re.compile(r"\w")

Span = tuple[int, int]
"""The first byte of something, and the one after its last."""


def uses_in(source: ParsedSource) -> NamesUsed:
    """The names that a source uses, without the names of its declarations where they are declared;
    in time linear in the syntax tree, but for sorting."""
    captured, data = _captured(source), source.data
    spans = sorted((node.start_byte, node.end_byte) for node in captured["name"])
    kept = spans[:MOST_USES]
    starts = np.array([start for start, _ in kept], np.int64)
    names = _names(kept, source)
    scopes = _Scopes(source, starts, names, {node.start_byte for node in captured["bound"]})
    uses: dict[str, set[int]] = defaultdict(set)
    before, before_end = "", -1
    for (start, end), name, kind, scope, line in zip(
        kept, names, _kinds(starts, captured), scopes.numbers, _lines(starts, data), strict=True
    ):
        of, of_end, before, before_end = before, before_end, name, end
        if not name or start in source.named:
            continue
        is_member = start > 0 and data[start - 1] in _SEPARATORS
        receiver = _receiver(data, start) if is_member else Receiver.NONE
        may_be_local = not receiver and kind not in _NEVER_LOCAL and name in scopes.bound
        if line < MOST_LINES and not (may_be_local and scopes.is_local(name, scope)):
            is_named = receiver == Receiver.OTHER and start - of_end <= 2
            hint = hints(of)[-1] if is_named and hints(of) else 0
            uses[name].add(packed_use(line, kind, receiver, hint))
    return _joined(uses, is_cut=len(spans) > MOST_USES)


def merged(parts: Iterable[tuple[NamesUsed, int]]) -> NamesUsed:
    """The names that the parts of a file use, each given with the number of lines before it."""
    uses: dict[str, set[int]] = defaultdict(set)
    is_cut = False
    for part, lines in parts:
        for name, (start, end) in zip(part.names, pairwise([0, *part.ends]), strict=True):
            moved = (shifted(use, lines) for use in part.uses[start:end])
            uses[name].update(use for use in moved if use < _END)
        is_cut = is_cut or part.is_cut
    return _joined(uses, is_cut=is_cut)


_END = packed_use(MOST_LINES, 0, 0)
_NEVER_LOCAL = (UseKind.IMPORT, UseKind.TYPE)


def _captured(source: ParsedSource) -> dict[str, list[Node]]:
    language = source.language
    cursor = QueryCursor(query(language, _query(language)), match_limit=MOST_OPEN_MATCHES)
    return defaultdict(list, cursor.captures(source.module.tree))


def _query(language: Language) -> str:
    identifiers = " ".join(f"({kind})" for kind in sorted(language.identifiers))
    return f"{language.uses} [{identifiers}] @name"


def _span(node: Node) -> Span:
    return node.start_byte, node.end_byte


def _names(spans: Sequence[Span], source: ParsedSource) -> list[str]:
    """What each span spells, without quotes, sigils and qualifiers; empty if it is no name, since
    it has no letter, or too long."""
    known: dict[bytes, str] = {}
    names = []
    for start, end in spans:
        spelt = source.data[start : min(end, start + MAX_NAME + 1)]
        if (name := known.get(spelt)) is None:
            name = known[spelt] = _name(spelt, source.language)
        names.append(name)
    return names


def _name(spelt: bytes, language: Language) -> str:
    if len(spelt) > MAX_NAME:
        return ""
    name = last_part(spelt.decode("utf-8", "replace"), language).strip(f"`{language.sigils}")
    return name if name != "_" and _WORD.search(name) else ""


def _kinds(starts: NDArray[np.int64], captured: dict[str, list[Node]]) -> list[int]:
    """The kind of use of what begins at each place, by the innermost captured node around it."""
    spans = [(*_span(node), kind) for what, kind in _KINDS.items() for node in captured[what]]
    spans.sort(key=lambda span: (span[0], -span[1]))
    kinds = np.array([*(kind for _, _, kind in spans), UseKind.MENTION])
    numbers: list[int] = kinds[
        _innermost(starts, [(start, end) for start, end, _ in spans])
    ].tolist()
    return numbers


class _Scopes:
    """Which parameters and variables are known where. `numbers` has the scope of each place: the
    innermost code around it, by its number; -1 for none. `bound` are the scopes of each name."""

    def __init__(
        self,
        source: ParsedSource,
        starts: NDArray[np.int64],
        names: Sequence[str],
        bound: set[int],
    ) -> None:
        code = [each for each in all_within(source.module) if each.what in _CODE]
        code.sort(key=lambda each: (each.first.start_byte, -each.end_byte))
        spans = [(each.first.start_byte, each.end_byte) for each in code]
        self.numbers: list[int] = _innermost(starts, spans).tolist()
        self._outer = _outer(code)
        self.bound: dict[str, set[int]] = defaultdict(set)
        for start, name, number in zip(starts.tolist(), names, self.numbers, strict=True):
            if start in bound and number >= 0:
                is_local = source.named.get(start, True) and code[number].name != name
                self.bound[name].update([number] if is_local else ())

    def is_local(self, name: str, scope: int) -> bool:
        """Whether a scope, or one around it, has a parameter or variable of this name."""
        while scope >= 0:
            if scope in self.bound[name]:
                return True
            scope = self._outer[scope]
        return False


def _outer(code: Sequence[Declaration]) -> list[int]:
    """The number of the code around each piece of code; -1 if there is none."""
    numbers = {declaration: number for number, declaration in enumerate(code)}
    outer = []
    for declaration in code:
        parent = declaration.parent
        while parent is not None and parent not in numbers:
            parent = parent.parent
        outer.append(-1 if parent is None else numbers[parent])
    return outer


def _innermost(places: NDArray[np.int64], spans: Sequence[Span]) -> NDArray[np.int64]:
    """For each place the index of the innermost span around it; -1 if there is none. Enclosing
    spans come first; of equal ones the last is the innermost."""
    begins, numbers = [-1], [-1]
    opened: list[int] = []

    def close(until: float) -> None:
        while opened and spans[opened[-1]][1] <= until:
            begins.append(max(begins[-1], spans[opened.pop()][1]))
            numbers.append(opened[-1] if opened else -1)

    for number, (start, _) in enumerate(spans):
        close(start)
        opened.append(number)
        begins.append(start)
        numbers.append(number)
    close(np.inf)
    at = np.searchsorted(np.array(begins, np.int64), places, side="right") - 1
    return np.array(numbers, np.int64)[at]


def _receiver(data: bytes, start: int) -> Receiver:
    before = data[max(0, start - _LONGEST_ITSELF) : start]
    if not before.endswith(_MEMBER) or before.endswith(b".."):
        return Receiver.NONE
    return Receiver.ITSELF if _ITSELF.search(before) else Receiver.OTHER


def _lines(places: NDArray[np.int64], data: bytes) -> list[int]:
    """The line of each place, from 1."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    lines: list[int] = (np.searchsorted(ends, places) + 1).tolist()
    return lines


def _joined(uses: dict[str, set[int]], *, is_cut: bool) -> NamesUsed:
    names = sorted(filter(uses.__getitem__, uses))
    ordered = [sorted(uses[name]) for name in names]
    ends = np.cumsum([len(each) for each in ordered], dtype=np.int64).tolist()
    return NamesUsed(names, ends, [use for each in ordered for use in each], is_cut)
