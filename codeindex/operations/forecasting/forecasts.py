"""Forecasts what indexing a repository will cost, and compares that with what it has cost.

The repository is fetched as an index run would fetch it, by the same rules, and a sample of its
files is read. The rest follows from sizes and from this installation's rates.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Count, QuerySet
from more_itertools import unique_everseen

from codeindex import credentials, repositories
from codeindex.ingestion import contents, reader_pool
from codeindex.ingestion.cloning import checkout, mirrors, proxy
from codeindex.ingestion.cloning.proxy import Resolve
from codeindex.ingestion.cloning.trees import Entry, Tree
from codeindex.ingestion.contents import ReadBlob
from codeindex.ingestion.selection import overrides, sources
from codeindex.ingestion.selection.sources import SelectedFile
from codeindex.leases import Lease
from codeindex.models import Branch, Definition, Forecast, IndexRun, Repository, RunStatus
from codeindex.operations.forecasting import estimates, rates
from codeindex.operations.forecasting.estimates import Estimate, Sized
from codeindex.operations.forecasting.rates import Probe
from embeddings.types import READING_VERSION

CHARACTERS_PER_TOKEN, LONGEST_READ = 3, 256
"""Of source code, for WordPiece's tokens; and how many tokens of a text a language model reads."""

DISTINCT = Estimate(0.9, 0.75, 0.97)
"""Distinct texts per definition, before finished runs have shown it."""

FEWEST_KNOWN = 1_000
"""How many definitions finished runs must have for their own share to be taken."""

DISK_SPREAD = 1.3
"""How many times as much disk as estimated a definition may take, or as little."""

LABELS = {
    "files": "Files to index",
    "known_files": "Already stored",
    "definitions": "Definitions",
    "texts": "Texts to encode",
    "tokens": "Tokens",
    "checkout_seconds": "Fetching, seconds",
    "definitions_seconds": "Reading, seconds",
    "embedding_seconds": "First vectors, seconds",
    "refining_seconds": "Refining, seconds",
    "disk_bytes": "Disk, bytes",
}

COMPARED = {
    "definitions": "definitions",
    "texts": "texts",
    "checkout_seconds": RunStatus.CHECKOUT,
    "definitions_seconds": RunStatus.DEFINITIONS,
    "embedding_seconds": RunStatus.EMBEDDING,
}
"""The figures of a forecast that a run shows as well → the run's own name for each."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of a forecast beside the run's. `error` is how much too high the forecast was, as a
    share of the actual value; None if that is zero."""

    name: str
    expected: float
    actual: float
    error: float | None
    is_within: bool

    @property
    def label(self) -> str:
        return LABELS[self.name]

    @property
    def percent(self) -> str | None:
        return None if self.error is None else f"{100 * self.error:+.0f}"


def forecast(
    url: str, branch: str = "", *, trusted_path: bool = False, resolve: Resolve = proxy.resolve
) -> Forecast:
    """The forecast for a repository that need not be registered, which is kept. Raises
    `ValidationError` for a refused address, and `CheckoutError` if it cannot be fetched."""
    remote = repositories.checked_remote(url, trusted_path=trusted_path)
    if branch:
        repositories.check_branch(branch, "branch")
    repository = Repository(
        name=remote.name,
        url=remote.address,
        credential=credentials.encrypt(remote.credential),
        trusted_path=trusted_path and not remote.scheme,
    )
    lease = Lease()
    with mirrors.temporary() as mirror:
        began = time.perf_counter()
        target = Branch(repository=repository, name=branch)
        tree = checkout.fetch_into(mirror, target, "refs/codeindex/forecast", lease, resolve)
        fetching = time.perf_counter() - began
        figures = _figures(tree, lease, repository, fetching)
    return Forecast.objects.create(url=remote.address, branch=branch, figures=figures)


def compare(forecast: Forecast, run: IndexRun) -> list[Compared]:
    """The figures of the forecast beside those of `run`."""
    return list(_compared(forecast.figures, run))


def run_of(forecast: Forecast) -> IndexRun | None:
    """The first published run of the address and branch, if it came after the forecast: later runs
    read only what has changed."""
    run = (
        _published()
        .filter(branch__repository__url=forecast.url, branch__name=forecast.branch)
        .first()
    )
    is_after = run and run.finished and run.created >= forecast.created
    return run if is_after else None


def forecast_of(run: IndexRun) -> Forecast | None:
    """The last forecast before `run`, which is a first one, if it has finished."""
    if not run.finished:
        return None
    return Forecast.objects.filter(
        url=run.branch.repository.url, branch=run.branch.name, created__lte=run.created
    ).first()


def first_run(repository: Repository) -> IndexRun | None:
    """The first one that was published."""
    runs = _published().select_related("branch__repository")
    return runs.filter(branch__repository=repository).first()


def _published() -> QuerySet[IndexRun]:
    return IndexRun.objects.filter(status=RunStatus.PUBLISHED).order_by("pk")


