"""Claims texts that lack a vector, encodes them, and stores their vectors. The database is the
ledger: a batch that is lost with its worker is claimed again, and nothing is encoded twice.

In the active space a text gets a draft first, where the encoder has drafts, so that it is found by
meaning at once. `refine_batch` replaces drafts by the vectors of the language model."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg.types import TypeInfo
from psycopg.types.json import Jsonb

import embeddings
from codeindex.ingestion import doubts
from codeindex.ingestion.bulk import binary_cursor
from codeindex.models import ATTEMPTS, Claim, Embedding, EmbeddingState, Space, SpaceState
from codeindex.observability import gpus, work
from codeindex.observability.work import Stage, Tally
from codeindex.spaces import encoders, lifecycle, refining
from codeindex.spaces.encoders import EncoderSource

if TYPE_CHECKING:
    from embeddings import CodeEncoder
    from embeddings.code_encoder import Encoded

FIRST_BATCH, LARGEST_BATCH = 16, 16_384
"""Texts."""

BATCH_SECONDS = 4.0
"""How long a batch is to take."""

PART = 2_048
"""Texts of a batch that are claimed together."""

GROUP_SECONDS = 1.5
"""How long the texts that are encoded and stored together are to take. Texts that are no longer
wanted are encoded for at most that long."""

LONGEST_READ = 8_192
"""Characters. An encoder hardly ever reads more of a text."""

DRAFTS = 1_024
"""Drafts that are claimed together."""

PROBE = "def probe():\n    return 1\n"
"""A text that a working encoder can encode."""

T = TypeVar("T")
EncodeTexts = Callable[[Sequence[str], str], "Encoded"]
"""Texts and their language → their vectors and names."""

_gpu_clock = gpus.Clock()

logger = logging.getLogger(__name__)


def encode_batch(
    limit: int,
    part_size: int = PART,
    load: Callable[[EncoderSource], CodeEncoder] = encoders.cached,
) -> int | None:
    """Encode up to `limit` pending texts, claimed in parts of `part_size`: the active space's, or
    else those of a space that is filled beside it. Returns the size of the next batch, or None if
    no text could be claimed. Raises `EncoderUnavailable`, as `load` does."""
    source = encoders.preferred_source()
    own = lifecycle.space_for(load(source), source)
    for space in lifecycle.with_pending_texts():
        if encoder := _encoder_of(space, load):
            lifecycle.drop_index_before_bulk(space)
            if encoders.drafts(space, encoder):
                next_limit = _draft_batch(space, encoder)
            else:
                waiting = Embedding.objects.pending(space)
                next_limit = _encode_batch(waiting, encoder, limit, part_size, Stage.ENCODE)
            if next_limit:
                return next_limit
    lifecycle.activate_when_complete(own)
    return None


def refine_batch(
    limit: int,
    part_size: int = PART,
    load: Callable[[EncoderSource], CodeEncoder] = encoders.cached,
) -> int | None:
    """Replace up to `limit` drafts of the active space, in the order of their turns. Returns the
    size of the next batch, or None if there is nothing to refine, or texts wait for a vector."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    if space is None or lifecycle.has_pending(space) or not refining.has_drafts(space):
        return None
    encoder = _encoder_of(space, load)
    drafts = Embedding.objects.drafts(space)
    if encoder is None:
        return None
    return _encode_batch(drafts, encoder, limit, part_size, Stage.REFINE)


def _encoder_of(space: Space, load: Callable[[EncoderSource], CodeEncoder]) -> CodeEncoder | None:
    """The space's encoder; None if it is unavailable here."""
    try:
        encoder = encoders.encoder_for(space, load)
    except embeddings.EncoderUnavailable as reason:
        lifecycle.record_problem(space, str(reason))
        return None
    lifecycle.record_problem(space, "")
    return encoder


