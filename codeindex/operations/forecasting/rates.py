"""How long each stage takes on this installation, by its past runs or by a short probe."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

import embeddings
from codeindex.databases.statements import rows
from codeindex.ingestion import embedding, store
from codeindex.ingestion.contents import ReadBlob
from codeindex.ingestion.selection.sources import SelectedFile
from codeindex.models import (
    Branch,
    Embedding,
    IndexRun,
    Repository,
    RunCost,
    RunStatus,
    Space,
    SpaceState,
)
from codeindex.operations.forecasting.estimates import Estimate
from codeindex.spaces import encoders, lifecycle

if TYPE_CHECKING:
    from embeddings import CodeEncoder

RUNS, FEWEST_DEFINITIONS = 20, 500
"""How many runs are used, and how many definitions each must have read."""

DRAFTED, ENCODED = 256, 32
"""How many texts a probe drafts and encodes, and stores."""

FEWEST_BYTES, USUAL_BYTES = 10_000, 5_500
"""How many definitions a database must have for its own bytes per definition to be used; and the
usual bytes per definition (docs/results/search.md)."""

SPREAD_OF_PROBE = 2.0
"""A stage may take this many times as long as a probe says, or as little: a probe reads few files,
and the machine may be busy."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds of reading and storing a byte of content, of a text's first vector, and of refining a
    draft (None if nothing is refined, or if the encoder cannot be loaded). `runs`: how many runs
    gave the first two; 0 if a probe did."""

    definitions: Estimate
    embedding: Estimate | None
    refining: Estimate | None
    runs: int


@dataclass(frozen=True, slots=True)
class Probe:
    """Files that were read, and the seconds that this took."""

    files: Sequence[SelectedFile]
    read: Sequence[ReadBlob]
    seconds: float


def measure(probe: Probe) -> Rates:
    encoder = _encoder()  # before rows are locked, since loading it takes seconds
    with _forgotten() as run:
        storing = _timed(lambda: store.save_batch(run, probe.files, probe.read))
        drafting, refining = _encoding(run, encoder) if encoder else (None, None)
    past = _past_runs()
    if past:
        vectors = [cost for cost in past if cost.vectors]
        return Rates(
            _of_runs(past, RunStatus.DEFINITIONS, attrgetter("content_bytes")),
            _of_runs(vectors, RunStatus.EMBEDDING, attrgetter("vectors")) if vectors else drafting,
            refining,
            len(past),
        )
    content = sum(len(blob.content.encode()) for blob in probe.read)
    return Rates(_spread((probe.seconds + storing) / max(1, content)), drafting, refining, 0)


def bytes_per_definition() -> float:
    """On disk, with all indexes."""
    ((size, definitions),) = rows(SIZES)
    return size / definitions if definitions >= FEWEST_BYTES else USUAL_BYTES


def _past_runs() -> list[RunCost]:
    finished = RunCost.objects.filter(
        run__status=RunStatus.PUBLISHED,
        run__finished__isnull=False,
        definitions_new__gte=FEWEST_DEFINITIONS,
        content_bytes__gt=0,
    )
    return list(finished.select_related("run").order_by("-pk")[:RUNS])


def _of_runs(
    costs: Sequence[RunCost], stage: RunStatus, amount: Callable[[RunCost], int]
) -> Estimate:
    """Seconds of a stage per unit of `amount`: the mean over all runs, with the lowest and the
    highest."""
    pairs = [(float(cost.run.timings.get(stage, 0)), amount(cost)) for cost in costs]
    rate = sum(seconds for seconds, _ in pairs) / sum(count for _, count in pairs)
    if len(pairs) < 3:
        return _spread(rate)
    each = [seconds / count for seconds, count in pairs]
    return Estimate(rate, min(each), max(each))


def _spread(rate: float) -> Estimate:
    return Estimate(rate, rate / SPREAD_OF_PROBE, rate * SPREAD_OF_PROBE)


def _encoder() -> CodeEncoder | None:
    """The encoder of the active space, or else of the settings, with all that it loads at first
    use; None if it is unavailable."""
    active = Space.objects.filter(state=SpaceState.ACTIVE).first()
    try:
        encoder = (
            encoders.encoder_for(active) if active else encoders.cached(encoders.preferred_source())
        )
    except embeddings.EncoderUnavailable:
        return None
    encoder.encode([embedding.PROBE])
    if encoder.draft_fingerprint:
        encoder.draft([embedding.PROBE])
    return encoder


def _encoding(run: IndexRun, encoder: CodeEncoder) -> tuple[Estimate | None, Estimate | None]:
    """Seconds of a text's first vector, and of refining it, by encoding and storing some of the
    run's texts."""
    space = Space.objects.filter(fingerprint=encoder.fingerprint).first()
    if space is None:
        space = lifecycle.space_for(encoder, encoders.preferred_source())
    waiting = Embedding.objects.pending(space).filter(
        text__definitions__blob__source_files__from_run=run
    )
    texts = list(waiting.distinct().select_related("text"))
    if not texts:
        return None, None
    embedders = max(1, settings.CODEINDEX_EMBEDDERS)
    encoding = _seconds_each(encoder, texts, ENCODED)
    if not encoders.drafts(space, encoder):
        return _spread(encoding / embedders), None
    drafting = _seconds_each(encoder, texts, DRAFTED, as_drafts=True)
    # On a CPU, the language model of the probe has all the threads that the embedders share.
    return _spread(drafting / embedders), _spread(encoding)


def _seconds_each(
    encoder: CodeEncoder, texts: Sequence[Embedding], count: int, *, as_drafts: bool = False
) -> float:
    """Of `count` texts that are evenly spread among all."""
    taken = list(islice(texts[:: max(1, len(texts) // count)], count))
    lease = uuid.uuid4()
    Embedding.objects.filter(pk__in=[each.pk for each in taken]).update(lease=lease)
    for each in taken:
        each.lease = lease
    return _timed(lambda: embedding.encode(encoder, [taken], as_drafts=as_drafts)) / len(taken)


@contextmanager
def _forgotten() -> Iterator[IndexRun]:
    """A run of a repository that is gone after the block."""
    with transaction.atomic():
        name = f"forecast-{uuid.uuid4()}"
        owner = User.objects.create(username=name)
        repository = Repository.objects.create(owner=owner, name=name, url="/")
        branch = Branch.objects.create(repository=repository)
        yield IndexRun.objects.create(
            branch=branch, status=RunStatus.DEFINITIONS, lease=uuid.uuid4()
        )
        transaction.set_rollback(True)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


SIZES = """
SELECT sum(pg_total_relation_size(oid)),
       max(reltuples) FILTER (WHERE relname = 'codeindex_definition')
FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname LIKE 'codeindex_%'
"""
