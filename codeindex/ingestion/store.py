"""Bulk writes of an index run: definitions, texts and source files.

Content that is stored already is referenced, not written again. Each transaction first locks the
run's row by its lease, and ends by renewing that: a worker that lost its lease, or whose run was
cancelled, stops there with `LostLease`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import F, QuerySet

from codeindex import leases
from codeindex.ingestion import contents, counts
from codeindex.ingestion.bulk import binary_cursor
from codeindex.ingestion.contents import ReadBlob
from codeindex.ingestion.lexical import analysis, uses
from codeindex.ingestion.selection import skip_reasons
from codeindex.ingestion.selection.sources import SelectedFile, Skips
from codeindex.leases import LostLease
from codeindex.models import (
    UNPUBLISHED,
    Blob,
    DefinitionChange,
    IndexRun,
    RunCost,
    SkippedFiles,
    SourceFile,
)
from embeddings import types
from embeddings.code.definitions import text_hash
from embeddings.code.words import ANALYSIS_VERSION
from embeddings.types import READING_VERSION


def record_selection(
    run: IndexRun, files: Sequence[SelectedFile], skips: Skips
) -> list[SelectedFile]:
    """Record what `run` is about to index. Returns those `files` that its branch does not hold yet.

    Live files that changed or disappeared cease to be live when the run is published.
    """
    wanted = {(file.path, *file.content): file for file in files}
    kept, leaving = set(), []
    for pk, path, sha, language, version, skipped, despite in SourceFile.objects.filter(
        branch=run.branch_id, live=True
    ).values_list(
        "pk", "path", "blob__sha", "blob__language", "blob__format_version", "blob__skipped",
        "blob__despite",
    ):  # fmt: skip
        file = wanted.get(key := (path, sha, language))
        if file and version == READING_VERSION and contents.suits(file, skipped, despite):
            kept.add(key)
        else:
            leaving.append(pk)
    with transaction.atomic():
        lock(run)
        RunCost.objects.get_or_create(run=run)
        discard_unpublished(run)
        SourceFile.objects.filter(pk__in=leaving).update(until_run=run)
        _update(
            run,
            files=len(wanted),
            files_read=len(kept),
            files_reused=len(kept),
            definitions=counts.definitions_of(SourceFile.objects.of_run(run)),
            skips=skips.report(),
        )
    return [file for key, file in wanted.items() if key not in kept]


def discard_unpublished(run: IndexRun) -> None:
    """Delete what `run` wrote but did not publish; the live files stay as they are."""
    delete_files(SourceFile.objects.filter(from_run=run, live=False, until_run=None))
    SourceFile.objects.filter(until_run=run, live=True).update(until_run=None)


def delete_files(files: QuerySet[SourceFile]) -> None:
    """Delete files, and the pending embeddings of texts that no other file holds, so that they are
    not encoded any further. A text that crashed two workers keeps its count of attempts."""
    blobs = list(files.values_list("blob_id", flat=True).distinct())
    DefinitionChange.objects.filter(file__in=files).delete()
    files.delete()
    if blobs:
        with connection.cursor() as cursor:
            cursor.execute(DELETE_PENDING, {"blobs": blobs})


@transaction.atomic
def save_batch(run: IndexRun, files: Sequence[SelectedFile], read: Sequence[ReadBlob]) -> int:
    """Write a batch of the run's files, and request the vectors that its texts lack; `read` are the
    contents that were not stored yet. Returns how many vectors were requested in the active
    space."""
    lock(run)
    new = contents.save(read)
    new_texts = _save_definitions(new)
    analysis.save_blob_words([blob for blob, _ in new])
    uses.save(new)
    of_files = contents.blob_ids(files)
    Blob.objects.filter(pk__in=of_files, unused_since__isnull=False).update(unused_since=None)
    created = SourceFile.objects.bulk_create(
        SourceFile(
            branch_id=run.branch_id,
            path=file.path,
            blob_id=blob,
            from_run=run,
            name_words=analysis.name_words(file.path),
        )
        for file, blob in zip(files, of_files, strict=True)
    )
    created_files = [file.pk for file in created]
    requested = _request_embeddings(MISSING_IN_FILES, run, created_files)
    moved = counts.held_before(run, of_files)
    held = counts.definitions_of(SourceFile.objects.filter(pk__in=created_files))
    counts.add_cost(
        run, new, new_texts, of_files,
        files_moved=moved, definitions_changed=held, vectors=requested,
    )  # fmt: skip
    _update(
        run,
        files_read=F("files_read") + len(files),
        files_reused=F("files_reused") + moved,
        definitions=F("definitions") + held,
    )
    return requested


@transaction.atomic
def finish_reading(run: IndexRun, skips: Skips, requested: int) -> None:
    """Request the vectors that the run's texts still lack, and count what the run holds; so many
    vectors were `requested` before. Adds the files whose content is not indexed to `skips`."""
    lock(run)
    _list_skipped(run, skips)
    late = request_embeddings(run)
    RunCost.objects.filter(run=run).update(vectors=F("vectors") + late)
    skipped = SourceFile.objects.of_run(run).exclude(blob__skipped="").order_by("path")
    for reason, path in skipped.values_list("blob__skipped", "path"):
        skips.add(skip_reasons.by_content(reason), path)
    run_files = SourceFile.objects.of_run(run)
    held = counts.held(run)
    _update(
        run,
        skips=skips.report(),
        files_broken=run_files.filter(blob__broken=True).count(),
        files_stray=run_files.filter(blob__stray_bytes__gt=0).count(),
        definitions=held.definitions,
        texts=held.texts,
        texts_reused=held.texts_reused,
        texts_known=max(0, held.texts - requested - late),
        texts_ready=held.texts_reused,
        texts_failed=0,
    )


def _list_skipped(run: IndexRun, skips: Skips) -> None:
    run.skipped_files.all().delete()
    SkippedFiles.objects.bulk_create(
        SkippedFiles(run=run, reason=reason, paths=sorted(paths))
        for reason, paths in skips.paths.items()
    )


def withdraw_embeddings(files: QuerySet[SourceFile]) -> None:
    """Delete the requests for vectors of these files' texts in the active space, unless a run in
    progress needs them that is not paused. Those in a space that is filled beside it stay."""
    blobs = list(files.values_list("blob_id", flat=True).distinct())
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW_PENDING, {"blobs": blobs})


def request_embeddings(run: IndexRun) -> int:
    """Request a vector for every text of the run that lacks one, in each space that is filled.
    Returns how many were requested in the active space."""
    return _request_embeddings(MISSING_IN_RUN, run)


def _request_embeddings(statement: str, run: IndexRun, files: list[int] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"run": run.pk, "branch": run.branch_id, "files": files})
        return int(cursor.fetchone()[0])


def lock(run: IndexRun) -> None:
    """Lock the run's row, before anything is written for it. Raises `LostLease`."""
    leased = IndexRun.objects.select_for_update().filter(
        pk=run.pk, lease=run.lease, status__in=UNPUBLISHED
    )
    if not leased.exists():
        raise LostLease


