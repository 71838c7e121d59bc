"""The measurements of `python -m benchmarks.worker_memory`, which sets up Django."""

from __future__ import annotations

import hashlib
import random
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import django
import psutil
from django.core.management import call_command
from more_itertools import chunked

from codeindex import tasks
from codeindex.ingestion import embedding, reader_process
from codeindex.local_services import ensure_services
from codeindex.models import Embedding, EmbeddingState, Text
from codeindex.spaces import encoders, lifecycle
from embeddings.code import languages
from embeddings.types import Definition

TextRow = tuple[str, str, str]
"""A text with its language and kind."""

INSERTED = 1_000
"""Rows per statement."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The seconds and the seconds of processor time that some texts took, and the bytes of memory
    that the process has afterwards."""

    texts: int
    seconds: float
    processor: float
    memory: int

    def __str__(self) -> str:
        return (
            f"{self.memory / 2**20:9,.0f} MiB {self.texts / self.seconds:9.1f} texts a second"
            f" {1e3 * self.processor / self.texts:9.1f} ms of processor time per text"
        )


def measure(options: Namespace) -> None:
    """Prints the usage for each `options.every` texts, and a summary."""
    with ensure_services():
        call_command("migrate", verbosity=0, interactive=False)
        source = encoders.preferred_source()
        space = lifecycle.space_for(encoders.cached(source), source)
        # In a process of its own, so that memory for parsing does not count.
        with get_context("spawn").Pool(1, initializer=django.setup) as reader:
            texts = reader.apply(_distinct_texts, (options.paths, options.texts))
        _insert(space, texts)
        tasks.embed_batch(embedding.FIRST_BATCH)
        rows = []
        for row in _usages(options.every):
            rows.append(row)
            print(f"{sum(row.texts for row in rows):9,} {row}", flush=True)
        _summarise(rows)


def _summarise(rows: list[Usage]) -> None:
    first, last = rows[0], rows[-1]
    slower = last.processor / last.texts / (first.processor / first.texts) - 1
    by_clock = last.seconds / last.texts / (first.seconds / first.texts) - 1
    print(f"first     {first}")
    print(f"last      {last}")
    print(f"peak      {max(row.memory for row in rows) / 2**20:,.0f} MiB")
    print(f"last minus first, per text: processor {slower:+.1%}, clock {by_clock:+.1%}")


def _usages(every: int) -> Iterator[Usage]:
    """The usage for each `every` texts, or a few more: a batch is not divided."""
    process = psutil.Process()
    limit: int | None = embedding.FIRST_BATCH
    done = _encoded()
    while limit:
        before, began, processor = done, time.perf_counter(), time.process_time()
        while limit and done - before < every:
            limit = tasks.embed_batch(limit)
            done = _encoded()
        if done > before:
            yield Usage(
                done - before,
                time.perf_counter() - began,
                time.process_time() - processor,
                process.memory_info().rss,
            )


def _encoded() -> int:
    return Embedding.objects.exclude(state=EmbeddingState.PENDING).count()


def _insert(space: lifecycle.Space, texts: list[TextRow]) -> None:
    rows = (
        Text(
            hash=hashlib.sha256(body.encode()).hexdigest(),
            language=language,
            kind=kind,
            body=body,
            words="",
        )
        for body, language, kind in texts
    )
    for part in chunked(rows, INSERTED):
        Text.objects.bulk_create(part)
        Embedding.objects.bulk_create(Embedding(space=space, text=text) for text in part)


def _distinct_texts(paths: list[str], count: int) -> list[TextRow]:
    """Distinct texts, the same ones in each run, in an order that mixes long and short ones."""
    originals = list(
        dict.fromkeys(
            (definition.text, definition.language, str(definition.kind))
            for path in paths
            for file in sorted(Path(path).rglob("*"))
            for definition in _definitions(file)
        )
    )
    if not originals:
        raise SystemExit("There are no definitions under these paths.")
    chosen: dict[TextRow, None] = {}
    for variant in _variants(originals):
        chosen[variant] = None
        if len(chosen) == count:
            break
    texts = list(chosen)
    random.Random(0).shuffle(texts)
    return texts


def _variants(originals: list[TextRow]) -> Iterator[TextRow]:
    """Each text as it is, then each without its second line, without its third, and so on."""
    longest = max(body.count("\n") for body, *_ in originals)
    for line in range(longest + 1):
        for body, language, kind in originals:
            if line <= body.count("\n"):
                yield _without(body, line), language, kind


def _without(body: str, line: int) -> str:
    """The text without the line of this number, counted from 0. The first line is never removed."""
    lines = body.split("\n")
    return "\n".join(lines[:line] + lines[line + 1 :]) if line else body


def _definitions(file: Path) -> list[Definition]:
    language = languages.language_by_path(file.name) if file.is_file() else None
    if language is None:
        return []
    try:
        _, _, found = reader_process.parse(file.read_bytes(), language)
    except reader_process.Skipped:
        return []
    return found
