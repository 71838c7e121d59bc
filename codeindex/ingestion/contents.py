"""The contents of files as they are stored: a row for each content, or two where it was skipped for
its origin and a repository wants it anyway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from more_itertools import first

from codeindex.ingestion.bulk import binary_cursor
from codeindex.ingestion.lexical import grams
from codeindex.ingestion.reader_process import ParsedFile
from codeindex.ingestion.selection import skip_reasons
from codeindex.ingestion.selection.sources import SelectedFile
from codeindex.models import Blob
from embeddings import types
from embeddings.code.words import ANALYSIS_VERSION
from embeddings.files.grams import GRAMS_VERSION
from embeddings.types import READING_VERSION

LONGEST_REASON = 200
"""Characters, as many as `Blob.skipped` holds."""


@dataclass(frozen=True, slots=True)
class ReadBlob:
    """The definitions in a file's content and the names that it uses, or why it was skipped.
    `despite`: it was read though it had been skipped for this reason."""

    sha: str
    language: str
    content: str = ""
    despite: str = ""
    skipped: str = ""
    broken: bool = False
    stray_bytes: int = 0
    definitions: Sequence[types.Definition] = ()
    uses: types.NamesUsed | None = None


def as_read(file: SelectedFile, answer: ParsedFile | str, despite: str = "") -> ReadBlob:
    """What a reader has answered for a file: what is in it, or why it is skipped."""
    if isinstance(answer, str):
        return ReadBlob(*file.content, despite=despite, skipped=answer[:LONGEST_REASON])
    content, broken, definitions, stray_bytes, uses = answer
    return ReadBlob(
        *file.content,
        content,
        despite,
        broken=broken,
        stray_bytes=stray_bytes,
        definitions=definitions,
        uses=uses,
    )


def without_blob(files: Sequence[SelectedFile]) -> list[SelectedFile]:
    """Of `files`, one for each content that is not stored yet."""
    known = {(blob.sha, blob.language) for blob in _stored(files) if not blob.despite}
    distinct = {file.content: file for file in files}
    return [file for content, file in distinct.items() if content not in known]


def skipped_in_vain(
    files: Sequence[SelectedFile], read: Sequence[ReadBlob]
) -> list[tuple[SelectedFile, str]]:
    """Of `files`, one for each content that was skipped for its origin, though the file is wanted
    despite that, and is not stored in this way yet; with the reason. `read` are the contents that
    are about to be stored."""
    stored: list[Blob | ReadBlob] = [*_stored(files), *read]
    read_first = {(blob.sha, blob.language): blob.skipped for blob in stored if not blob.despite}
    read_again = {(blob.sha, blob.language) for blob in stored if blob.despite}
    in_vain = {
        file.content: (file, skipped)
        for file in files
        for skipped in [read_first[file.content]]
        if file.content not in read_again and not suits(file, skipped, despite="")
    }
    return list(in_vain.values())


def blob_ids(files: Sequence[SelectedFile]) -> list[int]:
    """The ids of the files' blobs, which are stored."""
    stored = defaultdict(list)
    for blob in _stored(files):
        stored[blob.sha, blob.language].append(blob)
    return [
        first(blob.pk for blob in stored[file.content] if suits(file, blob.skipped, blob.despite))
        for file in files
    ]


def _stored(files: Iterable[SelectedFile]) -> QuerySet[Blob]:
    """The blobs of the files' contents, without these."""
    shas = {file.sha for file in files}
    return Blob.objects.filter(sha__in=shas, format_version=READING_VERSION).defer("content")


def suits(file: SelectedFile, skipped: str, despite: str) -> bool:
    """Whether a blob of the file's content is the one to use: of two, the second one if the file is
    wanted despite every origin for which the first one was skipped."""
    if despite:
        return skip_reasons.origins_in(despite) <= file.despite
    origins = skip_reasons.origins_in(skipped)
    return not origins or not origins <= file.despite


def save(read: Sequence[ReadBlob]) -> list[tuple[int, ReadBlob]]:
    """The blobs that were new, with their ids, and the grams of their contents. What another run
    stored meanwhile has its definitions already."""
    if not read:
        return []
    ours = {(blob.sha, blob.language, blob.despite): blob for blob in read}
    with binary_cursor() as cursor:
        cursor.execute(
            INSERT_BLOBS,
            {
                "version": READING_VERSION,
                "grams": GRAMS_VERSION,
                "analysis": ANALYSIS_VERSION,
                "sha": [blob.sha for blob in read],
                "language": [blob.language for blob in read],
                "content": [blob.content for blob in read],
                "skipped": [blob.skipped for blob in read],
                "despite": [blob.despite for blob in read],
                "broken": [blob.broken for blob in read],
                "stray_bytes": [blob.stray_bytes for blob in read],
            },
        )
        saved = [(pk, ours[tuple(key)]) for pk, *key in cursor.fetchall()]
    grams.save({pk: blob.content for pk, blob in saved})
    return saved


INSERT_BLOBS = """
INSERT INTO codeindex_blob
    (sha, language, content, skipped, despite, broken, stray_bytes, format_version, grams, analysis)
SELECT sha, language, content, skipped, despite, broken, stray_bytes, %(version)s::smallint,
       %(grams)s::smallint, %(analysis)s::smallint
FROM unnest(%(sha)b::text[], %(language)b::text[], %(content)b::text[], %(skipped)b::text[],
            %(despite)b::text[], %(broken)b::boolean[], %(stray_bytes)b::integer[])
    AS new (sha, language, content, skipped, despite, broken, stray_bytes)
ORDER BY sha, language, despite
ON CONFLICT DO NOTHING
RETURNING id, sha, language, despite
"""
