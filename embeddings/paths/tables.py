"""Path-contexts of many definitions in columns that share common leaves and paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from tree_sitter import Node

from embeddings.code.node_roles import IDENTIFIER
from embeddings.code.tokens import spellings, token
from embeddings.paths.forest import Forest
from embeddings.paths.pairs import Numbers, Pairs, Seed
from embeddings.types import Leaf, PathContext

_leaf_of = partial(tuple.__new__, Leaf)
_context_of = partial(tuple.__new__, PathContext)


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition whose contexts are extracted: its node in the tree of `source`, the byte from
    which spans count, the seed of a sample, and its own name, if that is to be hidden."""

    root: Node
    source: bytes
    start: int
    seed: Seed
    own_name: str | None


@dataclass(frozen=True, slots=True)
class ContextTable:
    """The path-contexts of several definitions. Context i goes from `leaves[starts[i]]` along
    `paths[numbers[i]]`, whose top is `tops[numbers[i]]`, to `leaves[ends[i]]`; those of definition
    k are `bounds[k]` to `bounds[k + 1]`. Leaves are unique, and so are paths, with rare
    exceptions."""

    leaves: list[Leaf]
    paths: list[tuple[str, ...]]
    tops: list[int]
    starts: Numbers
    numbers: Numbers
    ends: Numbers
    bounds: Numbers

    @classmethod
    def empty(cls, definitions: int) -> ContextTable:
        """The table of definitions without contexts."""
        none = np.zeros(0, np.int64)
        return cls([], [], [], none, none, none, np.zeros(definitions + 1, np.int64))

    def rows(self) -> list[list[PathContext]]:
        """The contexts of each definition."""
        numbers = self.numbers.tolist()
        columns = zip(
            map(self.leaves.__getitem__, self.starts.tolist()),
            map(self.paths.__getitem__, numbers),
            map(self.leaves.__getitem__, self.ends.tolist()),
            map(self.tops.__getitem__, numbers),
            strict=True,
        )
        contexts = [*map(_context_of, columns)]
        return [contexts[begin:end] for begin, end in pairwise(self.bounds.tolist())]


def tabulate(forest: Forest, pairs: Pairs, subjects: Sequence[Subject]) -> ContextTable:
    """The chosen pairs of the leaves of each subject's tree as a table."""
    used = np.union1d(pairs.starts, pairs.ends)
    size = (len(forest.kinds), forest.reach + 1) * 2
    ways = np.array(forest.ways, dtype=np.int64)
    halves = (ways[pairs.starts], pairs.ups, ways[pairs.ends], pairs.downs)
    different, numbers = np.unique(np.ravel_multi_index(halves, size), return_inverse=True)
    starts, ups, ends, downs = (column.tolist() for column in np.unravel_index(different, size))
    kinds = list(forest.kinds)
    return ContextTable(
        leaves=_leaves(forest, used, subjects),
        paths=[
            kinds[start][-up - 1 :][::-1] + kinds[end][-down:]
            for start, up, end, down in zip(starts, ups, ends, downs, strict=True)
        ],
        tops=ups,
        starts=used.searchsorted(pairs.starts),
        numbers=numbers,
        ends=used.searchsorted(pairs.ends),
        bounds=pairs.bounds,
    )


def _leaves(forest: Forest, used: Numbers, subjects: Sequence[Subject]) -> list[Leaf]:
    """The leaves with these indices, which are sorted."""
    leaves: list[Leaf] = []
    numbers, bounds = used.tolist(), used.searchsorted(forest.bounds).tolist()
    for subject, (begin, end) in zip(subjects, pairwise(bounds), strict=True):
        leaves += map(_leaf_of, _tokens_and_spans(forest, numbers[begin:end], subject))
    return leaves


def _tokens_and_spans(
    forest: Forest, numbers: list[int], subject: Subject
) -> Iterator[tuple[str, int, int]]:
    """Token and span of the leaves of one subject. Most are identifiers, kept as written."""
    source, start, own_name = subject.source, subject.start, subject.own_name
    spelt = spellings(own_name)
    roles, starts, ends, words = forest.roles, forest.starts, forest.ends, forest.words
    for leaf in numbers:
        begin, end = starts[leaf], ends[leaf]
        text = source[begin:end].decode("utf-8", "replace")
        if roles[leaf] != IDENTIFIER or text in spelt:
            text = token(roles[leaf], words.get(leaf, text), own_name)
        yield text, begin - start, end - start
