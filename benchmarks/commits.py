"""The measurements of `python -m benchmarks.incremental`, which sets up Django."""

from __future__ import annotations

import json
import statistics
import tempfile
from argparse import Namespace
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from benchmarks.moving_clone import MovingClone
from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pipeline
from codeindex.local_services import ensure_services
from codeindex.models import Embedding, Repository
from codeindex.spaces import encoders, lifecycle

BRANCH = "followed"
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run: `seconds` from its start until no vector is missing, and of each stage; the files
    that changed, and the texts that were encoded."""

    what: str
    commit: str
    seconds: float
    stages: dict[str, float]
    files: int
    definitions: int
    encoded: int


def measure(options: Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, ensure_services():
        call_command("migrate", verbosity=0, interactive=False)
        encoders.cached(encoders.preferred_source()).encode(["def warm(): pass"])
        clone = MovingClone(Path(folder) / "clone", options.repository.resolve())
        costs = list(_costs(clone, options.commits))
    full, *commits = [cost for cost in costs if cost.what in ("full", "commit")]
    median = statistics.median(cost.seconds for cost in commits)
    print(
        f"median of {len(commits)} commits: {median:.2f} s,"
        f" {median / full.seconds:.2%} of the full run"
    )
    if options.record:
        with options.record.open("a") as file:
            file.writelines(json.dumps(asdict(cost)) + "\n" for cost in costs)


def _costs(clone: MovingClone, commits: int) -> Iterator[Cost]:
    owner = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("admin")
    history = clone.history(commits)
    clone.point(BRANCH, history[0])
    repository = _registered(clone, owner, "followed")
    full = yield from _print(_run("full", repository), None)
    _build_indexes()
    for commit in history[1:]:
        clone.point(BRANCH, commit)
        yield from _print(_run("commit", repository), full)
    clone.rename(BRANCH)
    yield from _print(_run("renamed folders", repository), full)
    clone.point("second", BRANCH)
    yield from _print(_run("second branch", repository, "second"), full)
    yield from _print(_run("fork", _registered(clone, owner, "fork")), full)


def _print(cost: Cost, full: Cost | None) -> Generator[Cost, None, Cost]:
    share = f"{cost.seconds / full.seconds:7.2%}" if full else " " * 7
    stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in cost.stages.items())
    print(
        f"{cost.what:16} {cost.commit[:10]} {cost.seconds:7.2f} s {share} ({stages}),"
        f" {cost.files:,} files changed, {cost.encoded:,} texts encoded,"
        f" {cost.definitions:,} definitions",
        flush=True,
    )
    yield cost
    return cost


def _registered(clone: MovingClone, owner: User, name: str) -> Repository:
    return repositories.register(
        url=str(clone.path), owner=owner, by=None, name=name, branch=BRANCH, trusted_path=True
    )


def _run(what: str, repository: Repository, branch: str | None = None) -> Cost:
    """Does what the workers do for a run, reading and encoding at the same time."""
    run = tasks.request_index(repository=repository, branch=branch, by=None)
    vectors = Embedding.objects.count()
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(_read, run.pk)
        while not reading.done():
            _embed()
            wait([reading], POLL_SECONDS)
        reading.result()
    _embed()
    run.refresh_from_db()
    if not run.finished or run.error:
        raise RuntimeError(f"{run} did not finish: {run.error}")
    assert run.started
    return Cost(
        what=what,
        commit=run.commit,
        seconds=(run.finished - run.started).total_seconds(),
        stages=run.timings,
        files=run.files - run.files_reused,
        definitions=run.definitions,
        encoded=Embedding.objects.count() - vectors,
    )


def _read(run: int) -> None:
    try:
        pipeline.index(run)
    finally:
        connection.close()


def _embed() -> None:
    limit: int | None = embedding.FIRST_BATCH
    while limit:
        limit = tasks.embed_batch(limit, lambda: None)


def _build_indexes() -> None:
    for space in lifecycle.needing_index():
        lifecycle.build_index(space)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
