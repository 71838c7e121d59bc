"""Who made the commits that are shown, as far as it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from codeindex.models import Commit, Definition, DefinitionChange, SourceFile


def commits_of(repository_id: int, shas: Iterable[str]) -> Mapping[str, Commit]:
    """commit → what is known of it, in a repository that the user may see."""
    found = Commit.objects.filter(repository=repository_id, sha__in=set(shas))
    return {commit.sha: commit for commit in found}


def last_change(file: SourceFile, definition: Definition) -> Commit | None:
    """The last commit that changed a line of the definition, in a file that the user may see."""
    changes = DefinitionChange.objects.filter(file=file, definition=definition)
    change = changes.select_related("commit").first()
    return change.commit if change else None
