"""Path-contexts of many definitions as columns: what they have in common is there once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from tree_sitter import Node

from embeddings.paths.forest import Forest
from embeddings.paths.pairs import Numbers, Pairs
from embeddings.tokens import token
from embeddings.types import Leaf, PathContext

_leaf_of = partial(tuple.__new__, Leaf)
_context_of = partial(tuple.__new__, PathContext)


@dataclass(frozen=True, slots=True)
class Subject:
    """A definition whose contexts are wanted: the node under which it lies in the tree of `source`,
    the byte from which spans count, its text, on which a sample depends, and its own name, if that
    is to be hidden."""

    root: Node
    source: bytes
    start: int
    text: bytes
    own_name: str | None


@dataclass(frozen=True, slots=True)
class ContextTable:
    """The path-contexts of several definitions. Context i goes from `leaves[starts[i]]` by
    `paths[numbers[i]]` with its top at `tops[numbers[i]]` to `leaves[ends[i]]`; those of
    definition k are `bounds[k]` to `bounds[k + 1]`. A leaf is there once, and so, with rare
    exceptions, is a path."""

    leaves: list[Leaf]
    paths: list[tuple[str, ...]]
    tops: list[int]
    starts: Numbers
    numbers: Numbers
    ends: Numbers
    bounds: Numbers

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
    trees = np.searchsorted(forest.bounds, used, side="right") - 1
    leaves = []
    for leaf, tree in zip(used.tolist(), trees.tolist(), strict=True):
        subject, start, end = subjects[tree], forest.starts[leaf], forest.ends[leaf]
        text = forest.words.get(leaf) or subject.source[start:end].decode("utf-8", "replace")
        word = token(forest.roles[leaf], text, subject.own_name)
        leaves.append(_leaf_of((word, start - subject.start, end - subject.start)))
    return leaves
