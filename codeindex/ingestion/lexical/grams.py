"""The grams of stored contents, by which lines are found: their blocks are written with the
contents, and packed in the background.

A batch of files makes small blocks, and a search reads a few bytes of every block. So small blocks
are joined until they have about FULL bytes, and rewritten without contents that were deleted.
Contents that are stored without grams, by an older version, get them batch by batch.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.db.models import Func, IntegerField

from codeindex.models import Blob, GramBlock
from embeddings.files import grams
from embeddings.files.grams import GRAMS_VERSION, Grams

FULL = 2 << 20
"""Bytes of a block to which no other is joined."""

JOINED = 8
"""How many blocks are joined at least, so that a byte is written a few times only."""

BATCH = 50
SECONDS = 3.0
"""How long one call of `renew` works, of the time between two sweeps."""

Bits = npt.NDArray[np.uint8]
"""(rows, columns): whether a row has the bit of a column, which is a piece of a blob."""


def save(contents: Mapping[int, str]) -> None:
    """Store the grams of new blobs' contents, by the blobs' ids."""
    by_exponent: dict[int, list[tuple[int, Grams]]] = defaultdict(list)
    for blob, content in contents.items():
        for own in grams.grams_of_pieces(content):
            by_exponent[grams.exponent(len(own))].append((blob, own))
    GramBlock.objects.bulk_create(
        _block(exponent, [blob for blob, _ in pieces], _bits(exponent, [own for _, own in pieces]))
        for exponent, pieces in sorted(by_exponent.items())
    )


def renew(seconds: float = SECONDS, batch: int = BATCH) -> int:
    """Add the grams of contents that lack them, for about `seconds`, and pack the blocks.
    Returns the number of contents. Several processes may do so concurrently."""
    renewed, until = 0, time.monotonic() + seconds
    while (done := _renew_batch(batch)) and time.monotonic() < until:
        renewed += done
    pack()
    return renewed + done


def pack() -> None:
    """Join blocks that are small, wherever there are JOINED of a kind."""
    for blocks in _joinable():
        _rewrite(blocks)


def forget_deleted() -> None:
    """Rewrite the blocks in which blobs are that were deleted, without these."""
    with connection.cursor() as cursor:
        cursor.execute(WITH_DELETED)
        blocks = [block for (block,) in cursor.fetchall()]
    for block in blocks:
        _rewrite([block])


@transaction.atomic
def _renew_batch(limit: int) -> int:
    lacking = Blob.objects.filter(grams__lt=GRAMS_VERSION)
    taken = lacking.select_for_update(skip_locked=True, no_key=True).order_by("pk")[:limit]
    contents = dict(taken.values_list("pk", "content"))
    save(contents)
    Blob.objects.filter(pk__in=contents).update(grams=GRAMS_VERSION)
    return len(contents)


def _joinable() -> Iterator[Sequence[int]]:
    """The ids of blocks that together make one of about FULL bytes, the smallest first: JOINED or
    more, or such that take half of their space, since a row has whole bytes."""
    blocks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    columns = Func("blobs", function="cardinality", output_field=IntegerField())
    rows = GramBlock.objects.annotate(columns=columns).values_list("exponent", "columns", "pk")
    for exponent, count, pk in rows:
        blocks[exponent].append((count, pk))
    for exponent, own in blocks.items():
        for group in _filling(sorted(own), max(8, FULL * 8 >> exponent)):
            counts = [count for count, _ in group]
            before, after = sum(map(_bytes, counts)), _bytes(sum(counts))
            if len(group) >= JOINED or 2 * after <= before:
                yield [pk for _, pk in group]


def _bytes(columns: int) -> int:
    """Of a row."""
    return -(-columns // 8)


def _filling(ordered: Iterable[tuple[int, int]], most: int) -> Iterator[list[tuple[int, int]]]:
    """Blocks, as (columns, id), in groups of at most so many columns."""
    group, columns = list[tuple[int, int]](), 0
    for block in ordered:
        if group and columns + block[0] > most:
            yield group
            group, columns = [], 0
        group.append(block)
        columns += block[0]
    yield group


@transaction.atomic
def _rewrite(blocks: Sequence[int]) -> None:
    """Make one block of several, of the same number of rows, without blobs that were deleted. What
    another process rewrites meanwhile is left to it."""
    held = GramBlock.objects.filter(pk__in=blocks).select_for_update(skip_locked=True)
    taken = list(held.order_by("pk"))
    if not taken:
        return
    columns = [blob for block in taken for blob in block.blobs]
    stored = set(Blob.objects.filter(pk__in=columns).values_list("pk", flat=True))
    kept = [column for column, blob in enumerate(columns) if blob in stored]
    bits = np.concatenate([_unpacked(block) for block in taken], axis=1)[:, kept]
    GramBlock.objects.filter(pk__in=[block.pk for block in taken]).delete()
    if kept:
        _block(taken[0].exponent, [columns[column] for column in kept], bits).save()


def _block(exponent: int, blobs: Sequence[int], bits: Bits) -> GramBlock:
    packed = np.packbits(bits, axis=1, bitorder="little")
    return GramBlock(exponent=exponent, blobs=list(blobs), bits=packed.tobytes())


def _bits(exponent: int, pieces: Sequence[Grams]) -> Bits:
    bits = np.zeros((1 << exponent, len(pieces)), np.uint8)
    for column, own in enumerate(pieces):
        for hashes in grams.hashes(own):
            bits[hashes >> np.uint32(32 - exponent), column] = 1
    return bits


def _unpacked(block: GramBlock) -> Bits:
    rows = np.frombuffer(block.bits, np.uint8).reshape(1 << block.exponent, -1)
    return np.unpackbits(rows, axis=1, count=len(block.blobs), bitorder="little")


WITH_DELETED = """
SELECT block.id FROM codeindex_gramblock AS block
WHERE EXISTS (
    SELECT FROM unnest(block.blobs) AS held (blob)
    WHERE NOT EXISTS (SELECT FROM codeindex_blob WHERE id = held.blob)
)
"""
