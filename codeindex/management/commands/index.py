"""`manage.py index URL_OR_PATH`: registers and indexes a repository, with a progress bar."""

from __future__ import annotations

import logging
import time
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.template.defaultfilters import pluralize
from kombu.exceptions import OperationalError
from tqdm import tqdm

from codeindex import repositories, repository_settings, tasks
from codeindex.celery import app
from codeindex.ingestion import embedding, pipeline, runs
from codeindex.ingestion.cloning import remotes
from codeindex.ingestion.progress import Progress, measure
from codeindex.local_services import ensure_services
from codeindex.local_services.state import CannotStart
from codeindex.management import base
from codeindex.models import IndexRun, Repository, RunStatus
from codeindex.spaces import lifecycle, refining
from embeddings.files.origins import Origin

WORKER_ANSWER_SECONDS = 1.5
POLL_SECONDS = 0.5

logger = logging.getLogger(__name__)


class Command(base.Command):
    help = "Index a git repository, given by its clone URL or a local path."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", metavar="URL_OR_PATH")
        parser.add_argument("--name", default="", help="defaults to the last part of the address")
        parser.add_argument("--branch", default="", help="defaults to the remote's default branch")
        parser.add_argument(
            "--branches",
            metavar="PATTERN",
            action="append",
            help="index branches that match, such as 'release/*', now and later; may be repeated",
        )
        parser.add_argument(
            "--tags",
            metavar="PATTERN",
            action="append",
            help="index tags that match, such as 'v[0-9]*', now and later; may be repeated",
        )
        parser.add_argument(
            "--newest",
            type=int,
            metavar="N",
            help="how many branches, and how many tags, that match are indexed",
        )
        parser.add_argument("--owner", help="defaults to the first administrator")
        parser.add_argument(
            "--deploy-key",
            metavar="FILE",
            help="a private key for an ssh address; stored encrypted",
        )
        for origin in Origin:
            parser.add_argument(
                f"--{origin}",
                action=BooleanOptionalAction,
                help=f"index {origin} code, now and later",
            )
        parser.add_argument(
            "--leave-out",
            metavar="PATTERN",
            action="append",
            help="files to leave out, now and later, as in a .gitignore; may be repeated",
        )
        parser.add_argument(
            "--detach",
            action="store_true",
            help="return at once instead of waiting for the workers",
        )

    def handle(self, *, address: str, detach: bool, **options: Any) -> None:
        try:
            with ensure_services() as are_started:
                if are_started and not detach:
                    # Takes seconds, and so does the migration of a new database.
                    Thread(target=import_module, args=("embeddings.encoder",), daemon=True).start()
                call_command("migrate", verbosity=0, interactive=False)
                run = self._request(address, **options)
                if detach:
                    return self._detach(run)
                self._finish(run, is_alone=are_started)
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def _request(
        self,
        address: str,
        *,
        name: str,
        branch: str,
        owner: str | None,
        deploy_key: str | None,
        leave_out: list[str] | None,
        branches: list[str] | None,
        tags: list[str] | None,
        newest: int | None,
        **switches: Any,
    ) -> IndexRun:
        user = _owner(owner)
        key = _read_key(deploy_key)
        with _as_command_error():
            repository = _registered(address, user, name)
            if repository is None:
                repository = repositories.register(
                    url=address, owner=user, by=None, name=name, branch=branch, deploy_key=key,
                    trusted_path=True,
                )  # fmt: skip
            elif key:
                repository_settings.change(repository, {"deploy_key": key}, by=None)
            if matching := _matching(repository, branches, tags, newest):
                repository_settings.change(repository, matching, by=None)
            if rules := _rules(leave_out, switches):
                repository_settings.change_rules(repository, rules, by=None)
        return tasks.request_index(repository=repository, branch=branch or None, by=user)

    def _detach(self, run: IndexRun) -> None:
        self.stdout.write(f"{run} is queued.")
        if not _worker_answers():
            self.stdout.write("No worker is running. The run starts when one does (make run).")

    def _finish(self, run: IndexRun, *, is_alone: bool) -> None:
        work = None
        if is_alone or not _worker_answers():
            self.stdout.write("No worker is running. Indexing in this process.")
            work = Thread(target=_work_here, args=(run.pk,), daemon=True)
            work.start()
        run = _watch(run, lambda: work is None or work.is_alive())
        self._summarise(run)
        if work is not None and work.is_alive():
            self.stdout.write("Building the vector index …")
            work.join()

    def _summarise(self, run: IndexRun) -> None:
        if run.status != RunStatus.PUBLISHED:
            raise CommandError(f"{run}: {run.get_status_display()}. {run.error}")
        self.stdout.write(
            f"{run.branch.repository} at {run.commit[:12]}: {_count(run.definitions, 'definition')}"
            f" in {_count(run.files, 'file')}, {run.files_reused:,} of them reused"
        )
        # JSON of Postgres keeps no order
        for stage in filter(run.timings.__contains__, RunStatus.values):
            seconds = run.timings[stage]
            self.stdout.write(f"  {stage:<12}{seconds:>8.1f} s  {_work_of(run, stage, seconds)}")
        if not run.definitions:
            self.stdout.write("This commit contains nothing to index.")
        if run.files_broken:
            self.stdout.write(
                f"  {_count(run.files_broken, 'file')} with syntax errors; definitions near them"
                " may be incomplete"
            )
        if run.files_stray:
            self.stdout.write(f"  {_count(run.files_stray, 'file')} with bytes that are not UTF-8")
        for notice in run.notices:
            self.stdout.write(f"  {notice}")
        for reason, skipped in run.skips.items():
            self.stdout.write(f"  {_count(skipped['count'], 'file')} skipped: {reason}")
        if refining.active_percent() is not None:
            self.stdout.write(
                "It is searchable by meaning. The workers refine its draft vectors (make run)."
            )
        if run.error:
            raise CommandError(run.error)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{pluralize(number)}"


