"""Near duplicates among many functions: MinHash of token pairs (Broder 1997) with
locality-sensitive hashing, so that only functions that share a band of hashes are compared.

The similarity is the Jaccard index of the multisets of adjacent token pairs. It stays high when a
variable is renamed or a statement is added to a long function, but not for another body under the
same name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import numpy as np
from more_itertools import sliced
from numpy.typing import NDArray
from tqdm import tqdm

from embeddings.training.corpus.functions import tokens

SIMILARITY = 0.8
# At similarity 0.8 a pair shares a band with probability 0.998, at 0.4 with 0.08.
BANDS, ROWS = 20, 6
BLOCK = 2048
SEED = 20_261
_MIX = np.uint64(0x9E3779B97F4A7C15)

Code = tuple[str, str]
"""The code of a function, and its language."""

Hashes = NDArray[np.uint64]
Signatures = NDArray[np.uint32]


def minhash_signatures(codes: Sequence[Code]) -> Signatures:
    """n functions → (n, BANDS * ROWS) minimal hashes."""
    generator = np.random.default_rng(SEED)
    factors, terms = generator.integers(1, 2**63, (2, BANDS * ROWS), dtype=np.uint64)
    blocks = [np.zeros((0, BANDS * ROWS), np.uint32)]
    for block in tqdm(list(sliced(codes, BLOCK)), desc="signatures", unit="block"):
        blocks.append(_block_signatures(block, factors | np.uint64(1), terms))
    return np.concatenate(blocks)


def near_duplicate_mask(signatures: Signatures, known: int = 0) -> NDArray[np.bool_]:
    """(n, hashes) → (n,): whether a function is nearly one of the first `known`, or nearly an
    earlier one that is no near duplicate itself. What it duplicates is therefore kept."""
    buckets = _shared_buckets(signatures)
    members: dict[int, list[int]] = defaultdict(list)
    near = np.zeros(len(signatures), bool)
    for row in np.flatnonzero((buckets >= 0).any(axis=1)).tolist():
        own = [bucket for bucket in buckets[row].tolist() if bucket >= 0]
        candidates = list({member for bucket in own for member in members[bucket]})
        agreement = (signatures[candidates] == signatures[row]).mean(axis=1)
        near[row] = row >= known and bool((agreement >= SIMILARITY).any())
        if not near[row]:
            for bucket in own:
                members[bucket].append(row)
    return near


def _shared_buckets(signatures: Signatures) -> NDArray[np.int64]:
    """(n, hashes) → (n, BANDS): the bucket of each band, or -1 if a function is alone in it."""
    shared = np.full((len(signatures), BANDS), -1, np.int64)
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * ROWS))).reshape(-1)
        _, bucket, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        shared[:, band] = np.where(sizes[bucket] > 1, bucket * BANDS + band, -1)
    return shared


def _block_signatures(codes: Sequence[Code], factors: Hashes, terms: Hashes) -> Signatures:
    pairs = [_pairs(tokens(code, language)) for code, language in codes]
    starts = np.cumsum([0, *map(len, pairs[:-1])])
    flat = np.concatenate(pairs)
    columns = [
        np.minimum.reduceat((flat * factor + term) >> np.uint64(32), starts)
        for factor, term in zip(factors, terms, strict=True)
    ]
    return np.stack(columns, axis=1).astype(np.uint32)


def _pairs(tokens: Sequence[str]) -> Hashes:
    """Hashes of the pairs of adjacent tokens, a different one for each occurrence of a pair."""
    words = np.array([crc32(token.encode("utf-8", "replace")) for token in ("", *tokens, "")])
    pairs = np.sort(words[:-1].astype(np.uint64) * _MIX + words[1:].astype(np.uint64))
    first = np.searchsorted(pairs, pairs)
    occurrence = (np.arange(len(pairs)) - first).astype(np.uint64)
    mixed = (pairs + occurrence * np.uint64(0xD1B54A32D192ED03)) * _MIX
    return np.asarray(mixed ^ (mixed >> np.uint64(29)), np.uint64)