def _update(run: IndexRun, **values: object) -> None:
    """Update the run, and renew its lease: nobody else can while its row is locked."""
    IndexRun.objects.filter(pk=run.pk).update(leased_until=leases.until(), **values)


def _save_definitions(blobs: Sequence[tuple[int, ReadBlob]]) -> list[int]:
    """Returns the texts that were new."""
    definitions = [
        (blob, text_hash(definition), definition)
        for blob, read in blobs
        for definition in read.definitions
    ]
    texts, new = _save_texts({hash_: definition for _, hash_, definition in definitions})
    rows = [
        (
            blob, texts[hash_], each.kind, each.name, each.qualified_name, each.docstring,
            each.start_line, each.end_line,
        )
        for blob, hash_, each in definitions
    ]  # fmt: skip
    if rows:
        with binary_cursor() as cursor:
            columns = map(list, zip(*rows, strict=True))
            cursor.execute(INSERT_DEFINITIONS, dict(zip(COLUMNS, columns, strict=True)))
    return new


def _save_texts(texts: dict[str, types.Definition]) -> tuple[dict[str, int], list[int]]:
    """hash → id of the text, new or not; and the ids of new ones. Rows are locked in the order of
    their hashes, so that two runs that share texts do not deadlock."""
    if not texts:
        return {}, []
    ordered = sorted(texts.items())
    with binary_cursor() as cursor:
        cursor.execute(
            INSERT_TEXTS,
            {
                "hash": [hash_ for hash_, _ in ordered],
                "language": [definition.language for _, definition in ordered],
                "kind": [definition.kind for _, definition in ordered],
                "body": [definition.text for _, definition in ordered],
                "words": [analysis.words(definition.text) for _, definition in ordered],
                "analysis": ANALYSIS_VERSION,
            },
        )
        rows = cursor.fetchall()
    return {hash_: pk for pk, hash_, _ in rows}, [pk for pk, _, is_new in rows if is_new]