def _work_of(run: IndexRun, stage: str, seconds: float) -> str:
    """Amount and rate of a stage's work."""
    if stage == RunStatus.DEFINITIONS:
        return (
            f"{_count(run.definitions, 'definition')}, {run.definitions / seconds:,.0f} per second"
        )
    if stage == RunStatus.EMBEDDING:
        encoded = run.texts_ready - run.texts_reused
        return (
            f"{_count(encoded, 'text')}, {encoded / max(seconds, 1e-3):,.1f} per second;"
            f" {run.texts_reused:,} reused, {run.texts_failed:,} failed"
        )
    return ""


def _owner(username: str | None) -> User:
    if username:
        try:
            return User.objects.get(username=username)
        except User.DoesNotExist as error:
            raise CommandError(f"User {username} does not exist.") from error
    administrator = User.objects.filter(is_superuser=True).order_by("pk").first()
    # Has no usable password: `make run` sets one for the first administrator and prints it.
    return administrator or User.objects.create_superuser("admin")


def _registered(address: str, owner: User, name: str) -> Repository | None:
    """The owner's repository with this address and name, if it exists already."""
    try:
        url = remotes.parse(address, trusted_path=True).address
    except remotes.RefusedRemote:
        return None  # registering reports why
    mine = Repository.objects.filter(owner=owner, url=url)
    return (mine.filter(name=name) if name else mine).first()


def _matching(
    repository: Repository, branches: list[str] | None, tags: list[str] | None, newest: int | None
) -> dict[str, Any]:
    """The settings that the options for patterns change."""
    named = repository.branches.filter(by_pattern=False).order_by("pk")
    names = list(named.values_list("name", flat=True))
    given = {
        "branches": None if branches is None else [*names, *branches],
        "tags": tags,
        "newest": newest,
    }
    return {name: value for name, value in given.items() if value is not None}


def _rules(leave_out: list[str] | None, switches: dict[str, Any]) -> dict[str, bool | str]:
    """The fields of `Repository.RULES` that the options change."""
    given = {f"index_{origin}": switches[origin] for origin in Origin}
    rules: dict[str, bool | str] = {name: on for name, on in given.items() if on is not None}
    return rules | ({} if leave_out is None else {"ignore_patterns": "\n".join(leave_out)})


@contextmanager
def _as_command_error() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _read_key(file: str | None) -> str:
    try:
        return Path(file).read_text(encoding="ascii") if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError("The deploy key file cannot be read.") from error


def _worker_answers() -> bool:
    try:
        return bool(app.control.ping(timeout=WORKER_ANSWER_SECONDS))
    except OperationalError:
        return False


def _work_here(run_id: int) -> None:
    """Does the work of the workers in this process: a thread reads, and meanwhile what is read is
    encoded."""
    try:
        runs.fail_interrupted()
        with ThreadPoolExecutor(1) as beside:
            reading = beside.submit(_read, run_id)
            with suppress(Exception):  # whatever fails here fails below, where the run shows it
                while not reading.done():
                    _embed()
                    wait([reading], POLL_SECONDS)
        if reading.result():
            _embed()
            for space in lifecycle.needing_index():
                lifecycle.build_index(space)
    except Exception:
        logger.exception("indexing failed")  # the run holds the reason, which the summary prints
    finally:
        connection.close()


def _read(run_id: int) -> bool:
    try:
        return pipeline.index(run_id)
    finally:
        connection.close()


def _embed() -> None:
    limit: int | None = embedding.FIRST_BATCH
    while limit:
        limit = tasks.embed_batch(limit)


def _watch(run: IndexRun, is_worked_on: Callable[[], bool]) -> IndexRun:
    """Shows a progress bar for each stage. Returns the run when it has ended or nobody works on
    it."""
    with ExitStack() as stack:
        stage, bar = None, None
        while True:
            is_in_progress = is_worked_on()
            run.refresh_from_db()
            progress = measure(run)
            if progress.stage != stage:
                stack.close()
                stage = progress.stage
                bar = stack.enter_context(_progress_bar(progress))
            assert bar is not None
            bar.total = progress.total or None
            bar.n = progress.done
            bar.refresh()
            if progress.finished or not is_in_progress:
                return run
            time.sleep(POLL_SECONDS)


def _progress_bar(progress: Progress) -> tqdm[Any]:
    """A bar for one stage; hidden unless the output is a terminal."""
    return tqdm(desc=progress.label, initial=progress.done, unit=" " + progress.unit, disable=None)
