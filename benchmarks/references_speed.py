"""The measurements of `python -m benchmarks.references`, which sets up Django."""

from __future__ import annotations

from argparse import Namespace
from functools import partial

from django.contrib.auth.models import User
from django.db import connection, transaction

from benchmarks import replicated_index
from benchmarks.references import timed
from codeindex.local_services import ensure_services
from codeindex.models import IndexRun, Repository
from search.candidates.scopes import scope_for
from search.references import callees, callers, finding
from search.references.finding import ReferencesRequest
from search.references.targets import Target, visible_target
from search.references.users import USING

FREQUENCIES = (3, 30, 300, 3_000)
"""In how many of the original files a name is used, about."""

NAMES = """
SELECT used_name, count(*) FROM codeindex_namesused AS used
JOIN codeindex_blob AS blob ON blob.id = used.blob_id AND blob.sha NOT LIKE 'replica-%%'
CROSS JOIN unnest(names) AS used_name
WHERE EXISTS (SELECT FROM codeindex_definition AS definition
              JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
              WHERE definition.name = used_name AND definition.kind IN ('function', 'method'))
GROUP BY used_name
ORDER BY abs(ln(count(*)) - ln(%s)) LIMIT 3
"""
FILES = "SELECT count(*) FROM codeindex_namesused WHERE names @> %s"
FIRST = """
SELECT definition.id FROM codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
WHERE definition.name = %s AND definition.kind IN ('function', 'method')
ORDER BY definition.id LIMIT 1
"""


def measure(options: Namespace) -> None:
    """Extends the index as the options say, and prints the times."""
    with ensure_services():
        _grow(options.grow)
        user = User.objects.filter(is_superuser=True).earliest("pk")
        chosen = [row for frequency in FREQUENCIES for row in _rows(NAMES, [frequency])]
        for name in options.names or dict.fromkeys(name for name, _ in chosen):
            ((definition,),) = _rows(FIRST, [name])
            target = visible_target(user, definition)
            _measure(user, target)
            if options.plan:
                _print_plan(user, target)


def _measure(user: User, target: Target) -> None:
    asked = ReferencesRequest(user, target, 50)
    found = finding.find(asked)
    ((files,),) = _rows(FILES, [[target.name]])
    print(f"{target.name} (used in {files:,} files): {len(found.used.references):,} references")
    for what, work in {
        "references": partial(finding.find, asked),
        "callers": partial(callers.find, user, target),
        "callees": partial(callees.find, user, target),
    }.items():
        median, largest = timed(work)
        print(f"  {what:10} {median:7.1f} ms, at most {largest:7.1f} ms", flush=True)


def _grow(definitions: int) -> None:
    while replicated_index.live_definitions() < definitions:
        _replicate(Repository.objects.filter(name__startswith=replicated_index.NAME).count())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{replicated_index.live_definitions():,} definitions")


@transaction.atomic
def _replicate(number: int) -> None:
    """Adds one repository with a copy of each original file."""
    name = f"{replicated_index.NAME}{number}"
    owner = Repository.objects.earliest("pk").owner
    repository = Repository.objects.create(owner=owner, name=name, url=f"file:///{name}")
    branch = repository.branches.create()
    run = IndexRun.objects.create(branch=branch, status="published")
    given = {
        "prefix": f"{name}/", "name": f"{replicated_index.NAME}%", "branch": branch.pk,
        "run": run.pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in replicated_index.COPIES:
            cursor.execute(statement, given)
    branch.live_run = run
    branch.save()


def _print_plan(user: User, target: Target) -> None:
    scope = scope_for(user)
    statement = f"EXPLAIN (ANALYZE, BUFFERS) {USING.format(gate=scope.condition)}"
    given = {
        **scope.parameters, "name": target.name, "owner": target.owner,
        "around": list(target.around), "nameless": ["block", "module"], "file": target.file.pk,
        "repository": target.repository,
    }  # fmt: skip
    for (line,) in _rows(statement, given):
        print(line)


def _rows(statement: str, parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
