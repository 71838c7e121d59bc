"""Claim what lacks a vector, encode it, store it. The database is the ledger: a batch that is
lost with its worker is claimed again, and nothing is encoded twice."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, TypeVar

from django.db import connection
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg import Cursor
from psycopg.types import TypeInfo
from psycopg.types.json import Jsonb

import embeddings
from codeindex.models import Claim, Embedding, EmbeddingState, Space
from codeindex.spaces import encoders, lifecycle

if TYPE_CHECKING:
    from embeddings import CodeEncoder
    from embeddings.encoder import Encoded

FIRST_BATCH, LARGEST_BATCH = 16, 16_384
BATCH_SECONDS = 4.0
# Of a batch so many are claimed together.
PART = 2_048
# So much is encoded and stored together: texts that nobody wants any more are encoded no longer
# than that, and a stall is noticed.
GROUP_SECONDS = 1.5
# More of a text is hardly ever read.
CHARACTERS = 8_192
PROBE = "def probe():\n    return 1\n"

T = TypeVar("T")

logger = logging.getLogger(__name__)


def encode_batch(limit: int) -> int | None:
    """Encode up to `limit` pending texts: the active space's, or else those of a space that is
    filled beside it. How many the next batch should have, or None when nothing was free to be
    claimed. Raises `EncoderUnavailable`."""
    source = encoders.preferred_source()
    own = lifecycle.space_for(encoders.cached(source), source)
    for space in lifecycle.with_pending_texts():
        next_limit = _encode_batch_of(space, limit)
        if next_limit:
            return next_limit
    lifecycle.activate_when_complete(own)
    return None


def _encode_batch_of(space: Space, limit: int) -> int | None:
    """None where nothing was free, or where the space's encoder cannot be had here."""
    try:
        encoder = encoders.encoder_for(space)
    except embeddings.EncoderUnavailable as reason:
        lifecycle.record_problem(space, str(reason))
        return None
    lifecycle.record_problem(space, "")
    began = time.monotonic()
    with Embedding.objects.claiming(space) as claim:
        pace = Pace(first=max(1, limit // 8))
        done = encode(encoder, _parts(claim, limit), pace, claim.lease.note)
    return _next_limit(done, time.monotonic() - began) if done else None


def _parts(claim: Claim, limit: int) -> Iterator[Sequence[Embedding]]:
    """Up to `limit` pending texts in parts, each claimed when it is asked for. A text that already
    cost a worker its life comes alone."""
    suspects = True
    while limit > 0:
        part = claim.part(min(limit, PART), suspects=suspects)
        if not part:
            return
        yield part
        limit = 0 if part[0].attempts > 1 else limit - len(part)
        suspects = False


class Pace:
    """How many texts are encoded together: as many characters as the last ones' rate reads in
    `GROUP_SECONDS`. What a text takes is unknown at `first`, when there are so many."""

    def __init__(self, first: int = PART) -> None:
        self._texts = first
        self._characters: float | None = None

    def take(self, texts: Sequence[Embedding]) -> int:
        """How many of the next texts go together, at least one."""
        if self._characters is None:
            return self._texts
        lengths = accumulate(map(_length, texts))
        return max(1, sum(length <= self._characters for length in lengths))

    def note(self, texts: Sequence[Embedding], seconds: float) -> None:
        self._characters = sum(map(_length, texts)) * GROUP_SECONDS / max(seconds, 1e-3)


def encode(
    encoder: CodeEncoder,
    batch: Iterable[Sequence[Embedding]],
    pace: Pace | None = None,
    progressed: Callable[[], object] = lambda: None,
) -> int:
    """Give each text of a batch, which comes in parts, its vector and predicted names, or the
    reason why it has none, and pass over those that are no longer wanted. While one group of texts
    is encoded, the one before it is stored and the one behind it is claimed; after each one it has
    `progressed`. How many texts there were."""
    done, pace = 0, pace or Pace()
    with ThreadPoolExecutor(1) as ahead:
        groups = (
            (group, language, ahead.submit(_timed, encoder, group, language))
            for group, language in _groups(batch, pace)
        )
        for group, language, encoded in _one_behind(groups):
            try:
                found, seconds = encoded.result()
            except Exception:
                logger.exception("a batch of %d texts could not be encoded", len(group))
                _encode_one_by_one(encoder, group, language, progressed)
            else:
                _store(group, found)
                pace.note(group, seconds)
            progressed()
            done += len(group)
    return done


def _length(embedding: Embedding) -> int:
    return min(len(embedding.text.body), CHARACTERS)


def _one_behind(values: Iterable[T]) -> Iterator[T]:
    """The values, each of them once the next is there."""
    waiting: deque[T] = deque()
    for value in values:
        waiting.append(value)
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def _groups(
    parts: Iterable[Sequence[Embedding]], pace: Pace
) -> Iterator[tuple[Sequence[Embedding], str]]:
    """Texts of one language, as many as `pace` says, which are wanted when their turn comes."""

    def language_of(embedding: Embedding) -> str:
        return embedding.text.language

    for part in parts:
        for language, texts in groupby(sorted(part, key=language_of), key=language_of):
            rest = list(texts)
            while rest:
                size = pace.take(rest)
                group, rest = _wanted(rest[:size]), rest[size:]
                if group:
                    yield group, language


def _wanted(embeddings: Sequence[Embedding]) -> Sequence[Embedding]:
    """Those that are still leased to us, and not deleted with what they were wanted for."""
    held = Embedding.objects.held_by(embeddings[0].lease)
    wanted = set(held.filter(pk__in=[each.pk for each in embeddings]).values_list("pk", flat=True))
    return [each for each in embeddings if each.pk in wanted]


def _encode_one_by_one(
    encoder: CodeEncoder,
    embeddings: Sequence[Embedding],
    language: str,
    progressed: Callable[[], object],
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
        progressed()


def _timed(
    encoder: CodeEncoder, embeddings: Sequence[Embedding], language: str
) -> tuple[Encoded, float]:
    """What the encoder makes of the texts, and in how many seconds."""
    began = time.monotonic()
    return _encoded(encoder, embeddings, language), time.monotonic() - began


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


# Rows are locked in the order of their ids, as by whoever deletes some of them.
STORE = """
WITH locked AS (
    SELECT id FROM codeindex_embedding
    WHERE id = ANY(%(id)s) AND lease = %(lease)s AND state = 'pending'
    ORDER BY id FOR UPDATE
)
UPDATE codeindex_embedding AS embedding
SET vector = new.vector, structure = new.structure,
    predicted_names = new.names, state = 'ready', reason = new.reason,
    lease = NULL, leased_until = NULL
FROM unnest(%(id)s::bigint[], %(vector)b::halfvec[], %(structure)b::halfvec[], %(names)s::jsonb[],
            %(reason)s::text[])
     AS new (id, vector, structure, names, reason)
JOIN locked USING (id)
WHERE embedding.id = new.id
"""
