"""Repositories: registered, published, removed; and what can be told of their index runs.

State moves by conditional update, so that of two workers, or of a worker and a user who cancels,
one wins and the other finds nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from codeindex import credentials, leases, locks
from codeindex.ingestion import store, word_counts
from codeindex.ingestion.cloning import remotes
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.models import (
    ATTEMPTS,
    UNPUBLISHED,
    UNREAD,
    Branch,
    IndexRun,
    Repository,
    RunStatus,
    SourceFile,
    Visibility,
)


@transaction.atomic
def register(
    *,
    url: str,
    owner: User,
    name: str = "",
    branch: str = "",
    visibility: str = Visibility.PRIVATE,
    teams: Iterable[Group] = (),
    deploy_key: str = "",
    trusted_path: bool = False,
) -> Repository:
    """A repository of `owner`, and the branch of it to index. A credential in the URL is taken
    out and kept encrypted, and so is the deploy key. `trusted_path`: whoever asks may read local
    paths anyway.

    Raises `ValidationError` by field.
    """
    _check_room(owner)
    try:
        remote = remotes.parse(url.strip(), trusted_path=trusted_path)
    except remotes.RefusedRemote as refusal:
        raise ValidationError({"url": [str(refusal)]}) from refusal
    if branch and not remotes.is_branch_name(branch):
        raise ValidationError({"branch": [f"git allows no branch of the name {branch!r}."]})
    repository = Repository(
        owner=owner,
        name=name.strip() or remote.name,
        url=remote.address,
        credential=credentials.encrypt(remote.credential),
        deploy_key=_checked_key(deploy_key, remote),
        trusted_path=trusted_path and not remote.scheme,
        visibility=visibility,
    )
    repository.full_clean()
    try:
        with transaction.atomic():
            repository.save()
    except IntegrityError:
        repository.validate_constraints()  # says so if another request has just taken the name
        raise
    repository.teams.set(teams)
    Branch.objects.create(repository=repository, name=branch)
    return repository


def give_deploy_key(repository: Repository, deploy_key: str) -> None:
    """Have the repository fetched with another key from now on. Raises `ValidationError`."""
    remote = remotes.parse(repository.url, trusted_path=repository.trusted_path)
    key = _checked_key(deploy_key, remote)
    Repository.objects.filter(pk=repository.pk).update(deploy_key=key)


def _checked_key(deploy_key: str, remote: Remote) -> str:
    """A deploy key as it is stored."""
    if not deploy_key.strip():
        return ""
    if remote.scheme != "ssh":
        raise ValidationError({"deploy_key": ["A deploy key is for ssh addresses alone."]})
    try:
        return credentials.encrypt(credentials.deploy_key(deploy_key))
    except ValueError as error:
        raise ValidationError({"deploy_key": [str(error)]}) from error


def _check_room(owner: User) -> None:
    """Raises `ValidationError` if `owner` has as many repositories as a user may have. The owner's
    row is locked, so that several registrations at once do not pass together."""
    if owner.is_superuser:
        return
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    limit = settings.CODEINDEX_REPOSITORIES_PER_USER
    if owner.repositories.count() >= limit:
        raise ValidationError(
            {
                NON_FIELD_ERRORS: [
                    f"You have {limit:,} repositories, which is the most that a user may have. "
                    "Remove one, or ask your administrator for more."
                ]
            }
        )


@transaction.atomic
def remove(repository: Repository) -> None:
    """Unregister: nothing of it is found from now on. A run of it stops at its next write, texts
    that only it holds are encoded no further, and they are forgotten after the grace period."""
    list(Repository.objects.select_for_update().filter(pk=repository.pk))  # no new run meanwhile
    runs = IndexRun.objects.filter(branch__repository=repository)
    list(runs.select_for_update())  # a worker that writes for one of them finishes its batch first
    store.drop(SourceFile.objects.filter(branch__repository=repository))
    repository.delete()


def advance(run: IndexRun) -> None:
    """All definitions of `run` are stored. A branch's first run is published at once, so that
    words find it while its vectors come; a later one takes over when nothing is missing."""
    embedding = IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNPUBLISHED).update(
        status=RunStatus.EMBEDDING, stage_started=Now(), lease=None, leased_until=None
    )
    if embedding and run.branch.live_run_id is None:
        publish(run)
    run.refresh_from_db()
    if run.texts_known <= run.texts_reused:
        settle(run)
    # Else other repositories hold texts of it. It ends after the next batch or sweep, as if they
    # were new: who indexes a guess is not told at once that somebody has it.


def settle(run: IndexRun) -> None:
    """Count what of the run has a vector, and publish and finish it once nothing is missing.
    Nothing happens to a run that was removed meanwhile."""
    ready, failed = store.count_embedded(run)
    try:
        run.refresh_from_db()
        IndexRun.objects.filter(pk=run.pk).update(**_told(run, ready, failed))
        run.refresh_from_db()
    except IndexRun.DoesNotExist:
        return
    if ready + failed < run.texts or run.finished:
        return
    if run.status == RunStatus.EMBEDDING:
        publish(run)
    embedded = (timezone.now() - run.stage_started).total_seconds()
    run.timings[RunStatus.EMBEDDING] = round(embedded, 3)
    IndexRun.objects.filter(pk=run.pk, status=RunStatus.PUBLISHED, finished=None).update(
        finished=Now(), timings=run.timings
    )


def _told(run: IndexRun, ready: int, failed: int) -> dict[str, int]:
    """What a run says of its texts. Those that only other repositories hold are not told of as
    ready from the beginning, but in step with the texts that are encoded for it."""
    done, missing = ready + failed, run.texts - run.texts_known
    if done < run.texts and missing > 0:
        share = max(0, done - run.texts_known) / missing
        done = run.texts_reused + int(share * (run.texts - run.texts_reused))
    failed = min(failed, max(0, done - run.texts_reused))
    return {"texts_ready": done - failed, "texts_failed": failed}


def unfinished() -> QuerySet[IndexRun]:
    """The runs whose definitions are stored and which wait for vectors."""
    return IndexRun.objects.filter(
        finished=None, status__in=(RunStatus.EMBEDDING, RunStatus.PUBLISHED)
    )


def settle_all() -> None:
    for run in unfinished():
        settle(run)


class Settling:
    """Settles all runs again and again, as work goes on, and spends no more than a COUNTING of the
    time with it: to count takes a second where there are some 100,000 texts."""

    COUNTING = 0.05

    def __init__(self) -> None:
        self._not_before = 0.0

    def __call__(self) -> None:
        began = time.monotonic()
        if began >= self._not_before:
            settle_all()
            ended = time.monotonic()
            self._not_before = ended + (ended - began) / self.COUNTING


settle_in_passing = Settling()


def complain(error: str) -> None:
    """Say on every run that waits for vectors why none come; "" takes it back."""
    unfinished().exclude(error=error).update(error=error)


@transaction.atomic
def publish(run: IndexRun) -> bool:
    """Make the run's commit what is searchable of its branch, in one step; False if it was
    published or given up before, or lacks vectors in a space that has just become active while
    something of the branch is searchable. Earlier runs of it have nothing left to wait for."""
    locks.publishing()
    if Branch.objects.filter(pk=run.branch_id, live_run__isnull=False).exists():
        ready, failed = store.count_embedded(run)
        if ready + failed < run.texts:
            return False
    waiting = IndexRun.objects.filter(pk=run.pk, status=RunStatus.EMBEDDING)
    if not waiting.update(status=RunStatus.PUBLISHED, published=Now()):
        return False
    word_counts.follow(run)
    SourceFile.objects.filter(until_run=run).update(live=False)
    SourceFile.objects.filter(from_run=run, until_run=None).update(live=True)
    Branch.objects.filter(pk=run.branch_id).update(live_run=run)
    IndexRun.objects.filter(
        branch=run.branch_id, status=RunStatus.PUBLISHED, finished=None, pk__lt=run.pk
    ).update(finished=Now())
    return True


def fail(run: IndexRun, error: str) -> bool:
    """Record why the run ended; what was searchable stays so. False if it was no longer held."""
    return _give_up(run, RunStatus.FAILED, error, lease=run.lease)


def fail_deadly_runs() -> None:
    """End the runs that were interrupted `ATTEMPTS` times, most likely because a worker crashed."""
    for run in IndexRun.objects.filter(leases.FREE, status__in=UNREAD, attempts__gte=ATTEMPTS):
        fail(
            run,
            f"Indexing was interrupted {ATTEMPTS} times, so it is not tried again. Start it again,"
            " or ask your administrator to look into the workers' log.",
        )


def hand_back(run: IndexRun) -> None:
    """Let another worker take the run up: the one that held it was told to stop, and did not die
    of it."""
    IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNREAD).update(
        lease=None, leased_until=None, attempts=F("attempts") - 1
    )


def cancel(run: IndexRun) -> bool:
    """End a run that is not published; False if it had ended, or is searchable already. Texts that
    only it holds are encoded no further."""
    return _give_up(run, RunStatus.CANCELLED, "")


@transaction.atomic
def _give_up(run: IndexRun, status: RunStatus, error: str, **holder: object) -> bool:
    ended = IndexRun.objects.filter(pk=run.pk, status__in=UNPUBLISHED, **holder).update(
        status=status, error=error, finished=Now(), lease=None, leased_until=None
    )
    if ended:
        store.discard(run)
    return bool(ended)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `done` of `total` are of the present stage, in `unit`s, and so are
    `percent` and `rate`, in units a second; both are None while they cannot be known."""

    stage: RunStatus
    label: str
    unit: str
    done: int
    total: int
    files: int
    files_read: int
    definitions: int
    texts: int
    texts_ready: int
    texts_failed: int
    texts_reused: int
    percent: int | None
    rate: float | None
    seconds_left: int | None
    finished: bool
    error: str


