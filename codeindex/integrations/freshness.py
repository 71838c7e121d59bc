"""Notices by itself that a branch has moved on at its host, and has it indexed.

The sweep claims the branches whose time has come, by a lease on their `Upstream`, and asks their
hosts with `git ls-remote`. A branch whose commit is not the one that is searched gets an index run.
A push webhook only makes a branch due.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from codeindex import leases
from codeindex.ingestion import branches
from codeindex.ingestion.cloning import heads, remotes
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.heads import Heads, Ref
from codeindex.integrations.errors import INTERNAL_ERROR
from codeindex.leases import Lease, LostLease
from codeindex.models import UNPUBLISHED, Branch, IndexRun, Repository, RunStatus, Upstream
from codeindex.models.freshness import FIRST_RETRY

AT_ONCE = 8
"""Hosts that a process asks at once."""

BATCH = 32
"""Branches that are asked for by one task."""

BATCHES_AT_ONCE = 2
"""A batch may wait for slow hosts, and must not keep all processes from other work."""

OF_ONE_HOST = 24
"""Of these, how many may be of one host: one that does not answer must not hold up the others."""

LOOKED_AT = 1_000
"""Rows that a step of the sweep looks at."""

JITTER = 0.1
"""By which share of its length an interval is shortened or extended."""

LONGEST_PAUSE = timedelta(days=1)
"""Between two questions to a host that fails, unless the schedule says less often."""

REPEATED = 5
"""How often a question is repeated to a host that fails, if the schedule is off."""

RUNS_FOR_A_HEAD = 6
"""How often a commit that cannot be indexed is tried, after ever twice as long."""

Ask = Callable[[Branch, Lease, float], Heads]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host said of a branch: its commit, or why it did not say; and which branches and tags
    match the patterns of its repository, if it was asked for them."""

    upstream: Upstream
    head: str = ""
    error: str = ""
    matching: Sequence[Ref] | None = None


@dataclass(frozen=True, slots=True)
class BranchState:
    """How fresh the index of a branch is: what is searched, since when, and what its host had when
    it was last asked. `behind`: the host has another commit."""

    name: str
    is_tag: bool
    commit: str
    published: datetime | None
    head: str
    asked: datetime | None
    error: str

    @property
    def behind(self) -> bool:
        return bool(self.commit and self.head and self.head != self.commit)


def enroll() -> None:
    """Begin to ask for branches that are new, or whose schedule has been switched on. The first
    questions are spread over the interval, so that no host gets all of them at once."""
    new = Branch.objects.filter(upstream=None, by_pattern=False).annotate(
        minutes=_minutes("repository")
    )
    Upstream.objects.bulk_create(
        (
            Upstream(branch_id=pk, due=_spread(minutes))
            for pk, minutes in new.values_list("pk", "minutes")[:LOOKED_AT]
        ),
        ignore_conflicts=True,
    )
    named = Upstream.objects.filter(branch__by_pattern=False)
    idle = named.annotate(minutes=_minutes("branch__repository"))
    switched_on = list(idle.filter(due=None, minutes__gt=0)[:LOOKED_AT])
    for upstream in switched_on:
        upstream.due = _spread(upstream.minutes)  # type: ignore[attr-defined]  # annotated
    Upstream.objects.filter(due=None).bulk_update(switched_on, ["due"])


def ask_soon(rows: QuerySet[Branch]) -> int:
    """Ask the hosts of these branches next; returns how many there are. Those that match patterns
    are asked for together with the first branch of their repository."""
    of_patterns = Repository.objects.filter(branches__in=rows.filter(by_pattern=True))
    first = (
        Branch.objects.filter(repository__in=of_patterns, by_pattern=False)
        .order_by("repository", "pk")
        .distinct("repository")
    )
    named = rows.filter(by_pattern=False)
    pks = list({*named.values_list("pk", flat=True), *first.values_list("pk", flat=True)})
    Upstream.objects.bulk_create((Upstream(branch_id=pk) for pk in pks), ignore_conflicts=True)
    return leases.update(Upstream.objects.filter(branch__in=pks), due=Now())


def is_due() -> bool:
    return _due().exists() and not _is_busy()


def check_due(ask: Ask = heads.ask) -> bool:
    """Ask for the branches of one batch; whether there were any. While others ask for as many
    batches as may be at once, there are none."""
    lease = uuid.uuid4()
    claimed = _claim(lease)
    if claimed:
        held = Upstream.objects.filter(lease=lease)
        with leases.holding(held) as renewed:
            for answer in _record(held, list(_answers(claimed, ask, renewed))):
                if answer.matching is not None:
                    renewed.note()
                    branches.follow(answer.upstream.branch.repository, answer.matching)
    return bool(claimed)


@transaction.atomic
def branches_to_index() -> list[Branch]:
    """Branches whose host has another commit than the one that is searched, that have no run in
    progress, and whose last one nobody has cancelled; each is then left alone for a while."""
    runs = IndexRun.objects.filter(branch=OuterRef("branch"))
    given_up = runs.filter(status=RunStatus.CANCELLED, finished__gte=OuterRef("moved"))
    behind = (
        Upstream.objects.filter(Q(run_due=None) | Q(run_due__lte=Now()), runs__lt=RUNS_FOR_A_HEAD)
        .exclude(head="")
        .exclude(branch__repository__paused=True)
        .exclude(branch__live_run__commit=F("head"))
        .exclude(Exists(runs.filter(status__in=UNPUBLISHED)))
        .exclude(Exists(given_up))
    )
    chosen = list(behind.select_for_update(skip_locked=True, of=("self",))[:LOOKED_AT])
    for upstream in chosen:
        upstream.run_due = timezone.now() + FIRST_RETRY * (1 << upstream.runs)
        upstream.runs += 1
    Upstream.objects.bulk_update(chosen, ["run_due", "runs"])
    return list(Branch.objects.filter(upstream__in=chosen).select_related("repository"))


