"""Records the commits of a run: the one that is indexed, and those that changed definitions last.

The latter need more than the newest commit, which a setting asks for. Only files that changed
within the history that was fetched are examined, and each only once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from itertools import takewhile
from operator import attrgetter

from django.conf import settings
from django.db import transaction
from more_itertools import chunked, map_reduce

from codeindex.ingestion import store
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Tree
from codeindex.ingestion.commits import blame, log
from codeindex.ingestion.commits.log import CommitInfo
from codeindex.models import Commit, Definition, DefinitionChange, IndexRun, SourceFile
from embeddings.code import languages
from embeddings.code.languages import Document

SECONDS = 300
"""For all files of a run; what is left waits for the next run."""

FILES_AT_ONCE = 50

Lines = Mapping[int, str]
"""The number of a line → its commit."""

logger = logging.getLogger(__name__)


def record_head(run: IndexRun, tree: Tree) -> None:
    """Who made the commit that is indexed, and what for."""
    try:
        _save_commits(run, log.commits(tree, [tree.commit]))
    except CheckoutError as error:
        logger.warning("%s: what its commit says cannot be read: %s", run, error)


def record_changes(run: IndexRun, tree: Tree) -> None:
    """The last commits that changed the definitions in the run's new files."""
    if settings.CODEINDEX_HISTORY_COMMITS < 2:
        return
    try:
        _record_changes(run, tree)
    except CheckoutError as error:
        logger.warning("%s: its history cannot be read: %s", run, error)


def _record_changes(run: IndexRun, tree: Tree) -> None:
    oldest = frozenset(log.oldest_fetched(tree))
    changed = [path.decode() for path in log.changed_paths(tree, oldest) if _is_text(path)]
    files = SourceFile.objects.of_run(run).filter(path__in=changed, changes=None)
    deadline = time.monotonic() + SECONDS
    in_time = takewhile(
        lambda _: time.monotonic() < deadline, files.select_related("blob").order_by("pk")
    )
    for part in chunked(filter(_has_own_lines, in_time), FILES_AT_ONCE):
        _save_changes(run, tree, {file: _lines(tree, file) for file in part}, oldest)


def _lines(tree: Tree, file: SourceFile) -> Lines:
    """None for a file that takes too long: it must not keep later files from being examined."""
    try:
        return blame.commits_of_lines(tree, file.path)
    except CheckoutError as error:
        logger.warning("%s: the history of %r cannot be read: %s", tree.commit, file.path, error)
        return {}


def _save_changes(
    run: IndexRun, tree: Tree, blamed: Mapping[SourceFile, Lines], oldest: frozenset[str]
) -> None:
    shas = {sha for lines in blamed.values() for sha in lines.values()} - oldest
    infos = {info.sha: info for info in log.commits(tree, sorted(shas))} if shas else {}
    blobs = {file.blob_id for file in blamed}
    of_blobs = map_reduce(Definition.objects.filter(blob__in=blobs), attrgetter("blob_id"))
    last = {
        (file, definition): newest
        for file, lines in blamed.items()
        for definition in of_blobs.get(file.blob_id, ())
        if (newest := _newest(definition, lines, infos))
    }
    with transaction.atomic():
        store.lock(run)
        commits = _save_commits(run, {info.sha: info for info in last.values()}.values())
        DefinitionChange.objects.bulk_create(
            DefinitionChange(file=file, definition=definition, commit=commits[info.sha])
            for (file, definition), info in last.items()
        )


def _newest(
    definition: Definition, lines: Lines, infos: Mapping[str, CommitInfo]
) -> CommitInfo | None:
    """The last known commit that changed one of a definition's lines."""
    numbers = range(definition.start_line, definition.end_line + 1)
    known = {infos[sha] for number in numbers if (sha := lines.get(number, "")) in infos}
    return max(known, key=lambda info: info.authored, default=None)


def _save_commits(run: IndexRun, infos: Iterable[CommitInfo]) -> dict[str, Commit]:
    repository = run.branch.repository
    rows = [
        Commit(
            repository=repository,
            sha=info.sha,
            author=info.author,
            authored=info.authored,
            subject=info.subject,
        )
        for info in infos
    ]
    Commit.objects.bulk_create(rows, ignore_conflicts=True)
    stored = Commit.objects.filter(repository=repository, sha__in=[row.sha for row in rows])
    return {commit.sha: commit for commit in stored}


def _is_text(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_own_lines(file: SourceFile) -> bool:
    """Whether the lines that are indexed are those of the file, which a notebook's are not."""
    file_type = languages.by_name(file.blob.language)
    return not (isinstance(file_type, Document) and file_type.readable)