def progress(run: IndexRun) -> Progress:
    """What the run's row says now; a caller that watches reads the row anew."""
    stage = RunStatus(run.status)
    if stage == RunStatus.PUBLISHED and not run.finished:
        stage = RunStatus.EMBEDDING
    unit, done, total, reused = {
        RunStatus.DEFINITIONS: ("files", run.files_read, run.files, run.files_reused),
        RunStatus.EMBEDDING: (
            "texts",
            run.texts_ready + run.texts_failed,
            run.texts,
            run.texts_reused,
        ),
    }.get(stage, ("", int(stage == RunStatus.PUBLISHED), 1, 0))
    rate = _rate(run, done - reused)
    return Progress(
        stage=stage,
        label=stage.label,
        unit=unit,
        done=done,
        total=total,
        files=run.files,
        files_read=run.files_read,
        definitions=run.definitions,
        texts=run.texts,
        texts_ready=run.texts_ready,
        texts_failed=run.texts_failed,
        texts_reused=run.texts_reused,
        percent=100 * done // total if unit and total else (100 if done else None),
        rate=rate,
        seconds_left=round((total - done) / rate) if rate else None,
        finished=run.finished is not None,
        error=run.error,
    )


def _rate(run: IndexRun, done: int) -> float | None:
    """Units a second since the stage began, what was there before left out."""
    if run.finished or not run.stage_started or done <= 0:
        return None
    seconds = (timezone.now() - run.stage_started).total_seconds()
    return done / seconds if seconds > 0 else None
