"""Deletes, after a grace period, what no branch holds any more.

Mark, wait, check again under the lock that publishing takes, delete. A row of the history keeps its
blob, with its definitions and texts, but not their vectors.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import connection, transaction

from codeindex import locks

GRACE = timedelta(hours=24)

logger = logging.getLogger(__name__)


@transaction.atomic
def mark() -> None:
    """Record since when blobs and texts are unreferenced; clear the mark of texts that are
    referenced again."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE codeindex_blob SET unused_since = now() WHERE {UNMARKED_BLOBS}")
        cursor.execute(f"UPDATE codeindex_text SET unused_since = now() WHERE {UNMARKED_TEXTS}")
        cursor.execute(
            "UPDATE codeindex_text SET unused_since = NULL"
            f" WHERE unused_since IS NOT NULL AND {TEXT_IS_REFERENCED}"
        )


@transaction.atomic
def sweep(grace: timedelta = GRACE) -> None:
    """Delete what was marked longer than `grace` ago and is still unreferenced."""
    locks.publishing()
    deleted = {}
    with connection.cursor() as cursor:
        for table, statement in SWEEP.items():
            cursor.execute(statement, {"grace": grace.total_seconds()})
            deleted[table] = cursor.rowcount
    if any(deleted.values()):
        logger.info(
            "Deleted as no longer used: %d contents, %d definitions, %d texts, %d vectors.",
            deleted["blob"], deleted["definition"], deleted["text"], deleted["embedding"],
        )  # fmt: skip


TEXT_IS_REFERENCED = """EXISTS (
    SELECT FROM codeindex_definition AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
    WHERE definition.text_id = codeindex_text.id AND (file.live OR file.until_run_id IS NULL)
)"""

BLOB_IS_REFERENCED = """EXISTS (
    SELECT FROM codeindex_sourcefile AS file WHERE file.blob_id = codeindex_blob.id
)"""

UNMARKED_BLOBS = f"unused_since IS NULL AND NOT {BLOB_IS_REFERENCED}"
UNMARKED_TEXTS = f"unused_since IS NULL AND NOT {TEXT_IS_REFERENCED}"

OLD_BLOBS = f"unused_since <= now() - make_interval(secs => %(grace)s) AND NOT {BLOB_IS_REFERENCED}"
OLD_TEXTS = f"unused_since <= now() - make_interval(secs => %(grace)s) AND NOT {TEXT_IS_REFERENCED}"

# In this order, since rows refer to those below
SWEEP = {
    "textshape": f"""DELETE FROM codeindex_textshape
        WHERE text_id IN (SELECT id FROM codeindex_text WHERE {OLD_TEXTS})""",
    "nearclone": f"""DELETE FROM codeindex_nearclone
        WHERE first_id IN (SELECT id FROM codeindex_text WHERE {OLD_TEXTS})
           OR second_id IN (SELECT id FROM codeindex_text WHERE {OLD_TEXTS})""",
    "mappoint": f"""DELETE FROM codeindex_mappoint
        WHERE text_id IN (SELECT id FROM codeindex_text WHERE {OLD_TEXTS})""",
    "namedoubt": f"""DELETE FROM codeindex_namedoubt WHERE embedding_id IN (
        SELECT id FROM codeindex_embedding
        WHERE text_id IN (SELECT id FROM codeindex_text WHERE {OLD_TEXTS}))""",
    "embedding": f"""DELETE FROM codeindex_embedding
        WHERE text_id IN (SELECT id FROM codeindex_text WHERE {OLD_TEXTS})""",
    "namesused": f"""DELETE FROM codeindex_namesused
        WHERE blob_id IN (SELECT id FROM codeindex_blob WHERE {OLD_BLOBS} FOR UPDATE)""",
    "blobwords": f"""DELETE FROM codeindex_blobwords
        WHERE blob_id IN (SELECT id FROM codeindex_blob WHERE {OLD_BLOBS} FOR UPDATE)""",
    "definition": f"""DELETE FROM codeindex_definition
        WHERE blob_id IN (SELECT id FROM codeindex_blob WHERE {OLD_BLOBS} FOR UPDATE)""",
    "blob": f"DELETE FROM codeindex_blob WHERE {OLD_BLOBS}",
    "text": f"""DELETE FROM codeindex_text WHERE {OLD_TEXTS} AND NOT EXISTS (
        SELECT FROM codeindex_definition AS definition
        WHERE definition.text_id = codeindex_text.id)""",
}
