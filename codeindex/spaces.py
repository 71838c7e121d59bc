"""Spaces: one encoder's vectors each, filled beside the active one and switched in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from codeindex import locks
from codeindex.models import Embedding, EmbeddingState, Space, SpaceState

if TYPE_CHECKING:
    from embeddings import CodeEncoder

INDEX_FROM = 2_000
"""Vectors. Below, Postgres reads them all in about a millisecond."""


def of(encoder: CodeEncoder) -> Space:
    """The space of `encoder`'s vectors; made, and everything live put down for it, at first use.
    The very first space is active at once."""
    space = Space.objects.filter(fingerprint=encoder.fingerprint).first()
    if space and space.state != SpaceState.RETIRED:
        return space
    with transaction.atomic():
        locks.publishing()
        first = not Space.objects.filter(state=SpaceState.ACTIVE).exists()
        space, _ = Space.objects.update_or_create(
            fingerprint=encoder.fingerprint,
            defaults={"state": SpaceState.ACTIVE if first else SpaceState.BUILDING},
            create_defaults={
                "name": encoder.name,
                "dimensions": encoder.dimensions,
                "state": SpaceState.ACTIVE if first else SpaceState.BUILDING,
            },
        )
        fill(space)
    return space


def fill(space: Space) -> None:
    """Ask for a vector of every text that is live or on its way."""
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"space": space.pk})


def activate_when_complete(space: Space) -> bool:
    """Search and publish by `space` from now on, if it is building and lacks no vector."""
    with transaction.atomic():
        locks.publishing()
        building = Space.objects.filter(pk=space.pk, state=SpaceState.BUILDING)
        if not building.exists() or has_pending(space):
            return False
        Space.objects.filter(state=SpaceState.ACTIVE).update(state=SpaceState.RETIRED)
        building.update(state=SpaceState.ACTIVE)
    return True


def has_pending(space: Space) -> bool:
    return Embedding.objects.filter(space=space, state=EmbeddingState.PENDING).exists()


def unindexed() -> list[Space]:
    """The spaces that were filled for the first time and are large enough for an HNSW index:
    rows are written a hundred times faster without one."""
    return [
        space
        for space in Space.objects.exclude(state=SpaceState.RETIRED)
        if not _index_is_valid(space) and not has_pending(space) and _ready(space) >= INDEX_FROM
    ]


def build_index(space: Space) -> None:
    """Build the HNSW index of the space, beside reads and writes. One builder at a time; what a
    killed builder left behind is dropped first."""
    name = index_name(space)
    with locks.session(f"build {name}") as held, connection.cursor() as cursor:
        if not held or _index_is_valid(space):
            return
        cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {name} ON codeindex_embedding"
            f" USING hnsw ((vector::halfvec({space.dimensions})) halfvec_cosine_ops)"
            f" WHERE space_id = {space.pk} AND state = 'ready'"
        )


def index_name(space: Space) -> str:
    return f"embedding_space_{space.pk}"


def _ready(space: Space) -> int:
    return Embedding.objects.filter(space=space, state=EmbeddingState.READY).count()


def _index_is_valid(space: Space) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
            [index_name(space)],
        )
        return cursor.fetchone() == (True,)


FILL = """
INSERT INTO codeindex_embedding (space_id, text_id, state, reason, attempts, predicted_names)
SELECT DISTINCT %(space)s, definition.text_id, 'pending', '', 0, '[]'::jsonb
FROM codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
WHERE file.live OR file.until_run_id IS NULL
ORDER BY definition.text_id
ON CONFLICT DO NOTHING
"""
