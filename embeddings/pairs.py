"""Which two leaves of a tree are joined by a path within the bounds, counted without building the
paths, so that a sample costs no more than what is sampled.

A half-path is a leaf and one of its ancestors, the branch, at a height (nodes from leaf to branch)
below the longest path. A path joins two half-paths whose branches are siblings. Leaves are sorted
by (branch, height), so that all leaves that complete a half-path within one sibling lie in a row:
a path's number among all paths tells both its ends by a binary search and an addition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.sampling import sample
from embeddings.syntax import Flat

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Paths as parallel arrays: the two leaves and the nodes from each up to below the top."""

    starts: Numbers
    start_heights: Numbers
    ends: Numbers
    end_heights: Numbers


def choose(
    flat: Flat, max_length: int, max_width: int, max_pairs: int | None, seed: bytes
) -> Pairs:
    """All pairs of leaves whose path is within the bounds, by their first leaf; where they are
    more than `max_pairs`, a sample that depends on `seed` only."""
    heights = max_length - 1
    if heights < 1 or not flat.leaves:
        return Pairs(*np.empty((4, 0), dtype=np.int64))
    branches = _branches(flat, heights)
    members, first = _members(branches, heights, outside=len(flat.kinds))
    runs = _completions(flat, branches, first, heights, max_width)
    totals = np.sum([length for _, length in runs], axis=0, dtype=np.int64)
    until = np.cumsum(totals)
    count = int(until[-1]) if runs else 0
    if max_pairs is None or count <= max_pairs:
        numbers = np.arange(count, dtype=np.int64)
    else:
        numbers = sample(count, max_pairs, seed)
    halves = np.searchsorted(until, numbers, side="right")
    partners = _partners(halves, numbers - (until - totals)[halves], members, runs)
    return Pairs(
        halves // heights, halves % heights + 1, partners // heights, partners % heights + 1
    )


def _branches(flat: Flat, heights: int) -> Numbers:
    """(leaves, heights): each leaf's ancestors from itself upwards, one past the last node above
    the root. The flattened index of a half-path in this table is its number."""
    parents = _or_outside(flat.parents)
    branches = np.empty((len(flat.leaves), heights), dtype=np.int64)
    branch = np.array(flat.leaves, dtype=np.int64)
    for height in range(heights):
        branches[:, height] = branch
        branch = parents[branch]
    return branches


def _members(branches: Numbers, heights: int, outside: int) -> tuple[Numbers, Numbers]:
    """The half-paths sorted by branch and height, and where those of each begin: those of a branch
    with up to h nodes are `members[first[branch * heights] : first[branch * heights + h]]`."""
    keys = (branches * heights + np.arange(heights)).ravel()
    first = np.zeros((outside + 1) * heights + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=len(first) - 1), out=first[1:])
    first[outside * heights :] = first[outside * heights]
    return np.argsort(keys, kind="stable"), first


def _completions(
    flat: Flat, branches: Numbers, first: Numbers, heights: int, max_width: int
) -> list[tuple[Numbers, Numbers]]:
    """For each sibling to the right, nearest first: where the members that complete each half-path
    begin, and how many they are."""
    following = _or_outside(flat.following)
    room = np.arange(heights, 0, -1)
    sibling, runs = branches, []
    for _ in range(max_width):
        sibling = following[sibling]
        if (sibling == len(flat.kinds)).all():
            break
        begin = first[sibling * heights]
        length = first[sibling * heights + room] - begin
        runs.append((begin.ravel(), length.ravel()))
    return runs


def _partners(
    halves: Numbers, rest: Numbers, members: Numbers, runs: list[tuple[Numbers, Numbers]]
) -> Numbers:
    """The half-path that completes each of `halves`, being number `rest` of those that do."""
    partners = np.empty_like(halves)
    for begin, length in runs:
        here = (rest >= 0) & (rest < length[halves])
        partners[here] = members[(begin[halves] + rest)[here]]
        rest = rest - length[halves]
    return partners


def _or_outside(nodes: list[int]) -> Numbers:
    """The list with -1 as the number after the last node, which leads to itself."""
    array = np.array([*nodes, -1], dtype=np.int64)
    array[array < 0] = len(nodes)
    return array
