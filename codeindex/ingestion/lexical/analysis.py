"""The words by which search finds stored texts, and their renewal after the analyser has changed.

`embeddings.code.words.analyse` splits texts and queries alike. When it changes, the texts that are
already stored are analysed again in the background, one batch per transaction. Until then a search
finds them by their old words.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db import connection, transaction
from django.db.models import Value

from codeindex import locks
from codeindex.models import Blob, SourceFile, Text
from embeddings.code.words import ANALYSIS_VERSION, analyse
from embeddings.files import names

WORDS = 2_000
"""Distinct words kept of a text; Postgres bounds a tsvector at 1 MiB."""

FILE_WORDS, FILE_WORD_BYTES = 10_000, 50
"""Distinct words kept of a file, and bytes of each, for the same reason."""

BATCH = 500
SECONDS = 3.0
"""How long one call of `renew` works, of the time between two sweeps."""


def words(text: str) -> str:
    """The words of a text, as input for `to_tsvector`. They come from the text alone: other
    repositories may contain it, and names around a definition would show in their results."""
    return " ".join(analyse(text)[:WORDS])


def name_words(path: str) -> SearchVector:
    """The words of a file's name, as the database stems them."""
    return SearchVector(Value(" ".join(names.words(path))), config="english")


def save_blob_words(blobs: Sequence[int]) -> None:
    """Write which words the texts in these blobs have together."""
    with connection.cursor() as cursor:
        cursor.execute(
            SAVE_BLOB_WORDS,
            {"id": list(blobs), "words": FILE_WORDS, "bytes": FILE_WORD_BYTES},
        )


def renew(seconds: float = SECONDS, batch: int = BATCH) -> int:
    """Analyse outdated texts, names of files, and then blobs again, for about `seconds`. Returns
    their number. Several processes may do so concurrently."""
    renewed, until = 0, time.monotonic() + seconds
    while (done := _renew_some(batch)) and time.monotonic() < until:
        renewed += done
    return renewed + done


def _renew_some(limit: int) -> int:
    return _renew_names(limit) or _renew_batch(limit) or _renew_blobs(limit)


@transaction.atomic
def _renew_names(limit: int) -> int:
    unnamed = SourceFile.objects.filter(name_words=None)
    if not unnamed.exists():
        return 0
    files = list(unnamed.select_for_update(skip_locked=True).only("path").order_by("pk")[:limit])
    for file in files:
        file.name_words = name_words(file.path)
    SourceFile.objects.bulk_update(files, ["name_words"])
    return len(files)


@transaction.atomic
def _renew_batch(limit: int) -> int:
    """The locks keep publishing and the removal of a repository out, so that word counts stay
    exact."""
    outdated = Text.objects.filter(analysis__lt=ANALYSIS_VERSION)
    if not outdated.exists():
        return 0
    locks.publishing()
    taken = outdated.select_for_update(skip_locked=True).order_by("hash")[:limit]
    bodies = dict(taken.values_list("pk", "body"))
    given: dict[str, Any] = {
        "id": list(bodies),
        "words": [words(body) for body in bodies.values()],
        "analysis": ANALYSIS_VERSION,
    }
    with connection.cursor() as cursor:
        for statement in (HOLD_REPOSITORIES, COUNT, UPDATE):
            cursor.execute(statement, given)
    return len(bodies)


@transaction.atomic
def _renew_blobs(limit: int) -> int:
    outdated = Blob.objects.filter(analysis__lt=ANALYSIS_VERSION)
    # Another process may be at the last of the outdated texts
    if Text.objects.filter(analysis__lt=ANALYSIS_VERSION).exists():
        return 0
    taken = outdated.select_for_update(skip_locked=True).order_by("pk")
    blobs = list(taken.values_list("pk", flat=True)[:limit])
    if blobs:
        save_blob_words(blobs)
        Blob.objects.filter(pk__in=blobs).update(analysis=ANALYSIS_VERSION)
    return len(blobs)


HOLD_REPOSITORIES = """
SELECT FROM codeindex_repository WHERE id IN (
    SELECT branch.repository_id
    FROM codeindex_definition AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    WHERE definition.text_id = ANY(%(id)s)
) ORDER BY id FOR KEY SHARE
"""

# Every branch that holds a text gains its new words and loses the old ones. Counts that reach zero
# are deleted when the branch is next published.
COUNT = """
WITH new AS (
    SELECT id, to_tsvector('english', words) AS words
    FROM unnest(%(id)s::bigint[], %(words)s::text[]) AS given (id, words)
), held AS (
    SELECT DISTINCT file.branch_id, definition.text_id
    FROM codeindex_definition AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
    WHERE definition.text_id = ANY(%(id)s)
), changed AS (
    SELECT held.branch_id, word, 1 AS texts
    FROM held JOIN new ON new.id = held.text_id
    CROSS JOIN unnest(tsvector_to_array(new.words)) AS word
    UNION ALL
    SELECT held.branch_id, word, -1
    FROM held JOIN codeindex_text AS text ON text.id = held.text_id
    CROSS JOIN unnest(tsvector_to_array(text.words)) AS word
)
INSERT INTO codeindex_wordcount (branch_id, word, texts)
SELECT branch_id, word, sum(texts) FROM changed
GROUP BY branch_id, word HAVING sum(texts) <> 0
ORDER BY word, branch_id
ON CONFLICT (word, branch_id) DO UPDATE SET texts = codeindex_wordcount.texts + excluded.texts
"""

UPDATE = """
UPDATE codeindex_text AS text
SET words = strip(to_tsvector('english', given.words)), analysis = %(analysis)s
FROM unnest(%(id)s::bigint[], %(words)s::text[]) AS given (id, words)
WHERE text.id = given.id
"""

SAVE_BLOB_WORDS = """
INSERT INTO codeindex_blobwords (blob_id, words)
SELECT blob.id, array_to_tsvector(coalesce((
    SELECT (array_agg(DISTINCT word))[:%(words)s]
    FROM codeindex_definition AS definition
    JOIN codeindex_text AS text ON text.id = definition.text_id
    CROSS JOIN unnest(tsvector_to_array(text.words)) AS word
    WHERE definition.blob_id = blob.id AND octet_length(word) <= %(bytes)s
), '{}'))
FROM unnest(%(id)s::bigint[]) AS blob (id)
ON CONFLICT (blob_id) DO UPDATE SET words = excluded.words
"""
