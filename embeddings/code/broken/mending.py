"""Candidates in a source that its grammar does not parse whole: what layout tells to be missing is
added, and what ends elsewhere is left out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from tree_sitter import Node

from embeddings.code.broken.layout import indentation
from embeddings.code.broken.recovery import Extent, Head, pieces
from embeddings.code.candidates import Candidate
from embeddings.code.docstrings import line_before, trimmed_end
from embeddings.code.languages import Language
from embeddings.code.parsing import UnreadableSource, parse

_WITH_BODIES = frozenset({"function", "method", "class", "interface", "trait", "block"})


def parsed_pieces(data: bytes, heads: list[Head], language: Language) -> list[Node]:
    """The roots of a source's pieces, each parsed by itself, so that none swallows the others."""
    roots = []
    for piece in pieces(heads, len(data)):
        try:
            roots.append(parse(data, language, span=piece).root_node)
        except UnreadableSource:
            continue
    return roots


def missed(found: list[Candidate], heads: list[Head]) -> bool:
    """Whether the grammar missed one of the outermost definitions, or its end."""
    outermost = min(head.indentation for head in heads)
    rows = {head.row for head in heads if head.indentation == outermost}
    return any(each.row in rows for each in found if isinstance(each.node, Extent))


def mended(
    candidates: list[Candidate], heads: list[Head], roots: list[Node], data: bytes
) -> list[Candidate]:
    """The candidates with those that layout tells to be missing, and without broken ones that end
    elsewhere: some swallow what follows, and others lose their end."""
    places = {(head.row, head.name): head for head in heads}
    errors = sorted(_error_rows(roots))
    kept = [
        each
        for each in candidates
        if (head := places.get((each.row, each.name))) is None
        or _ends_right(each, head, errors, data)
    ]
    found = {(each.row, each.name) for each in kept}
    whole = [each for each in kept if not each.is_broken and each.what in _WITH_BODIES]
    missing, current = [], 0
    for head in heads:
        begin = head.extent.start_byte
        while current < len(whole) and whole[current].outer.end_byte <= begin:
            current += 1
        is_inside = current < len(whole) and whole[current].first.start_byte <= begin
        if (head.row, head.name) not in found and not is_inside:
            missing.append(_from_layout(head))
    return sorted([*kept, *missing], key=lambda candidate: candidate.order)


def _ends_right(candidate: Candidate, head: Head, errors: list[int], data: bytes) -> bool:
    """Whether a candidate ends where its layout ends, or has nothing to do with any of the rows
    with errors: it holds none, lost nothing to one, and was not closed with what is around it."""
    if candidate.first.start_byte > head.extent.start_byte:
        return False
    end = trimmed_end(data, candidate.outer.start_byte, candidate.outer.end_byte)
    ends = candidate.outer.end_point.row - data.count(b"\n", end, candidate.outer.end_byte)
    should = head.extent.end_point.row
    if ends == should:
        return True
    is_cut = bisect_left(errors, ends) < bisect_right(errors, should)
    closing = line_before(data, end)
    margin = closing[: len(closing) - len(closing.lstrip())]
    return not candidate.is_broken and not is_cut and indentation(margin) >= head.indentation


def _error_rows(roots: list[Node]) -> Iterator[int]:
    """The rows at which errors begin, in the order of their nodes."""
    for root in roots:
        waiting = [root] if root.has_error else []
        while waiting:
            node = waiting.pop()
            if node.is_error or node.is_missing:
                yield node.start_point.row
            waiting += (child for child in node.children if child.has_error)


def _from_layout(head: Head) -> Candidate:
    extent = head.extent
    return Candidate(head.what, extent, extent, extent, None, head.name, head.owner, head.row)