# The update that changes nothing locks the row: it cannot be deleted before we reference it. Only a
# row that was inserted has no xmax.
INSERT_TEXTS = """
INSERT INTO codeindex_text (hash, language, kind, body, words, analysis)
SELECT hash, language, kind, body, strip(to_tsvector('english', words)), %(analysis)s::smallint
FROM unnest(%(hash)b::text[], %(language)b::text[], %(kind)b::text[], %(body)b::text[],
            %(words)b::text[]) AS new (hash, language, kind, body, words)
ORDER BY hash
ON CONFLICT (hash) DO UPDATE SET unused_since = NULL
RETURNING id, hash, xmax = 0
"""

COLUMNS = ("blob", "text", "kind", "name", "qualified_name", "docstring", "start", "end")
INSERT_DEFINITIONS = """
INSERT INTO codeindex_definition
    (blob_id, text_id, kind, name, qualified_name, docstring, start_line, end_line)
SELECT * FROM unnest(%(blob)b::bigint[], %(text)b::bigint[], %(kind)b::text[], %(name)b::text[],
                     %(qualified_name)b::text[], %(docstring)b::text[], %(start)b::integer[],
                     %(end)b::integer[])
"""

# The first text gets the turn of the next pending one. The more runs of its owner wait, the further
# apart the turns are: an owner of many runs gets little more than others.
REQUEST_MISSING = """
WITH missing AS (
    SELECT DISTINCT space.id AS space_id, definition.text_id
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id,
        codeindex_space AS space
    WHERE space.state <> 'retired' AND {files}
      AND NOT EXISTS (SELECT FROM codeindex_embedding AS embedding
                      WHERE embedding.space_id = space.id
                        AND embedding.text_id = definition.text_id)
), step AS (
    SELECT count(*) + 1 AS step
    FROM codeindex_indexrun AS run
    JOIN codeindex_branch AS branch ON branch.id = run.branch_id
    JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
    WHERE run.finished IS NULL AND run.status IN ('embedding', 'published') AND run.id <> %(run)s
      AND repository.owner_id = (
          SELECT owner_id FROM codeindex_repository AS own
          JOIN codeindex_branch AS of_own ON of_own.repository_id = own.id
          WHERE of_own.id = %(branch)s)
), requested AS (
    INSERT INTO codeindex_embedding
        (space_id, text_id, turn, state, reason, attempts, predicted_names)
    SELECT space_id, text_id,
           coalesce((SELECT turn FROM codeindex_embedding AS next
                     WHERE next.space_id = missing.space_id AND next.state = 'pending'
                     ORDER BY turn LIMIT 1), 0)
               + step * row_number() OVER (PARTITION BY space_id ORDER BY text_id),
           'pending', '', 0, '[]'::jsonb
    FROM missing, step
    ORDER BY space_id, text_id
    ON CONFLICT DO NOTHING
    RETURNING space_id
)
SELECT count(*) FROM requested JOIN codeindex_space ON id = space_id AND state = 'active'
"""
MISSING_IN_RUN = REQUEST_MISSING.format(
    files="""file.branch_id = %(branch)s
      AND (file.live AND file.until_run_id IS DISTINCT FROM %(run)s
           OR file.from_run_id = %(run)s AND file.until_run_id IS NULL)"""
)
MISSING_IN_FILES = REQUEST_MISSING.format(files="file.id = ANY(%(files)s)")

# Rows are locked in the order of their ids, as by the worker that stores into them.
PENDING_OF_BLOBS = """
DELETE FROM codeindex_embedding WHERE id IN (
    SELECT id FROM codeindex_embedding AS embedding
    WHERE state = 'pending' AND attempts < 2
      AND text_id IN (SELECT text_id FROM codeindex_definition WHERE blob_id = ANY(%(blobs)s))
      AND {condition}
    ORDER BY id FOR UPDATE)
"""
DELETE_PENDING = PENDING_OF_BLOBS.format(
    condition="""NOT EXISTS (
          SELECT FROM codeindex_definition AS definition
          JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
          WHERE definition.text_id = embedding.text_id AND (file.live OR file.until_run_id IS NULL))
"""
)
WITHDRAW_PENDING = PENDING_OF_BLOBS.format(
    condition="""space_id IN (SELECT id FROM codeindex_space WHERE codeindex_space.state = 'active')
      AND NOT EXISTS (
          SELECT FROM codeindex_definition AS definition
          JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
          JOIN codeindex_branch AS branch ON branch.id = file.branch_id
          JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
          JOIN codeindex_indexrun AS run ON run.branch_id = branch.id
          WHERE definition.text_id = embedding.text_id AND (file.live OR file.until_run_id IS NULL)
            AND run.finished IS NULL AND NOT repository.paused)"""
)