def _figures(
    tree: Tree, lease: Lease, repository: Repository, fetching: float
) -> dict[str, object]:
    sizes: dict[str, int] = {}
    selected = _select(tree, repository, sizes)
    distinct = list(unique_everseen(selected, key=lambda file: file.content))
    unread = contents.without_blob(distinct)
    files = [Sized(file, file.language.name, sizes[file.sha]) for file in unread]
    drawn = estimates.draw(files)
    probe = _read(tree, lease, list(unique_everseen(each.file for each in drawn)))
    read = dict(zip(probe.files, probe.read, strict=True))
    new = estimates.total(files, drawn, {file: len(read[file].definitions) for file in read})
    read_bytes = sum(each.size for each in files)
    known = _known_definitions(distinct)
    copies = sum(sizes[file.sha] for file in selected) / max(1, sum(sizes[f.sha] for f in distinct))
    definitions = new.plus(estimates.exactly(known)).times(estimates.exactly(copies))
    texts = new.times(_distinct_share())
    tokens = estimates.total(files, drawn, {file: _tokens(read[file]) for file in read})
    rate = rates.measure(probe)
    figures = {
        "files": estimates.exactly(len(selected)),
        "known_files": estimates.exactly(len(distinct) - len(unread)),
        "definitions": definitions,
        "texts": texts,
        "tokens": tokens.times(_distinct_share()),
        "checkout_seconds": Estimate(fetching, fetching / 2, fetching * 2),
        "definitions_seconds": rate.definitions.times(estimates.exactly(read_bytes)),
        "embedding_seconds": texts.times(rate.embedding) if rate.embedding else None,
        "refining_seconds": texts.times(rate.refining) if rate.refining else None,
        "disk_bytes": _disk(new, tree),
    }
    languages = Counter(file.language.name for file in selected)
    return {name: value and value.as_json() for name, value in figures.items()} | {
        "commit": tree.commit,
        "languages": dict(languages.most_common()),
        "sampled": len(probe.files),
        "runs": rate.runs,
    }


def _disk(definitions: Estimate, tree: Tree) -> Estimate:
    """Bytes of the index and of the mirror."""
    size, mirror = rates.bytes_per_definition(), mirrors.size(tree.mirror)
    spread = Estimate(size, size / DISK_SPREAD, size * DISK_SPREAD)
    return definitions.times(spread).plus(estimates.exactly(mirror))


def _select(tree: Tree, repository: Repository, sizes: dict[str, int]) -> list[SelectedFile]:
    """The files that would be indexed; notes the size of each content."""

    def noted() -> Iterator[Entry]:
        for entry in tree.entries():
            sizes[entry.sha] = entry.size
            yield entry

    overriding = partial(overrides.read, tree, patterns="")
    return sources.select(noted(), repository.indexed_origins, overriding).files


def _read(tree: Tree, lease: Lease, files: Sequence[SelectedFile]) -> Probe:
    """Read the files as a run does. The first one is read twice, since readers have to start."""
    answers = []
    given = [
        reader_pool.FileContent(file.path, file.language.name, content)
        for file, content in zip(files, tree.read(file.sha for file in files), strict=True)
    ]
    reader_pool.read(given[:1], lease)
    began = time.perf_counter()
    for file, answer in zip(files, reader_pool.read(given, lease), strict=True):
        answers.append(contents.as_read(file, answer))
    return Probe(files, answers, time.perf_counter() - began)


def _known_definitions(files: Sequence[SelectedFile]) -> int:
    """How many definitions the contents among these that are already stored have."""
    wanted = {file.content for file in files}
    counted = (
        Definition.objects.filter(
            blob__sha__in={file.sha for file in files}, blob__format_version=READING_VERSION
        )
        .order_by()
        .values_list("blob__sha", "blob__language")
        .annotate(count=Count("pk"))
    )
    return sum(count for sha, language, count in counted if (sha, language) in wanted)


def _tokens(blob: ReadBlob) -> float:
    lengths = (len(each.text) / CHARACTERS_PER_TOKEN for each in blob.definitions)
    return sum(min(LONGEST_READ, length) for length in lengths)


def _distinct_share() -> Estimate:
    """Distinct texts per definition, as the last finished runs have shown."""
    runs = IndexRun.objects.filter(status=RunStatus.PUBLISHED).exclude(finished=None)
    last = list(runs.values_list("definitions", "texts")[: rates.RUNS])
    definitions, texts = sum(each for each, _ in last), sum(each for _, each in last)
    if definitions < FEWEST_KNOWN:
        return DISTINCT
    return Estimate(texts / definitions, min(texts / definitions, DISTINCT.low), DISTINCT.high)


def _compared(figures: Mapping[str, object], run: IndexRun) -> Iterator[Compared]:
    for name, source in COMPARED.items():
        given = figures.get(name)
        if not isinstance(given, list):
            continue
        expected, low, high = given
        actual = run.timings.get(source) if name.endswith("_seconds") else getattr(run, source)
        if actual is not None:
            error = (expected - actual) / actual if actual else None
            yield Compared(name, expected, actual, error, low <= actual <= high)
