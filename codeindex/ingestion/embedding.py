"""Claim what lacks a vector, encode it, store it. The database is the ledger: a batch that is
lost with its worker is claimed again, and nothing is encoded twice."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from django.db import connection
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg import Cursor
from psycopg.types import TypeInfo
from psycopg.types.json import Jsonb

import embeddings
from codeindex import encoders, spaces
from codeindex.models import Embedding, EmbeddingState, Space

if TYPE_CHECKING:
    from embeddings import CodeEncoder
    from embeddings.encoder import Encoded

FIRST_BATCH, LARGEST_BATCH = 16, 16_384
BATCH_SECONDS = 4.0
# Of a batch so many are claimed, encoded and stored together.
PART = 2_048
PROBE = "def probe():\n    return 1\n"

T = TypeVar("T")

logger = logging.getLogger(__name__)


def encode_batch(limit: int) -> int | None:
    """Encode up to `limit` pending texts: the active space's, or else those of a space that is
    filled beside it. How many the next batch should have, or None when nothing was free to be
    claimed. Raises `EncoderUnavailable`."""
    source = encoders.wanted()
    own = spaces.of(encoders.kept(source), source)
    for space in spaces.waiting():
        next_limit = _encode_batch_of(space, limit)
        if next_limit:
            return next_limit
    spaces.activate_when_complete(own)
    return None


def _encode_batch_of(space: Space, limit: int) -> int | None:
    """None where nothing was free, or where the space's encoder cannot be had here."""
    try:
        encoder = encoders.of(space)
    except embeddings.EncoderUnavailable as reason:
        spaces.complain(space, str(reason))
        return None
    spaces.complain(space, "")
    began = time.monotonic()
    with ExitStack() as leases:
        done = encode(encoder, _claimed(space, limit, leases))
    return _next_limit(done, time.monotonic() - began) if done else None


def _claimed(space: Space, limit: int, leases: ExitStack) -> Iterator[Sequence[Embedding]]:
    """Up to `limit` pending texts in parts, each claimed when it is asked for. A text that already
    cost a worker its life comes alone."""
    suspects = True
    while limit > 0:
        claim = Embedding.objects.claimed(space, limit=min(limit, PART), suspects=suspects)
        part = leases.enter_context(claim)
        if not part:
            return
        yield part
        limit = 0 if part[0].attempts > 1 else limit - len(part)
        suspects = False


def encode(encoder: CodeEncoder, batch: Iterable[Sequence[Embedding]]) -> int:
    """Give each text of a batch, which comes in parts, its vector and predicted names, or the
    reason why it has none. While one part is encoded, the one before it is stored and the one
    behind it is claimed. How many there were."""
    done = 0
    with ThreadPoolExecutor(1) as ahead:
        parts = (
            (part, language, ahead.submit(_encoded, encoder, part, language))
            for part, language in _of_one_language(batch)
        )
        for part, language, encoded in _one_behind(parts):
            try:
                found = encoded.result()
            except Exception:
                logger.exception("a batch of %d texts could not be encoded", len(part))
                _encode_one_by_one(encoder, part, language)
            else:
                _store(part, found)
            done += len(part)
    return done


def _one_behind(values: Iterable[T]) -> Iterator[T]:
    """The values, each of them once the next is there."""
    waiting: deque[T] = deque()
    for value in values:
        waiting.append(value)
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def _of_one_language(
    parts: Iterable[Sequence[Embedding]],
) -> Iterator[tuple[Sequence[Embedding], str]]:
    def language_of(embedding: Embedding) -> str:
        return embedding.text.language

    for part in parts:
        for language, group in groupby(sorted(part, key=language_of), key=language_of):
            yield list(group), language


def _encode_one_by_one(
    encoder: CodeEncoder, embeddings: Sequence[Embedding], language: str
) -> None:
    """Find the texts that fail, and record why. An encoder that cannot even encode the probe is
    broken itself: its error is raised and no text is blamed."""
    for embedding in embeddings:
        try:
            encoded = _encoded(encoder, [embedding], language)
        except Exception as error:
            encoder.encode([PROBE], "python")
            _fail(embedding, f"{type(error).__name__}: {error}")
        else:
            _store([embedding], encoded)


def _encoded(encoder: CodeEncoder, embeddings: Sequence[Embedding], language: str) -> Encoded:
    return encoder.encode([embedding.text.body for embedding in embeddings], language)


def _store(embeddings: Sequence[Embedding], encoded: Encoded) -> None:
    with _binary_cursor() as cursor:
        cursor.execute(
            STORE,
            {
                "id": [embedding.pk for embedding in embeddings],
                "vector": list(map(HalfVector, encoded.vectors)),
                "structure": _structures(encoded),
                "reason": list(map(_note, encoded.unread or [0] * len(embeddings))),
                "names": [Jsonb([list(name) for name in names]) for names in encoded.names],
                "lease": embeddings[0].lease,
            },
        )


def _binary_cursor() -> Cursor:
    """A cursor that sends vectors as Postgres holds them: to write them out as text takes a
    millisecond each, sixty times as long."""
    connection.ensure_connection()
    cursor = Cursor(connection.connection)
    # For this cursor alone: Django reads vectors in its own way.
    register_halfvec_info(cursor, TypeInfo.fetch(connection.connection, "halfvec"))
    return cursor


def _note(unread: int) -> str:
    """What is to be known of a vector that is ready."""
    return f"its last {unread:,} tokens are not read" if unread else ""


def _structures(encoded: Encoded) -> list[HalfVector | None]:
    """None also for a definition to which its code adds nothing: zeros have no direction."""
    if encoded.structure is None:
        return [None] * len(encoded.vectors)
    return [HalfVector(row) if row.any() else None for row in encoded.structure]


def _fail(embedding: Embedding, reason: str) -> None:
    Embedding.objects.filter(
        pk=embedding.pk, lease=embedding.lease, state=EmbeddingState.PENDING
    ).update(state=EmbeddingState.FAILED, reason=reason, lease=None, leased_until=None)


def _next_limit(done: int, seconds: float) -> int:
    """As many texts as the last batch's rate does in `BATCH_SECONDS`, at most twice as many."""
    wanted = int(done * BATCH_SECONDS / max(seconds, 1e-3))
    return max(1, min(wanted, done * 2, LARGEST_BATCH))


STORE = """
UPDATE codeindex_embedding AS embedding
SET vector = new.vector, structure = new.structure,
    predicted_names = new.names, state = 'ready', reason = new.reason,
    lease = NULL, leased_until = NULL
FROM unnest(%(id)s::bigint[], %(vector)b::halfvec[], %(structure)b::halfvec[], %(names)s::jsonb[],
            %(reason)s::text[])
     AS new (id, vector, structure, names, reason)
WHERE embedding.id = new.id AND embedding.lease = %(lease)s AND embedding.state = 'pending'
"""