def states(repositories: Iterable[Repository]) -> dict[int, list[BranchState]]:
    """The state of each branch, by repository."""
    rows = (
        Branch.objects.filter(repository__in=list(repositories))
        .order_by("pk")
        .values_list(
            "repository_id",
            "name",
            "is_tag",
            "live_run__commit",
            "live_run__published",
            "upstream__head",
            "upstream__asked",
            "upstream__error",
        )
    )
    found: dict[int, list[BranchState]] = {}
    for repository, name, is_tag, commit, published, head, asked, error in rows:
        state = BranchState(name, is_tag, commit or "", published, head or "", asked, error or "")
        found.setdefault(repository, []).append(state)
    return found


def minutes_between_questions(repository: Repository) -> int:
    """By its own schedule or the installation's; 0: never."""
    own = repository.check_minutes
    return settings.CODEINDEX_CHECK_MINUTES if own is None else own


def _minutes(repository: str) -> Coalesce:
    """The minutes between two questions, of the repository that this relation leads to."""
    return Coalesce(f"{repository}__check_minutes", settings.CODEINDEX_CHECK_MINUTES)


def _spread(minutes: int) -> datetime | None:
    """A time within the next interval; None if there is no next one."""
    return timezone.now() + random.random() * timedelta(minutes=minutes) if minutes else None  # noqa: S311


def _due() -> QuerySet[Upstream]:
    return Upstream.objects.filter(leases.FREE, due__lte=Now())


def _is_busy() -> bool:
    held = Upstream.objects.exclude(leases.FREE)
    return held.values("lease").distinct().count() >= BATCHES_AT_ONCE


@transaction.atomic
def _claim(lease: uuid.UUID) -> list[Upstream]:
    """The branches that have waited longest, leased to us."""
    if _is_busy():
        return []
    waiting = _due().order_by("due").values_list("pk", "branch__repository__url")[:LOOKED_AT]
    chosen = list(_shared(waiting))
    leases.take(_due().filter(pk__in=chosen), lease)
    return list(
        Upstream.objects.filter(lease=lease)
        .annotate(minutes=_minutes("branch__repository"))
        .select_related("branch__repository")
    )


def _shared(waiting: Iterable[tuple[int, str]]) -> Iterator[int]:
    """The ids of one batch, of which no host has more than its share."""
    of_host: Counter[str] = Counter()
    for pk, url in waiting:
        host = _host(url)
        if of_host.total() < BATCH and (not host or of_host[host] < OF_ONE_HOST):
            of_host[host] += 1
            yield pk


def _host(url: str) -> str:
    """Empty for a path of this machine, and for an address that is no longer valid."""
    try:
        return remotes.parse(url, trusted_path=True).host
    except remotes.RefusedRemote:
        return ""


def _answers(upstreams: Collection[Upstream], ask: Ask, lease: Lease) -> Iterator[Answer]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = {pool.submit(ask, each.branch, lease, _seconds()): each for each in upstreams}
        for answer in as_completed(asked):
            lease.note()
            try:
                told = answer.result()
                yield Answer(asked[answer], told.commit, matching=told.matching)
            except CheckoutError as error:
                yield Answer(asked[answer], error=str(error))
            except LostLease:
                continue  # the repository was removed meanwhile, or somebody else asks
            except Exception:
                logger.exception("%s could not be asked for.", asked[answer].branch)
                yield Answer(asked[answer], error=INTERNAL_ERROR)


def _seconds() -> float:
    return float(settings.CODEINDEX_CHECK_SECONDS)


@transaction.atomic
def _record(held: QuerySet[Upstream], answers: Iterable[Answer]) -> list[Answer]:
    """Write the answers on the rows that are still held; returns these."""
    now = timezone.now()
    told = {answer.upstream.pk: answer for answer in answers}
    rows = list(held.select_for_update().filter(pk__in=told).order_by("pk"))
    for row in rows:
        answer = told[row.pk]
        if answer.error:
            row.error, row.failures = answer.error, row.failures + 1
        else:
            row.note(answer.head, now)
        if row.due == answer.upstream.due:  # otherwise a push has made it due meanwhile
            row.due = _next(answer.upstream.minutes, row.failures)  # type: ignore[attr-defined]
    Upstream.objects.bulk_update(rows, [*Upstream.NOTED, "due"])
    return [told[row.pk] for row in rows]


def _next(minutes: int, failures: int) -> datetime | None:
    """When a branch is asked for again. If its schedule is off, that is never; but a question that
    something else asked for is repeated a few times."""
    if not minutes and not 0 < failures <= REPEATED:
        return None
    interval = timedelta(minutes=minutes or 1)
    pause = min(interval * (1 << min(failures, 16)), max(interval, LONGEST_PAUSE))
    return timezone.now() + random.uniform(1 - JITTER, 1 + JITTER) * pause  # noqa: S311
