"""What is indexed of a repository: its branches, and the tags and branches that match patterns."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from codeindex import audit
from codeindex.audit import Change
from codeindex.ingestion import store
from codeindex.ingestion.cloning import globs
from codeindex.ingestion.cloning.heads import Ref
from codeindex.models import Branch, IndexRun, Repository, SourceFile, Upstream


def remove(rows: QuerySet[Branch]) -> None:
    """Remove branches of a repository that the caller has locked. What was indexed of them alone no
    longer appears in search."""
    # A worker that writes for one of their runs finishes its batch first, and stops at the next
    list(IndexRun.objects.filter(branch__in=rows).select_for_update())
    store.delete_files(SourceFile.objects.filter(branch__in=rows))
    rows.delete()


@transaction.atomic
def follow(repository: Repository, matching: Sequence[Ref]) -> None:
    """Index the branches and tags that match the repository's patterns at its host, and no longer
    those that are gone there."""
    locked = Repository.objects.select_for_update(no_key=True, of=("self",))
    row = locked.select_related("owner").filter(pk=repository.pk).first()
    if row is None:
        return
    wanted = {ref.name: ref for ref in matching if _is_asked_for(row, ref)}
    named = set(row.branches.filter(by_pattern=False).values_list("name", flat=True))
    present = list(row.branches.filter(by_pattern=True).order_by("name"))
    gone = [branch for branch in present if not _is_still(branch, wanted.get(branch.name))]
    kept = [branch for branch in present if branch not in gone]
    remove(row.branches.filter(pk__in=[branch.pk for branch in gone]))
    known = named | {branch.name for branch in kept}
    new = Branch.objects.bulk_create(
        Branch(repository=row, name=ref.name, is_tag=ref.is_tag, by_pattern=True)
        for ref in wanted.values()
        if ref.name not in known
    )
    _note_heads([*kept, *new], wanted)
    told = audit.difference((branch.name for branch in new), (branch.name for branch in gone))
    if told:
        details = f"branches: {told}"
        audit.record(Change.REPOSITORY_CHANGED, row.full_name, by=None, details=details)


def _is_still(branch: Branch, ref: Ref | None) -> bool:
    return ref is not None and ref.is_tag == branch.is_tag


def _is_asked_for(row: Repository, ref: Ref) -> bool:
    """Whether the patterns, which may have changed meanwhile, still match."""
    return globs.matches(ref.name, row.tag_patterns if ref.is_tag else row.branch_patterns)


def _note_heads(branches: Sequence[Branch], wanted: dict[str, Ref]) -> None:
    """Their commits at the host. They are not asked for one by one."""
    now = timezone.now()
    Upstream.objects.bulk_create(
        (Upstream(branch=branch, due=None) for branch in branches), ignore_conflicts=True
    )
    rows = Upstream.objects.select_for_update().filter(branch__in=branches).order_by("pk")
    changed = list(rows.select_related("branch"))
    for row in changed:
        row.note(wanted[row.branch.name].commit, now)
    Upstream.objects.bulk_update(changed, Upstream.NOTED)
