"""The pairs of leaves that a path within the bounds connects. Paths are counted without being
built, so that a sample costs no more than its own size.

A half-path is a leaf and one of its ancestors, the branch, at a height (the number of nodes from
leaf to branch) below the maximum length. A path connects two half-paths whose branches are
siblings. Leaves are sorted by (branch, height), so that all leaves that complete a half-path within
one sibling are adjacent: a path's index among all paths gives both of its ends by a binary search
and an addition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.paths.forest import Forest
from embeddings.paths.sampling import sample

Numbers = NDArray[np.int64]
Seed = Callable[[], bytes]
"""The seed of a sample, computed only if a sample is drawn."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Paths as parallel arrays: the leaf at either end, and the number of nodes from there to below
    the top. `bounds` has the number of paths before each tree and, at the end, in total."""

    starts: Numbers
    ups: Numbers
    ends: Numbers
    downs: Numbers
    bounds: Numbers


def choose(
    forest: Forest, max_length: int, max_width: int, max_pairs: int | None, seeds: Sequence[Seed]
) -> Pairs:
    """The pairs of leaves of each tree whose path is within the bounds, ordered by the first leaf.
    If a tree has more than `max_pairs`, a sample that depends on its seed only."""
    heights = max_length - 1
    if heights < 1 or max_width < 1 or not forest.leaves:
        none = np.zeros(0, np.int64)
        return Pairs(none, none, none, none, np.zeros(len(seeds) + 1, np.int64))
    parents = np.array(forest.parents, dtype=np.int32)
    following, branches = _following(parents), _branches(parents, forest.leaves, heights)
    members, first = _members(branches, heights, len(parents))
    until = _completions(branches, following, first, heights, max_width)
    chosen = _numbers(until[np.multiply(forest.bounds, heights)], max_pairs, seeds)
    numbers = np.concatenate(chosen)
    halves = until.searchsorted(numbers, side="right") - 1
    starts, ups = np.divmod(halves, heights)
    waiting = _Waiting(branches.ravel()[halves], numbers - until[halves], heights - ups)
    ends, downs = np.divmod(members[_places(waiting, following, first, heights)], heights)
    return Pairs(starts, ups + 1, ends, downs + 1, np.cumsum([0, *map(len, chosen)]))


def _numbers(bounds: Numbers, max_pairs: int | None, seeds: Sequence[Seed]) -> list[Numbers]:
    """The indices of the chosen paths of each tree; its paths begin and end at `bounds`."""
    return [
        np.arange(begin, end)
        if max_pairs is None or end - begin <= max_pairs
        else begin + sample(end - begin, max_pairs, seed())
        for begin, end, seed in zip(bounds[:-1].tolist(), bounds[1:].tolist(), seeds, strict=True)
    ]


def _branches(parents: NDArray[np.int32], leaves: list[int], heights: int) -> Numbers:
    """(leaves, heights): the branch of each half-path; -1 lies above the root."""
    above = np.append(parents, -1)
    branches = np.empty((len(leaves), heights), dtype=np.int64)
    branches[:, 0] = branch = np.array(leaves)
    for height in range(1, heights):
        branches[:, height] = branch = above[branch]
    return branches


def _members(branches: Numbers, heights: int, nodes: int) -> tuple[Numbers, Numbers]:
    """The half-paths sorted by branch and height, and the position at which each group begins:
    those of a branch with at most h nodes are `members[first[row] : first[row + h]]` with row =
    (branch + 1) * heights. The row above the root comes first, and counts as empty."""
    keys = (branches * heights + np.arange(heights, 2 * heights)).ravel()
    first = np.zeros((nodes + 1) * heights + 1, dtype=np.int64)
    np.bincount(keys, minlength=len(first) - 1).cumsum(out=first[1:])
    first[:heights] = first[heights]
    return keys.argsort(kind="stable"), first


def _completions(
    branches: Numbers, following: Numbers, first: Numbers, heights: int, max_width: int
) -> Numbers:
    """The number of paths that begin with an earlier half-path, for each; at the end, the total."""
    room = np.arange(heights, 0, -1)
    counts: Numbers = np.zeros_like(branches)
    sibling = following[branches]
    for _ in range(max_width):
        row = (sibling + 1) * heights
        counts += first[row + room] - first[row]
        sibling = following[sibling]
        if sibling.max() < 0:
            break
    return np.concatenate([[0], counts.cumsum()])


def _following(parents: NDArray[np.int32]) -> Numbers:
    """Each node's next sibling, -1 for the last; a final -1, which is its own successor."""
    order = parents.argsort(kind="stable")
    beside = np.diff(parents[order]) == 0
    beside &= parents[order[1:]] >= 0
    following = np.full(len(parents) + 1, -1)
    following[order[:-1][beside]] = order[1:][beside]
    return following


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Paths whose end is still unknown: the branch of their first half-path, the path's index among
    those that begin with it, and the number of nodes left for the way down."""

    branch: Numbers
    number: Numbers
    room: Numbers


def _places(waiting: _Waiting, following: Numbers, first: Numbers, heights: int) -> Numbers:
    """The members at which the waiting paths end: in the nearest sibling of the branch or, if that
    has too few, in the next one."""
    places = np.empty_like(waiting.branch)
    sibling, number = waiting.branch, waiting.number
    while (number >= 0).any():
        sibling = following[sibling]
        row = (sibling + 1) * heights
        begin = first[row]
        places = np.where(number >= 0, begin + number, places)
        number = number - (first[row + waiting.room] - begin)
    return places
