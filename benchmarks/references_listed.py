"""What codeindex lists as the references of a definition, for `python -m
benchmarks.references_quality`, which sets up Django."""

from __future__ import annotations

from django.contrib.auth.models import User

from codeindex.models import Definition, SourceFile
from search.candidates.scopes import scope_for
from search.references.finding import references_of
from search.references.likelihood import Likelihood
from search.references.targets import target_in

Lines = set[tuple[str, int]]


def listed(repository: str, path: str, name: str) -> tuple[Lines, list[Lines]]:
    """The lines of a definition itself; and those of its references in its repository: the ones in
    its file and near it, all that are not unlikely, and all."""
    user = User.objects.filter(is_superuser=True).earliest("pk")
    files = SourceFile.objects.live().select_related("branch__repository")
    file = files.get(branch__repository__name=repository, path=path)
    own = Definition.objects.filter(blob=file.blob_id, qualified_name=name).earliest("start_line")
    target = target_in(file, own)
    references = [
        each
        for each in references_of(target, scope_for(user)).references
        if each.file.repository == target.repository
    ]
    lines = {(path, line) for line in range(own.start_line, own.end_line + 1)}
    least = (Likelihood.NEAR, Likelihood.SAME_REPOSITORY, Likelihood.UNLIKELY)
    return lines, [
        {
            (each.file.path, each.line)
            for each in references
            if each.likelihood.rank <= likelihood.rank
        }
        for likelihood in least
    ]
