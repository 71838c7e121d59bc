"""What the model looks at in a definition: the path-contexts that its code vector pays the most
attention to, where their leaves stand in the text, and the part of the syntax tree between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import embeddings
from codeindex.models import Definition
from codeindex.spaces import encoders
from embeddings.code.parsing import UnreadableSource
from embeddings.paths.trees import PathNode, tree_of
from embeddings.types import Kind, Leaf, PathContext

SHOWN_PATHS = 10


@dataclass(frozen=True, slots=True)
class AttendedPath:
    """A path-context with its number from 1, its attention, and its leaves as the text has them.
    `up` are the kinds of nodes from the first leaf to the `top`, `down` those from there to the
    last one."""

    number: int
    attention: float
    start: str
    up: Sequence[str]
    top: str
    down: Sequence[str]
    end: str


@dataclass(frozen=True, slots=True)
class LeafSpan:
    """Where a leaf stands in the text, in characters, and the numbers of the paths that end
    there."""

    start: int
    stop: int
    paths: Sequence[int]


@dataclass(frozen=True, slots=True)
class Attention:
    """The most attended `paths` of `total`, in the text that the encoder reads, whose first line is
    line `first_line` of the file; 0 if the text was composed. Or why it is `unavailable`."""

    text: str = ""
    first_line: int = 0
    paths: Sequence[AttendedPath] = ()
    total: int = 0
    leaves: Sequence[LeafSpan] = ()
    tree: Sequence[PathNode] = ()
    unavailable: str = ""

    @property
    def share(self) -> float:
        """How much of the attention, which sums to 1, the shown paths get."""
        return sum(path.attention for path in self.paths)


def attention_in(definition: Definition) -> Attention:
    """By the encoder that this process searches with."""
    text, language = definition.text.body, definition.text.language
    try:
        encoder = encoders.searcher.encoder()
    except embeddings.EncoderUnavailable as reason:
        return Attention(unavailable=str(reason))
    attended = encoder.explain(text, language=language).contexts
    contexts = [each.context for each in attended[:SHOWN_PATHS]]
    try:
        tree = tree_of(text, language, contexts)
    except UnreadableSource:
        tree = []
    source = text.encode("utf-8", "replace")
    return Attention(
        text=text.rstrip("\n"),
        first_line=_first_line(definition),
        paths=[
            _path(number, each.attention, each.context, source)
            for number, each in enumerate(attended[:SHOWN_PATHS], 1)
        ],
        total=len(attended),
        leaves=_spans(contexts, source),
        tree=tree,
    )


def _first_line(definition: Definition) -> int:
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD):
        return 0
    # Counted from the end: the text may begin with a comment above the first line.
    lines = definition.text.body.rstrip("\n").count("\n") + 1
    return max(0, definition.end_line - lines + 1)


def _path(number: int, attention: float, context: PathContext, source: bytes) -> AttendedPath:
    return AttendedPath(
        number,
        attention,
        _quoted(context.start, source),
        context.path[: context.top],
        context.path[context.top],
        context.path[context.top + 1 :],
        _quoted(context.end, source),
    )


def _quoted(leaf: Leaf, source: bytes) -> str:
    return source[leaf.start_byte : leaf.end_byte].decode("utf-8", "replace")


def _spans(contexts: Iterable[PathContext], source: bytes) -> list[LeafSpan]:
    """In the order of the text. Of leaves that overlap, only the first is kept."""
    numbers: dict[Leaf, list[int]] = {}
    for number, context in enumerate(contexts, 1):
        for leaf in (context.start, context.end):
            numbers.setdefault(leaf, []).append(number)
    spans: list[LeafSpan] = []
    for leaf in sorted(numbers, key=lambda leaf: (leaf.start_byte, leaf.end_byte)):
        start = _characters(source, leaf.start_byte)
        if not spans or start >= spans[-1].stop:
            stop = _characters(source, leaf.end_byte)
            spans.append(LeafSpan(start, stop, numbers[leaf]))
    return spans


def _characters(source: bytes, byte: int) -> int:
    return len(source[:byte].decode("utf-8", "replace"))
