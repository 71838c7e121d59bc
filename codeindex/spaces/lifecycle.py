"""Spaces hold one encoder's vectors each. A new one is filled beside the active one, and then
replaces it in one step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Case, Exists, OuterRef, QuerySet, When

from codeindex import locks
from codeindex.models import Embedding, EmbeddingState, IndexRun, RunStatus, Space, SpaceState
from codeindex.spaces.encoders import EncoderSource

if TYPE_CHECKING:
    from embeddings import CodeEncoder

SHIPPED_ENCODER = EncoderSource()

SMALLEST_INDEXED = 2_000
"""Vectors. Postgres compares fewer of them, one by one, in about a millisecond."""

BUILD_WIDTH = 200
"""`ef_construction` of the HNSW index. With pgvector's default, 64, it is built in a third of the
time, and finds less at the same `ef_search`."""

BULK, LARGEST_COMPARED = 20_000, 100_000
"""With so many pending texts, a space of at most so many vectors is built a new index sooner than
each vector is added to the old one. Until then each search compares all of them, which takes some
tenths of a second."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the live texts have a vector in a space, how many failed, and how many there
    are."""

    ready: int
    failed: int
    wanted: int

    @property
    def missing(self) -> int:
        return self.wanted - self.ready - self.failed


def space_for(encoder: CodeEncoder, source: EncoderSource = SHIPPED_ENCODER) -> Space:
    """The space of the vectors of `encoder`, which was loaded from `source`. At first use the space
    is created, and vectors are requested for everything live. The very first space is active at
    once."""
    space = Space.objects.filter(fingerprint=encoder.fingerprint).first()
    if space is None or space.state == SpaceState.RETIRED:
        space = _create(encoder, source)
    if space.name_thresholds != encoder.name_thresholds:
        # A new version names otherwise: what is stored is judged anew.
        _change(space, names_judged_from=None, **_thresholds(encoder))
    if EncoderSource.of_space(space) != source:
        _change(space, **asdict(source))
    return space


def _thresholds(encoder: CodeEncoder) -> dict[str, float]:
    thresholds = encoder.name_thresholds
    return {"name_sure": thresholds.sure, "name_likely": thresholds.likely}


def _change(space: Space, **values: object) -> None:
    Space.objects.filter(pk=space.pk).update(**values)
    space.refresh_from_db()


@transaction.atomic
def _create(encoder: CodeEncoder, source: EncoderSource) -> Space:
    """Of processes that start together, the first one creates the space."""
    locks.publishing()
    new = {
        "state": SpaceState.RETIRED,
        "name": encoder.name,
        "dimensions": encoder.dimensions,
        **_thresholds(encoder),
        **asdict(source),
    }
    space, _ = Space.objects.get_or_create(fingerprint=encoder.fingerprint, defaults=new)
    if space.state == SpaceState.RETIRED:
        first = not Space.objects.filter(state=SpaceState.ACTIVE).exists()
        space.state = SpaceState.ACTIVE if first else SpaceState.BUILDING
        space.save(update_fields=["state"])
        request_embeddings(space)
    return space


def request_embeddings(space: Space) -> None:
    """Request a vector for every text that is live or in an unpublished run."""
    with connection.cursor() as cursor:
        cursor.execute(REQUEST_EMBEDDINGS, {"space": space.pk})


def with_pending_texts() -> QuerySet[Space]:
    """The spaces for which texts are to be encoded, the active one first."""
    pending = Embedding.objects.filter(space=OuterRef("pk"), state=EmbeddingState.PENDING)
    spaces = Space.objects.exclude(state=SpaceState.RETIRED).filter(Exists(pending))
    return spaces.order_by(Case(When(state=SpaceState.ACTIVE, then=0), default=1), "pk")


def record_drafting(space: Space, encoder: CodeEncoder) -> None:
    """Record what drafts the vectors of the space."""
    drafted_by = encoder.draft_fingerprint
    Space.objects.filter(pk=space.pk).exclude(drafted_by=drafted_by).update(drafted_by=drafted_by)


def record_problem(space: Space, problem: str) -> None:
    """Record why no vectors are computed for the space; "" clears the problem."""
    Space.objects.filter(pk=space.pk).exclude(problem=problem).update(problem=problem)


def activate_when_complete(space: Space) -> bool:
    """Activate `space` if it is being filled and lacks no vector."""
    space.refresh_from_db()
    is_filled = space.state == SpaceState.BUILDING and not has_pending(space)
    return is_filled and not activate(space).missing


@transaction.atomic
def activate(space: Space) -> Coverage:
    """Search and publish by `space` from now on, and retire the active one. If the space lacks the
    vector of a live text, it is filled instead."""
    locks.publishing()
    request_embeddings(space)
    covered = coverage()[space.pk]
    if covered.missing:
        Space.objects.filter(pk=space.pk, state=SpaceState.RETIRED).update(
            state=SpaceState.BUILDING
        )
    else:
        Space.objects.filter(state=SpaceState.ACTIVE).exclude(pk=space.pk).update(
            state=SpaceState.RETIRED
        )
        Space.objects.filter(pk=space.pk).update(state=SpaceState.ACTIVE)
    return covered


def retire(space: Space) -> bool:
    """Stop filling a space; False for the active one."""
    retired = Space.objects.filter(pk=space.pk).exclude(state=SpaceState.ACTIVE)
    return bool(retired.update(state=SpaceState.RETIRED))


def remove(space: Space) -> bool:
    """Delete a retired space with its vectors and its index; False for any other."""
    with transaction.atomic():
        retired = Space.objects.select_for_update().filter(pk=space.pk, state=SpaceState.RETIRED)
        if not retired.exists():
            return False
        Space.objects.filter(pk=space.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(space)}")
    return True


def coverage() -> dict[int, Coverage]:
    """The coverage of each space, by the space's id."""
    with connection.cursor() as cursor:
        cursor.execute(COVERAGE)
        return {space: Coverage(*counts) for space, *counts in cursor.fetchall()}


