"""A larger index made from an existing one: replicas of its repositories under other names, whose
texts have vectors near the original ones."""

from __future__ import annotations

import numpy as np
from django.db import connection, transaction
from django.db.models.functions import Now
from more_itertools import sliced
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg.types import TypeInfo
from tqdm import tqdm

from benchmarks.nearest_neighbours import SpaceVectors
from codeindex.models import IndexRun, Repository, Space
from codeindex.spaces import lifecycle
from embeddings.types import Matrix

NAME = "replica-"
"""The prefix of replicas' names."""

NOISE = 0.4
"""The length of the noise that is added to a vector of length 1. A replica's cosine to the original
is then 0.93, like that of two functions that do nearly the same."""

BLOCK = 10_000


def grow(space: Space, definitions: int) -> None:
    """Adds replicas of all original repositories until at least so many definitions are live.
    Indexes that are slow to insert into are dropped first and rebuilt, except that of vectors."""
    originals = SpaceVectors.read(space).restricted_to(_original_texts())
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS text_words")
        cursor.execute(f"DROP INDEX IF EXISTS {lifecycle.index_name(space)}")
    while live_definitions() < definitions:
        number = Repository.objects.filter(name__startswith=NAME).count()
        _replicate(number, space, originals)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX text_words ON codeindex_text USING gin (words)")
        cursor.execute("VACUUM ANALYZE")


def live_definitions() -> int:
    """The number of definitions that a search can find."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE)
        (count,) = cursor.fetchone()
        return int(count)


def _original_texts() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, {"name": f"{NAME}%"})
        return [text for (text,) in cursor.fetchall()]


@transaction.atomic
def _replicate(number: int, space: Space, originals: SpaceVectors) -> None:
    """Adds one repository with a copy of each live file of the original ones."""
    owner = Repository.objects.earliest("pk").owner
    repository = Repository.objects.create(
        owner=owner, name=f"{NAME}{number}", url=f"file:///{NAME}{number}"
    )
    branch = repository.branches.create()
    run = IndexRun.objects.create(
        branch=branch, status="published", texts=len(originals.texts), finished=Now()
    )
    names = {"prefix": f"{NAME}{number}/", "name": f"{NAME}%", "branch": branch.pk, "run": run.pk}
    with connection.cursor() as cursor:
        for statement in COPIES:
            cursor.execute(statement, names)
        _copy_vectors(originals, np.random.default_rng(number))
        cursor.execute(EMBED, {"space": space.pk})
    branch.live_run = run
    branch.save()


def _copy_vectors(originals: SpaceVectors, random: np.random.Generator) -> None:
    """Writes vectors near the original ones into a temporary table, for EMBED."""
    database = connection.connection
    with database.cursor() as cursor:
        info = TypeInfo.fetch(database, "halfvec")
        register_halfvec_info(cursor, info)
        with cursor.copy("COPY copied_vectors (old, vector) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int8", info.oid])
            parts = (list(sliced(column, BLOCK)) for column in (originals.texts, originals.rows))
            blocks = list(zip(*parts, strict=True))
            for texts, rows in tqdm(blocks, "vectors of replicas"):
                for text, row in zip(texts.tolist(), _near(rows, random), strict=True):
                    copy.write_row([text, HalfVector(row)])


def _near(vectors: Matrix, random: np.random.Generator) -> Matrix:
    noise = random.standard_normal(vectors.shape, np.float32)
    moved = vectors + NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


LIVE = """
SELECT count(*) FROM codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
"""

_JOINS = """
FROM codeindex_sourcefile AS file
JOIN codeindex_branch AS branch ON branch.id = file.branch_id
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
"""
_FIRST = "WHERE file.live AND repository.name NOT LIKE %(name)s"
_FIRST_FILES = f"{_JOINS} {_FIRST}"

TEXTS = f"""
SELECT DISTINCT definition.text_id FROM codeindex_definition AS definition
WHERE definition.blob_id IN (SELECT file.blob_id {_FIRST_FILES})
"""

COPIES = (
    f"""
    CREATE TEMP TABLE copied_blobs ON COMMIT DROP AS
    SELECT id AS old, nextval(pg_get_serial_sequence('codeindex_blob', 'id')) AS new
    FROM codeindex_blob WHERE id IN (SELECT file.blob_id {_FIRST_FILES})
    """,
    f"""
    CREATE TEMP TABLE copied_texts ON COMMIT DROP AS
    SELECT text_id AS old, nextval(pg_get_serial_sequence('codeindex_text', 'id')) AS new
    FROM ({TEXTS}) AS texts
    """,
    """
    INSERT INTO codeindex_blob
        (id, sha, language, content, skipped, broken, format_version, analysis)
    SELECT new, left(%(prefix)s || sha, 64), language, content, skipped, broken, format_version,
           analysis
    FROM codeindex_blob JOIN copied_blobs ON old = id
    """,
    """
    INSERT INTO codeindex_blobwords (blob_id, words)
    SELECT new, words FROM codeindex_blobwords JOIN copied_blobs ON old = blob_id
    """,
    """
    INSERT INTO codeindex_text (id, hash, language, kind, body, words, analysis)
    SELECT new, left(%(prefix)s || hash, 64), language, kind, body, words, analysis
    FROM codeindex_text JOIN copied_texts ON old = id
    """,
    """
    INSERT INTO codeindex_definition
        (blob_id, text_id, kind, name, qualified_name, docstring, start_line, end_line)
    SELECT blob.new, text.new, kind, name, qualified_name, docstring, start_line, end_line
    FROM codeindex_definition
    JOIN copied_blobs AS blob ON blob.old = blob_id JOIN copied_texts AS text ON text.old = text_id
    """,
    """
    INSERT INTO codeindex_namesused (blob_id, names, ends, uses, is_cut)
    SELECT new, names, ends, uses, is_cut
    FROM codeindex_namesused JOIN copied_blobs ON old = blob_id
    """,
    f"""
    INSERT INTO codeindex_sourcefile (branch_id, path, blob_id, from_run_id, live)
    SELECT %(branch)s, repository.name || '/' || file.path, copied.new, %(run)s, true
    {_JOINS} JOIN copied_blobs AS copied ON copied.old = file.blob_id {_FIRST}
    """,
    """
    INSERT INTO codeindex_wordcount (branch_id, word, texts)
    SELECT %(branch)s, word, count(*)
    FROM codeindex_text JOIN copied_texts ON old = id
    CROSS JOIN unnest(tsvector_to_array(words)) AS word
    GROUP BY word
    """,
    "CREATE TEMP TABLE copied_vectors (old bigint, vector halfvec) ON COMMIT DROP",
)

EMBED = """
INSERT INTO codeindex_embedding
    (space_id, text_id, vector, structure, predicted_names, state, reason, attempts)
SELECT space_id, text.new, copied.vector, structure, predicted_names, state, reason, attempts
FROM codeindex_embedding
JOIN copied_texts AS text ON text.old = text_id
JOIN copied_vectors AS copied ON copied.old = text_id
WHERE space_id = %(space)s
"""
