"""The part of a text's syntax tree that path-contexts run through, for people to look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from embeddings.code.languages import syntax_of
from embeddings.code.own_names import parse_text
from embeddings.code.parsing import in_parser_thread
from embeddings.paths.forest import Forest, plant
from embeddings.types import Leaf, PathContext


@dataclass(frozen=True, slots=True)
class PathNode:
    """A node of the tree. `depth` counts the nodes of paths above it; `leaf` is the end of a path,
    if it is one; `contexts` are the places, in the sequence that was given, of those that run
    through it."""

    kind: str
    depth: int
    leaf: Leaf | None
    contexts: tuple[int, ...]


def tree_of(text: str, language: str, contexts: Sequence[PathContext]) -> list[PathNode]:
    """The nodes of `contexts`, which are those of this text, in preorder: a node comes before what
    lies below it. Raises KeyError for an unknown language."""
    return in_parser_thread(lambda: _tree_of(text, language, contexts)) if contexts else []


def _tree_of(text: str, language: str, contexts: Sequence[PathContext]) -> list[PathNode]:
    syntax = syntax_of(language)
    if syntax is None:
        return []
    parsed = parse_text(text, syntax)
    forest = Forest(reach=max(len(context.path) for context in contexts))
    plant(forest, parsed.root, parsed.source, syntax)
    return [*_nodes(forest, contexts, parsed.start)]


def _nodes(forest: Forest, contexts: Sequence[PathContext], start: int) -> Iterator[PathNode]:
    """`start`: the byte of the parsed source at which the text begins."""
    spans = zip(forest.starts, forest.ends, strict=True)
    at = {(first - start, last - start): place for place, (first, last) in enumerate(spans)}
    ways = list(forest.kinds)
    kinds, leaves = dict[int, str](), dict[int, Leaf]()
    through = defaultdict[int, list[int]](list)
    for number, context in enumerate(contexts):
        down = len(context.path) - 1 - context.top
        ends = ((context.start, context.top), (context.end, down - 1))
        for leaf, height in ends:
            place = at[leaf.start_byte, leaf.end_byte]
            leaves[forest.leaves[place]] = leaf
            way = _upwards(forest, forest.leaves[place], height)
            for node, name in zip(way, reversed(ways[forest.ways[place]]), strict=False):
                kinds[node] = name
                through[node].append(number)
    depths = dict[int, int]()
    for node in sorted(kinds):
        depths[node] = _depth_below(forest, node, depths)
        yield PathNode(kinds[node], depths[node], leaves.get(node), tuple(sorted(through[node])))


def _depth_below(forest: Forest, node: int, depths: Mapping[int, int]) -> int:
    while (node := forest.parents[node]) >= 0:
        if node in depths:
            return depths[node] + 1
    return 0


def _upwards(forest: Forest, node: int, height: int) -> Iterator[int]:
    """A node and as many of its ancestors as `height` says."""
    yield node
    for _ in range(height):
        node = forest.parents[node]
        yield node