def has_pending(space: Space) -> bool:
    return Embedding.objects.filter(space=space, state=EmbeddingState.PENDING).exists()


def needing_index(smallest: int = SMALLEST_INDEXED) -> list[Space]:
    """The filled spaces of at least `smallest` vectors that lack an HNSW index, or whose index was
    built with other parameters. Rows are written much faster without an index, so it is built only
    when nothing is pending and no run reads more."""
    if IndexRun.objects.filter(status=RunStatus.DEFINITIONS).exists():
        return []
    return [
        space
        for space in Space.objects.exclude(state=SpaceState.RETIRED)
        if not _index_is_valid(space)
        and not has_pending(space)
        and _ready(space).count() >= smallest
    ]


def build_index(space: Space, width: int = BUILD_WIDTH) -> None:
    """Build the HNSW index of the space without blocking reads and writes, one builder at a time.
    An invalid index of a killed builder, or one with other parameters, is dropped first."""
    name = index_name(space)
    with locks.session(f"build {name}") as is_locked, connection.cursor() as cursor:
        if not is_locked or _index_is_valid(space, width):
            return
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {name} ON codeindex_embedding"
            f" USING hnsw ((vector::halfvec({space.dimensions})) halfvec_cosine_ops)"
            f" WITH (ef_construction = {width})"
            f" WHERE space_id = {space.pk} AND state = 'ready'"
        )


def drop_index_before_bulk(space: Space, bulk: int = BULK, largest: int = LARGEST_COMPARED) -> None:
    """Drop the HNSW index of the space if many texts wait for their vectors. It is built anew as
    soon as nothing is pending."""
    if not _index_is_valid(space) or not _has_more_than(bulk, Embedding.objects.pending(space)):
        return
    if _has_more_than(largest, _ready(space)):
        return
    name = index_name(space)
    with locks.session(f"build {name}") as is_locked, connection.cursor() as cursor:
        if is_locked:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _has_more_than(count: int, embeddings: QuerySet[Embedding]) -> bool:
    return embeddings[count : count + 1].exists()


def index_name(space: Space) -> str:
    return f"embedding_space_{space.pk}"


def _ready(space: Space) -> QuerySet[Embedding]:
    return Embedding.objects.filter(space=space, state=EmbeddingState.READY)


def _index_is_valid(space: Space, width: int = BUILD_WIDTH) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid AND %s = ANY(reloptions) FROM pg_index"
            " JOIN pg_class ON pg_class.oid = indexrelid WHERE indexrelid = to_regclass(%s)",
            [f"ef_construction={width}", index_name(space)],
        )
        return bool(cursor.fetchone() == (True,))


# The turns of the branches are interleaved.
REQUEST_EMBEDDINGS = """
INSERT INTO codeindex_embedding
    (space_id, text_id, turn, state, reason, attempts, predicted_names)
SELECT %(space)s, text_id,
       coalesce((SELECT turn FROM codeindex_embedding AS next
                 WHERE next.space_id = %(space)s AND next.state = 'pending'
                 ORDER BY turn LIMIT 1), 0)
           + min(rank),
       'pending', '', 0, '[]'::jsonb
FROM (
    SELECT definition.text_id,
           dense_rank() OVER (PARTITION BY file.branch_id ORDER BY definition.text_id) AS rank
    FROM codeindex_definition AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
    WHERE (file.live OR file.until_run_id IS NULL)
      AND NOT EXISTS (SELECT FROM codeindex_embedding AS embedding
                      WHERE embedding.space_id = %(space)s
                        AND embedding.text_id = definition.text_id)
) AS missing
GROUP BY text_id
ORDER BY text_id
ON CONFLICT DO NOTHING
"""

COVERAGE = """
WITH live AS (
    SELECT DISTINCT definition.text_id
    FROM codeindex_definition AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
    WHERE file.live
), held AS (
    SELECT embedding.space_id,
           count(*) FILTER (WHERE embedding.state = 'ready') AS ready,
           count(*) FILTER (WHERE embedding.state = 'failed') AS failed
    FROM codeindex_embedding AS embedding JOIN live USING (text_id)
    GROUP BY embedding.space_id
)
SELECT space.id, coalesce(held.ready, 0), coalesce(held.failed, 0), (SELECT count(*) FROM live)
FROM codeindex_space AS space LEFT JOIN held ON held.space_id = space.id
"""
