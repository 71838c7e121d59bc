"""Index runs from beginning to end, in the process of the test."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from codeindex import tasks
from codeindex.ingestion import pipeline, publishing
from codeindex.models import (
    Embedding,
    IndexRun,
    Repository,
    SourceFile,
)


def indexed(repository: Repository, by: User | None = None, **wanted: Any) -> IndexRun:
    run = tasks.request_index(repository=repository, by=by, **wanted)
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    return run


def encode_everything() -> None:
    Embedding.objects.filter(state="pending").update(state="ready", vector=[1, 0, 0])
    publishing.settle_all()


def live(repository: Repository) -> dict[str, str]:
    files = SourceFile.objects.filter(branch__repository=repository, live=True)
    return dict(files.values_list("path", "blob__content"))
