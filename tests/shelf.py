"""Indexed repositories, written as rows, with vectors that a test chooses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.contrib.auth.models import Group, User
from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import F, Value
from django.utils import timezone
from pgvector import HalfVector

from codeindex.ingestion import doubts
from codeindex.ingestion.lexical import analysis
from codeindex.models import (
    Blob,
    Branch,
    Definition,
    Embedding,
    EmbeddingState,
    IndexRun,
    NamesUsed,
    Repository,
    RunStatus,
    SourceFile,
    Space,
    SpaceState,
    Text,
    Visibility,
)
from embeddings.code.definitions import extract, text_hash
from embeddings.code.languages import by_path
from embeddings.code.words import ANALYSIS_VERSION
from embeddings.types import READING_VERSION
from search.query import parsing

DIMENSIONS = 4


@dataclass(frozen=True)
class Written:
    """A definition to be shelved: the whole of its file's content."""

    source: str
    name: str = "f"
    vector: Sequence[float] | None = None
    structure: Sequence[float] | None = None
    kind: str = "function"
    docstring: str = ""
    predicted_names: tuple[tuple[str, float], ...] = ()


def space(dimensions: int = DIMENSIONS) -> Space:
    return Space.objects.create(
        name="a small space",
        fingerprint=f"of {dimensions} dimensions",
        dimensions=dimensions,
        state=SpaceState.ACTIVE,
    )


def repository(
    owner: User,
    name: str = "shop",
    *,
    visibility: str = Visibility.PRIVATE,
    teams: Iterable[Group] = (),
    finished: bool = True,
) -> Repository:
    """A repository with a published run, of nothing yet."""
    made = Repository.objects.create(
        owner=owner, name=name, url=f"https://example.org/{name}.git", visibility=visibility
    )
    made.teams.set(teams)
    branch(made, finished=finished)
    return made


def branch(repository: Repository, name: str = "", *, finished: bool = True) -> Branch:
    """A branch with a published run, of nothing yet; or the one that there is."""
    made, _ = Branch.objects.get_or_create(repository=repository, name=name)
    if made.live_run is None:
        made.live_run = IndexRun.objects.create(
            branch=made,
            status=RunStatus.PUBLISHED,
            commit="c0ffee" * 6,
            published=timezone.now(),
            finished=timezone.now() if finished else None,
        )
        made.save()
    return made


def put(
    repository: Repository,
    path: str,
    written: Written,
    *,
    live: bool = True,
    branch: Branch | None = None,
) -> tuple[SourceFile, Definition]:
    """A file that holds one definition, of the first branch unless another is given."""
    branch = branch or repository.branches.earliest("pk")
    run = branch.live_run
    blob = _blob(written.source)
    text = _text(written)
    definition, _ = Definition.objects.get_or_create(
        blob=blob,
        text=text,
        kind=written.kind,
        name=written.name.rpartition(".")[2],
        qualified_name=written.name,
        docstring=written.docstring,
        start_line=1,
        end_line=written.source.rstrip("\n").count("\n") + 1,
    )
    analysis.save_blob_words([blob.pk])
    doubts.record([(own, own.predicted_names) for own in text.embeddings.all()])
    if live:
        _count_words(branch, text)
    file = SourceFile.objects.create(
        branch=branch,
        path=path,
        blob=blob,
        from_run=run,
        live=live,
        name_words=analysis.name_words(path),
    )
    IndexRun.objects.filter(pk=run.pk).update(
        texts=F("texts") + 1, definitions=F("definitions") + 1, files=F("files") + 1
    )
    return file, definition


def put_source(repository: Repository, path: str, source: str) -> SourceFile:
    """A file with all definitions that are read in it, though without their words, and the names
    that it uses."""
    file_type = by_path(path)
    assert file_type is not None
    found = extract(source, file_type)
    blob, is_new = Blob.objects.get_or_create(
        sha=_digest(source)[:40],
        language=file_type.name,
        format_version=READING_VERSION,
        defaults={"content": source, "analysis": ANALYSIS_VERSION},
    )
    for each in found.definitions if is_new else ():
        text, _ = Text.objects.get_or_create(
            hash=text_hash(each),
            defaults={"language": each.language, "kind": each.kind, "body": each.text, "words": ""},
        )
        Definition.objects.create(
            blob=blob,
            text=text,
            kind=each.kind,
            name=each.name,
            qualified_name=each.qualified_name,
            start_line=each.start_line,
            end_line=each.end_line,
        )
    if is_new and found.uses:
        NamesUsed.objects.create(blob=blob, **asdict(found.uses))
    branch = repository.branches.get()
    return SourceFile.objects.create(
        branch=branch,
        path=path,
        blob=blob,
        from_run=branch.live_run,
        live=True,
        name_words=analysis.name_words(path),
    )


def put_many(repository: Repository, vectors: Sequence[Sequence[float]]) -> list[int]:
    """One file of as many definitions as there are vectors; the ids of their texts."""
    sources = [f"def f{row}(): return {row}, {repository.pk}" for row in range(len(vectors))]
    texts = Text.objects.bulk_create(
        Text(hash=_digest(source), language="python", kind="function", body=source, words="")
        for source in sources
    )
    blob = _blob(f"# many of {repository}")
    Definition.objects.bulk_create(
        Definition(blob=blob, text=text, kind="function", name="f", start_line=1, end_line=1)
        for text in texts
    )
    active = Space.objects.get(state=SpaceState.ACTIVE)
    Embedding.objects.bulk_create(
        Embedding(space=active, text=text, state=EmbeddingState.READY, vector=HalfVector(vector))
        for text, vector in zip(texts, vectors, strict=True)
    )
    branch = repository.branches.get()
    SourceFile.objects.create(
        branch=branch, path="many.py", blob=blob, from_run=branch.live_run, live=True
    )
    IndexRun.objects.filter(pk=branch.live_run_id).update(texts=F("texts") + len(texts))
    return [text.pk for text in texts]


def _count_words(branch: Branch, text: Text) -> None:
    """As publishing does: a text once a branch."""
    held = SourceFile.objects.filter(branch=branch, live=True, blob__definitions__text=text)
    if held.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [branch.pk, text.pk])


def _blob(content: str) -> Blob:
    blob, _ = Blob.objects.get_or_create(
        sha=_digest(content)[:40],
        language="python",
        format_version=1,
        defaults={"content": content, "analysis": ANALYSIS_VERSION},
    )
    return blob


def _text(written: Written) -> Text:
    text = Text.objects.filter(hash=_digest(written.source)).first()
    if text:
        return text
    words = " ".join(parsing.parse_query(f"{written.name} {written.source}").words)
    text = Text.objects.create(
        hash=_digest(written.source),
        language="python",
        kind=written.kind,
        body=written.source,
        words=SearchVector(Value(words), config="english"),
    )
    if written.vector is not None:
        Embedding.objects.create(
            space=Space.objects.get(state=SpaceState.ACTIVE),
            text=text,
            state=EmbeddingState.READY,
            vector=HalfVector(list(written.vector)),
            structure=written.structure and HalfVector(list(written.structure)),
            predicted_names=[list(name) for name in written.predicted_names],
        )
    return text


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


COUNT = """
INSERT INTO codeindex_wordcount AS counted (branch_id, word, texts)
SELECT %s, unnest(tsvector_to_array(words)), 1 FROM codeindex_text WHERE id = %s
ON CONFLICT (word, branch_id) DO UPDATE SET texts = counted.texts + 1
"""
