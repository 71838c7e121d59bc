"""What `python -m benchmarks.worker_memory` measures, once Django is set up."""

from __future__ import annotations

import hashlib
import random
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import django
import psutil
from django.core.management import call_command

from codeindex import tasks
from codeindex.ingestion import embedding, reader_process
from codeindex.local_services import ensure_services
from codeindex.models import Embedding, EmbeddingState, Text
from codeindex.spaces import encoders, lifecycle
from embeddings.code import languages
from embeddings.types import Definition

Source = tuple[str, str, str]
"""A text with its language and kind."""

ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """So many texts more, the seconds and processor's seconds that they took, and the bytes that
    the process holds afterwards."""

    texts: int
    seconds: float
    processor: float
    memory: int

    def __str__(self) -> str:
        return (
            f"{self.memory / 2**20:9,.0f} MiB {self.texts / self.seconds:9.1f} texts a second"
            f" {1e3 * self.processor / self.texts:9.1f} ms of the processor a text"
        )


def measure(options: Namespace) -> None:
    """Prints a row for each so many texts, and what became of them."""
    with ensure_services():
        call_command("migrate", verbosity=0, interactive=False)
        source = encoders.preferred_source()
        space = lifecycle.space_for(encoders.cached(source), source)
        # In a process of its own: what reading takes is none of the worker's.
        with get_context("spawn").Pool(1, initializer=django.setup) as reader:
            texts = reader.apply(_texts, (options.paths, options.texts))
        _put_down(space, texts)
        tasks.embed_batch(embedding.FIRST_BATCH)
        rows = []
        for row in _rows(options.every):
            rows.append(row)
            print(f"{sum(row.texts for row in rows):9,} {row}", flush=True)
        _summarise(rows)


def _summarise(rows: list[Row]) -> None:
    first, last = rows[0], rows[-1]
    slower = last.processor / last.texts / (first.processor / first.texts) - 1
    by_clock = last.seconds / last.texts / (first.seconds / first.texts) - 1
    print(f"first     {first}")
    print(f"last      {last}")
    print(f"most held {max(row.memory for row in rows) / 2**20:,.0f} MiB")
    print(f"a text of the last took {slower:+.1%} of the processor, {by_clock:+.1%} by the clock")


def _rows(every: int) -> Iterator[Row]:
    """One for each `every` texts, or a few more: a batch is not divided."""
    process = psutil.Process()
    limit: int | None = embedding.FIRST_BATCH
    done = _encoded()
    while limit:
        before, began, processor = done, time.perf_counter(), time.process_time()
        while limit and done - before < every:
            limit = tasks.embed_batch(limit)
            done = _encoded()
        if done > before:
            yield Row(
                done - before,
                time.perf_counter() - began,
                time.process_time() - processor,
                process.memory_info().rss,
            )


def _encoded() -> int:
    return Embedding.objects.exclude(state=EmbeddingState.PENDING).count()


def _put_down(space: lifecycle.Space, sources: list[Source]) -> None:
    rows = (
        Text(
            hash=hashlib.sha256(body.encode()).hexdigest(),
            language=language,
            kind=kind,
            body=body,
            words="",
        )
        for body, language, kind in sources
    )
    while part := list(islice(rows, ROWS)):
        Text.objects.bulk_create(part)
        Embedding.objects.bulk_create(Embedding(space=space, text=text) for text in part)


def _texts(paths: list[str], wanted: int) -> list[Source]:
    """So many distinct texts, always the same, in an order that mixes long and short ones."""
    found = list(
        dict.fromkeys(
            (definition.text, definition.language, str(definition.kind))
            for path in paths
            for file in sorted(Path(path).rglob("*"))
            for definition in _definitions(file)
        )
    )
    if not found:
        raise SystemExit("There are no definitions below these paths.")
    chosen: dict[Source, None] = {}
    for varied in _varied(found):
        chosen[varied] = None
        if len(chosen) == wanted:
            break
    texts = list(chosen)
    random.Random(0).shuffle(texts)
    return texts


def _varied(found: list[Source]) -> Iterator[Source]:
    """Each text as it is, then each without its second line, without its third, and so on."""
    longest = max(body.count("\n") for body, *_ in found)
    for line in range(longest + 1):
        for body, language, kind in found:
            if line <= body.count("\n"):
                yield _without(body, line), language, kind


def _without(body: str, line: int) -> str:
    """The text without its line of that number, or as it is for 0: that is its first line."""
    lines = body.split("\n")
    return "\n".join(lines[:line] + lines[line + 1 :]) if line else body


def _definitions(file: Path) -> list[Definition]:
    language = languages.by_path(file.name) if file.is_file() else None
    if language is None:
        return []
    try:
        _, _, found = reader_process.parse(file.read_bytes(), language)
    except reader_process.Skipped:
        return []
    return found