def _encode_batch(
    waiting: QuerySet[Embedding], encoder: CodeEncoder, limit: int, part_size: int, stage: Stage
) -> int | None:
    """Returns None if no text could be claimed."""
    began = time.monotonic()
    with Embedding.objects.claiming(waiting) as claim, work.tally(stage) as tally:
        pace = Pace(first=max(1, limit // 8))
        parts = _parts(claim, limit, part_size)
        done = encode(encoder, parts, pace, claim.lease.note, tally=tally)
    if _gpu_clock.is_due():
        work.note_gpus()
    return _next_limit(done, time.monotonic() - began) if done else None


def _draft_batch(space: Space, encoder: CodeEncoder) -> int | None:
    """Draft pending texts for `BATCH_SECONDS`. Returns None if none could be claimed."""
    lifecycle.record_drafting(space, encoder)
    pending = Embedding.objects.pending(space)
    with Embedding.objects.claiming(pending) as claim, work.tally(Stage.DRAFT) as tally:
        parts = _within(BATCH_SECONDS, _parts(claim, LARGEST_BATCH, DRAFTS))
        pace, note = Pace(first=DRAFTS), claim.lease.note
        done = encode(encoder, parts, pace, note, as_drafts=True, tally=tally)
    return FIRST_BATCH if done else None


def _within(seconds: float, values: Iterable[T]) -> Iterator[T]:
    """The values that can be begun within that time, at least one."""
    deadline = time.monotonic() + seconds
    for value in values:
        yield value
        if time.monotonic() > deadline:
            return


def _parts(claim: Claim, limit: int, size: int) -> Iterator[Sequence[Embedding]]:
    """Up to `limit` pending texts in parts of a `size`, each claimed when it is asked for. A text
    that has crashed a worker comes alone."""
    suspects = True
    while limit > 0:
        part = claim.part(min(limit, size), suspects=suspects)
        if not part:
            return
        yield part
        limit = 0 if part[0].attempts > 1 else limit - len(part)
        suspects = False


class Pace:
    """How many texts are encoded together: as many characters as are read in `GROUP_SECONDS` at the
    rate of the last group. The `first` group has this many texts, since the rate is unknown."""

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
    *,
    as_drafts: bool = False,
    tally: Tally | None = None,
) -> int:
    """Give each text of a batch, which comes in parts, its vector and predicted names, or the
    reason for its failure. Texts that are no longer wanted are skipped. While one group of texts is
    encoded, the previous one is stored and the next one is claimed; `progressed` is called after
    each group, whose size and seconds a `tally` is told. Texts that cannot be drafted are encoded.
    Returns the number of texts."""
    encode_texts = encoder.draft if as_drafts else encoder.encode
    done, pace = 0, pace or Pace()
    with ThreadPoolExecutor(1) as ahead:
        groups = (
            (group, language, ahead.submit(_timed, encode_texts, group, language))
            for group, language in _groups(batch, pace)
        )
        for group, language, encoded in _one_behind(groups):
            try:
                vectors, seconds = encoded.result()
            except Exception:
                logger.exception("A batch of %d texts could not be encoded.", len(group))
                _encode_one_by_one(encoder, group, language, progressed)
            else:
                _store(group, vectors, as_drafts=as_drafts)
                pace.note(group, seconds)
                if tally:
                    tally.note(len(group), seconds)
            progressed()
            done += len(group)
    return done


def _length(embedding: Embedding) -> int:
    return min(len(embedding.text.body), LONGEST_READ)


def _one_behind(values: Iterable[T]) -> Iterator[T]:
    """The values, each as soon as the next one has been taken."""
    waiting: deque[T] = deque()
    for value in values:
        waiting.append(value)
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def _groups(
    parts: Iterable[Sequence[Embedding]], pace: Pace
) -> Iterator[tuple[Sequence[Embedding], str]]:
    """Groups of texts of one language, as large as `pace` says, without the texts that are no
    longer wanted when their turn comes."""

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
    """Those that are still leased to us: others were deleted with the run that needed them."""
    leased = Embedding.objects.held_by(embeddings[0].lease)
    wanted = set(
        leased.filter(pk__in=[each.pk for each in embeddings]).values_list("pk", flat=True)
    )
    return [each for each in embeddings if each.pk in wanted]


def _encode_one_by_one(
    encoder: CodeEncoder,
    embeddings: Sequence[Embedding],
    language: str,
    progressed: Callable[[], object],
) -> None:
    """Find the texts that fail, and record why. If the encoder cannot even encode the probe, it is
    broken itself: its error is raised, and no text fails."""
    for embedding in embeddings:
        try:
            encoded = _encoded(encoder.encode, [embedding], language)
        except Exception as error:
            encoder.encode([PROBE], "python")
            _fail(embedding, f"{type(error).__name__}: {error}")
        else:
            _store([embedding], encoded)
        progressed()


def _timed(
    encode_texts: EncodeTexts, embeddings: Sequence[Embedding], language: str
) -> tuple[Encoded, float]:
    """The texts' vectors and names, and the seconds that they took."""
    began = time.monotonic()
    return _encoded(encode_texts, embeddings, language), time.monotonic() - began


def _encoded(encode_texts: EncodeTexts, embeddings: Sequence[Embedding], language: str) -> Encoded:
    return encode_texts([embedding.text.body for embedding in embeddings], language)


def _store(embeddings: Sequence[Embedding], encoded: Encoded, *, as_drafts: bool = False) -> None:
    with transaction.atomic(), binary_cursor() as cursor:
        halfvec = TypeInfo.fetch(cursor.connection, "halfvec")
        # Only for this cursor: Django's field reads vectors as text.
        register_halfvec_info(cursor, halfvec)  # type: ignore[arg-type]
        cursor.execute(
            STORE,
            {
                "id": [embedding.pk for embedding in embeddings],
                "vector": list(map(HalfVector, encoded.vectors)),
                "structure": _structures(encoded),
                "reason": list(map(_note, encoded.unread or [0] * len(embeddings))),
                "names": [Jsonb([list(name) for name in names]) for names in encoded.names],
                "lease": embeddings[0].lease,
                "draft": as_drafts,
            },
        )
        stored = {row for (row,) in cursor.fetchall()}
        names = zip(embeddings, encoded.names, strict=True)
        doubts.record([pair for pair in names if pair[0].pk in stored])


def _note(unread: int) -> str:
    """What a user should know about a vector that is ready."""
    return f"its last {unread:,} tokens are not read" if unread else ""


def _structures(encoded: Encoded) -> list[HalfVector | None]:
    """The code's share in each vector. None also where it is zero, which has no direction."""
    if encoded.structure is None:
        return [None] * len(encoded.vectors)
    return [HalfVector(row) if row.any() else None for row in encoded.structure]


def _fail(embedding: Embedding, reason: str) -> None:
    """Record why a text has no vector. A draft stays, and is not refined any more."""
    released = {"lease": None, "leased_until": None}
    held = Embedding.objects.held_by(embedding.lease).filter(pk=embedding.pk)
    held.filter(state=EmbeddingState.PENDING).update(
        state=EmbeddingState.FAILED, reason=reason, **released
    )
    held.filter(draft=True).update(attempts=ATTEMPTS, reason=f"not refined: {reason}", **released)


def _next_limit(done: int, seconds: float) -> int:
    """As many texts as are encoded in `BATCH_SECONDS` at the last batch's rate, at most twice as
    many as `done`."""
    wanted = int(done * BATCH_SECONDS / max(seconds, 1e-3))
    return max(1, min(wanted, done * 2, LARGEST_BATCH))


# Rows are locked in the order of their ids, as by whoever deletes some of them: no deadlocks.
STORE = """
WITH locked AS (
    SELECT id FROM codeindex_embedding
    WHERE id = ANY(%(id)s) AND lease = %(lease)s
    ORDER BY id FOR UPDATE
)
UPDATE codeindex_embedding AS embedding
SET vector = new.vector, structure = new.structure,
    predicted_names = new.names, state = 'ready', draft = %(draft)s, attempts = 0,
    reason = new.reason, lease = NULL, leased_until = NULL
FROM unnest(%(id)s::bigint[], %(vector)b::halfvec[], %(structure)b::halfvec[], %(names)s::jsonb[],
            %(reason)s::text[])
     AS new (id, vector, structure, names, reason)
JOIN locked USING (id)
WHERE embedding.id = new.id
RETURNING embedding.id
"""
