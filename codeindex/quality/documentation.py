"""How much of the code is documented: public functions, methods and types outside tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Sum

from codeindex.models import Branch, Documented
from embeddings.files import path_rules
from embeddings.files.path_rules import PathKind
from embeddings.types import Kind

KINDS = (
    Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.INTERFACE, Kind.TRAIT, Kind.ENUM, Kind.TYPE,
)  # fmt: skip
ELSEWHERE = (PathKind.TEST, PathKind.EXAMPLE, PathKind.BENCHMARK, PathKind.VENDORED)
"""Code that nobody expects to be documented."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of what, such as a language or a repository, and how many of its definitions are
    documented."""

    name: str
    definitions: int
    documented: int
    repository: int | None = None

    @property
    def percent(self) -> int:
        return round(100 * self.documented / self.definitions) if self.definitions else 0


def count() -> int:
    """Count the branches whose live commit has not been counted; returns how many there were."""
    counted = Documented.objects.filter(branch=OuterRef("pk"), run=OuterRef("live_run"))
    due = Branch.objects.filter(live_run__isnull=False).exclude(Exists(counted))
    branches = list(due.values_list("pk", "live_run"))
    for branch, run in branches:
        _count(branch, run)
    return len(branches)


@transaction.atomic
def _count(branch: int, run: int) -> None:
    Documented.objects.filter(branch=branch).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "branch": branch,
                "kinds": list(KINDS),
                "elsewhere": path_rules.pattern(ELSEWHERE),
            },
        )
        rows = cursor.fetchall()
    # A row without a language says that a branch of nothing was counted, too
    Documented.objects.bulk_create(
        Documented(
            branch_id=branch, run_id=run, language=language, definitions=all_, documented=some
        )
        for language, all_, some in rows or [("", 0, 0)]
    )


def by_language(branches: Sequence[int]) -> list[Coverage]:
    """The languages with the most definitions first."""
    rows = _counted(branches).values_list("language")
    summed = rows.annotate(all=Sum("definitions"), some=Sum("documented")).order_by("-all")
    return [Coverage(*row) for row in summed]


def by_repository(branches: Sequence[int]) -> list[Coverage]:
    """The repositories with the most undocumented definitions first."""
    rows = _counted(branches).values_list(
        "branch__repository__owner__username", "branch__repository__name", "branch__repository"
    )
    summed = rows.annotate(all=Sum("definitions"), some=Sum("documented"))
    listed = [Coverage(f"{owner}/{name}", all_, some, pk) for owner, name, pk, all_, some in summed]
    return sorted(listed, key=lambda each: each.documented - each.definitions)


def _counted(branches: Sequence[int]) -> QuerySet[Documented]:
    return Documented.objects.filter(
        branch__in=branches, run=F("branch__live_run"), definitions__gt=0
    )


_COUNT = """
SELECT text.language, count(*), count(*) FILTER (WHERE definition.docstring <> '')
FROM codeindex_sourcefile AS file
JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
JOIN codeindex_text AS text ON text.id = definition.text_id
WHERE file.live AND file.branch_id = %(branch)s AND definition.kind = ANY(%(kinds)s)
  AND definition.name <> '' AND left(definition.name, 1) NOT IN ('_', '#')
  AND file.path !~ %(elsewhere)s
GROUP BY text.language
"""
