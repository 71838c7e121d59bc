"""The measurements of `python -m benchmarks.worker`, which sets up Django."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence

import numpy as np
from django.contrib.auth.models import User
from django.core.management import call_command

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pipeline
from codeindex.local_services import ensure_services
from codeindex.models import Embedding, EmbeddingState
from codeindex.spaces import encoders
from embeddings import CodeEncoder
from embeddings.text.language_model import LanguageModel
from embeddings.text.tokenising import Windows
from embeddings.types import Matrix


def measure(options: Namespace) -> None:
    """Prints the rate of the worker and that of its encoder alone."""
    if options.pretend:
        LanguageModel.encode_tokens = _pretended(options.pretend)  # type: ignore[method-assign]
    with ensure_services():
        call_command("migrate", verbosity=0, interactive=False)
        for path in options.repositories:
            _read(path)
        encoder = encoders.cached(encoders.preferred_source())
        encoder.encode([embedding.PROBE])
        batches = _embed_all()
        texts = _embedded_texts(options.texts)
        _print("the worker", batches)
        _print("the worker, its batches of full size", _full_batches(batches))
        _print("the encoder alone", [_encode(encoder, texts)])


def _pretended(rate: float) -> Callable[[LanguageModel, Sequence[Windows]], Matrix]:
    """A language model that waits as long as `rate` tokens per second take and returns random
    vectors."""
    random = np.random.default_rng(0)

    def encode_tokens(model: LanguageModel, texts: Sequence[Windows]) -> Matrix:
        time.sleep(sum(len(window) for text in texts for window in text) / rate)
        vectors = random.standard_normal((len(texts), model.dimensions), np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return encode_tokens


def _read(path: str) -> None:
    """The repository as definitions that wait for their vectors."""
    administrator = User.objects.filter(is_superuser=True).first()
    owner = administrator or User.objects.create_superuser("admin")
    repository = repositories.register(url=path, owner=owner, by=None, trusted_path=True)
    pipeline.index(tasks.request_index(repository=repository, by=None).pk)


def _embed_all() -> list[tuple[int, float]]:
    """Embeds all pending texts; returns the texts and seconds of each batch."""
    batches = []
    limit: int | None = embedding.FIRST_BATCH
    stored = 0
    while limit:
        began = time.perf_counter()
        limit = tasks.embed_batch(limit)
        seconds = time.perf_counter() - began
        before, stored = stored, Embedding.objects.filter(state=EmbeddingState.READY).count()
        batches.append((stored - before, seconds))
    return batches


def _full_batches(batches: Sequence[tuple[int, float]]) -> Sequence[tuple[int, float]]:
    """The batches with more than half as many texts as the largest."""
    largest = max(texts for texts, _ in batches)
    return [(texts, seconds) for texts, seconds in batches if 2 * texts > largest]


def _embedded_texts(count: int) -> list[str]:
    ready = Embedding.objects.filter(state=EmbeddingState.READY).order_by("pk")
    return list(ready.values_list("text__body", flat=True)[:count])


def _encode(encoder: CodeEncoder, texts: Sequence[str]) -> tuple[int, float]:
    began = time.perf_counter()
    encoder.encode_definitions(texts)
    return len(texts), time.perf_counter() - began


def _print(name: str, batches: Sequence[tuple[int, float]]) -> None:
    texts, seconds = map(sum, zip(*batches, strict=True))
    print(f"{name:40} {texts:9,} texts {texts / seconds:10,.1f} a second", flush=True)
