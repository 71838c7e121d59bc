"""What was read of each source, kept on disk: an interrupted build is resumed, and the next one
reads only new sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from embeddings.code import definitions
from embeddings.training.corpus.functions import Function, fingerprint
from embeddings.training.corpus.projects import Project
from embeddings.training.corpus.sources import Batch, Source

FORMAT_VERSION = 3
"""The version of what is taken from a source. Raise it to have everything read again."""


def cached_batches(source: Source, folder: Path) -> Iterator[Batch]:
    """The batches of a source, from the folder if it was read before."""
    versions = f"{FORMAT_VERSION} {definitions.FORMAT_VERSION} {source.version}"
    part = folder / f"{fingerprint(versions)}.jsonl"
    if not part.exists():
        _write(source, part)
    with part.open(encoding="utf-8") as file:
        yield from map(_batch, file)


def _write(source: Source, part: Path) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    unfinished = part.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        for batch in source.batches():
            file.write(json.dumps(asdict(batch)) + "\n")
    unfinished.replace(part)


def _batch(line: str) -> Batch:
    row = json.loads(line)
    repositories = tuple(row["project"].pop("repositories"))
    functions = [Function(**function) for function in row["functions"]]
    return Batch(Project(**row["project"], repositories=repositories), functions, row["left_out"])
