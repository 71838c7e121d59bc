"""What a run holds and has cost, counted in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from codeindex.ingestion.contents import ReadBlob
from codeindex.models import (
    Definition,
    Embedding,
    EmbeddingState,
    IndexRun,
    RunCost,
    SourceFile,
    Space,
    SpaceState,
)


class Embedded(NamedTuple):
    """How many of a run's texts have a vector in a space, and how many failed."""

    space: int | None
    ready: int
    failed: int

    @property
    def done(self) -> int:
        return self.ready + self.failed


class Held(NamedTuple):
    """What a run's commit holds: its definitions, their distinct texts, and how many of these are
    live in the run's repository and have a vector."""

    definitions: int
    texts: int
    texts_reused: int


def active_space() -> int | None:
    return Space.objects.filter(state=SpaceState.ACTIVE).values_list("pk", flat=True).first()


def embedded(run: IndexRun) -> Embedded:
    """In the active space."""
    space = active_space()
    definitions = Definition.objects.filter(blob__in=SourceFile.objects.of_run(run).values("blob"))
    counts = Embedding.objects.filter(
        space=space,
        state__in=(EmbeddingState.READY, EmbeddingState.FAILED),
        text__in=definitions.values("text"),
    ).aggregate(
        ready=Count("pk", filter=Q(state=EmbeddingState.READY)),
        failed=Count("pk", filter=Q(state=EmbeddingState.FAILED)),
    )
    return Embedded(space, counts["ready"], counts["failed"])


def awaits_new_vectors(run: IndexRun) -> bool:
    """Whether a text of the files that `run` adds waits for its vector. Reads these files alone,
    where `embedded` reads the whole branch."""
    texts = Definition.objects.filter(blob__source_files__from_run=run).values("text")
    waiting = Embedding.objects.filter(space=active_space(), state=EmbeddingState.PENDING)
    return waiting.filter(text__in=texts).exists()


def held(run: IndexRun) -> Held:
    """In one pass over the branch."""
    given = {"run": run.pk, "branch": run.branch_id, "repository": run.branch.repository_id}
    with connection.cursor() as cursor:
        cursor.execute(HELD, given | {"space": active_space()})
        return Held(*cursor.fetchone())


def definitions_of(files: QuerySet[SourceFile]) -> int:
    return int(files.aggregate(count=Count("blob__definitions"))["count"])


def held_before(run: IndexRun, blobs: Sequence[int]) -> int:
    """How many of the `blobs`, one for each file, are live in the run's repository. Those of other
    repositories do not count: whoever indexes a guess would learn whether it exists."""
    live = SourceFile.objects.live().filter(branch__repository=run.branch.repository_id)
    known = set(live.filter(blob__in=blobs).values_list("blob", flat=True))
    return sum(blob in known for blob in blobs)


def add_cost(
    run: IndexRun,
    new: Sequence[tuple[int, ReadBlob]],
    texts: Sequence[int],
    of_files: Sequence[int],
    *,
    files_moved: int,
    definitions_changed: int,
    vectors: int,
) -> None:
    """Add a batch to what the run has cost: the contents and texts that were new, the blob of each
    of its files, how many of these the repository held, the definitions in all of them, and how
    many vectors were requested. Before there is a space, each new text will need one."""
    blobs = {blob for blob, _ in new}
    files_new = sum(blob in blobs for blob in of_files)
    with connection.cursor() as cursor:
        cursor.execute(STORED_BYTES, {"blobs": list(blobs), "texts": list(texts)})
        (stored,) = cursor.fetchone()
    counted = {
        "files_new": files_new,
        "files_moved": files_moved,
        "files_shared": len(of_files) - files_new - files_moved,
        "content_bytes": sum(len(read.content.encode()) for _, read in new),
        "definitions_changed": definitions_changed,
        "definitions_new": sum(len(read.definitions) for _, read in new),
        "texts_new": len(texts),
        "vectors": len(texts) if active_space() is None else vectors,
        "stored_bytes": stored,
    }
    changes = {name: F(name) + count for name, count in counted.items()}
    RunCost.objects.filter(run=run).update(**changes)


HELD = """
WITH held AS (
    SELECT definition.text_id, count(*) AS definitions, bool_or(file.live) AS live
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
    WHERE file.branch_id = %(branch)s
      AND (file.live AND file.until_run_id IS DISTINCT FROM %(run)s
           OR file.from_run_id = %(run)s AND file.until_run_id IS NULL)
    GROUP BY definition.text_id
)
SELECT coalesce(sum(held.definitions), 0)::integer, count(*), count(*) FILTER (
    WHERE embedding.state = 'ready' AND (held.live OR EXISTS (
        SELECT FROM codeindex_definition AS definition
        JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
        JOIN codeindex_branch AS branch ON branch.id = file.branch_id
        WHERE definition.text_id = held.text_id AND branch.repository_id = %(repository)s)))
FROM held
LEFT JOIN codeindex_embedding AS embedding
    ON embedding.text_id = held.text_id AND embedding.space_id = %(space)s
"""

STORED_BYTES = """
SELECT coalesce(sum(bytes), 0) FROM (
    SELECT pg_column_size(content) FROM codeindex_blob WHERE id = ANY(%(blobs)s)
    UNION ALL
    SELECT pg_column_size(words) FROM codeindex_blobwords WHERE blob_id = ANY(%(blobs)s)
    UNION ALL
    SELECT pg_column_size(names) + pg_column_size(ends) + pg_column_size(uses)
    FROM codeindex_namesused WHERE blob_id = ANY(%(blobs)s)
    UNION ALL
    SELECT pg_column_size(definition.*) FROM codeindex_definition AS definition
    WHERE blob_id = ANY(%(blobs)s)
    UNION ALL
    SELECT pg_column_size(body) + pg_column_size(words)
    FROM codeindex_text WHERE id = ANY(%(texts)s)
) AS stored (bytes)
"""
