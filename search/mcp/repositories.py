"""The tool `repositories`: what is indexed, as text for agents."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet
from django.template.defaultfilters import pluralize

from codeindex import audit, cursors
from codeindex.audit import Access
from codeindex.models import Branch, IndexRun, Repository, RunStatus
from search.addresses.origins import origin_of
from search.candidates import sql
from search.mcp import arguments
from search.mcp.sources import sources
from search.mcp.tokens import Entry, Listing, continued, fit
from search.query.filters import quoted
from search.request import bad_cursor

PAGE = 20

LANGUAGES = 4
"""How many languages of a branch are named, those with the most files first."""

EMPTY = "There is no repository that you may see"


@sql.time_limit()
def repositories(user: User | AnonymousUser, asked: arguments.Repositories) -> str:
    """The list, which the audit notes. Raises `BadQuery` and `SearchTimeout`."""
    matching = _matching(user, asked.query)
    total = matching.count()
    page = list(_after(matching, asked.cursor)[: PAGE + 1])
    listed, are_more = page[:PAGE], len(page) > PAGE
    audit.note(Access.REPOSITORIES_LISTED, user, text=asked.query)
    called = f" called like {quoted(asked.query)}" if asked.query else ""

    def rest(shown: int) -> str:
        if shown == len(listed) and not are_more:
            return ""
        last = listed[shown - 1]
        cursor = cursors.written([last.name, last.owner.get_username()])
        return continued(cursor)

    number = f"{total:,} repositor{pluralize(total, 'y,ies')}"
    head = f"{number}{called}, by name." if total else f"{EMPTY}{called}."
    return fit(Listing(head, _entries(listed), rest), asked.max_tokens)


def _matching(user: User | AnonymousUser, query: str) -> QuerySet[Repository]:
    visible = Repository.objects.visible_to(user).select_related("owner")
    return visible.called_like(query).order_by("name", "owner__username")


def _after(matching: QuerySet[Repository], cursor: str) -> QuerySet[Repository]:
    if not cursor:
        return matching
    try:
        name, owner = cursors.read(cursor, [str, str])
    except ValueError as error:
        raise bad_cursor() from error
    return matching.filter(Q(name__gt=name) | Q(name=name, owner__username__gt=owner))


def _entries(listed: list[Repository]) -> list[Entry]:
    branches = Branch.objects.filter(repository__in=listed).order_by("name")
    rows = list(branches.select_related("repository__owner", "live_run"))
    live = [branch for branch in rows if branch.live_run_id]
    origins = {branch.pk: origin_of(branch) for branch in live}
    described = sources(origins.values())
    languages = _languages(branch.pk for branch in live)
    states = _states(rows)
    by_repository: dict[int, list[str]] = {}
    for branch in rows:
        origin = origins.get(branch.pk)
        where = described[origin].description if origin else branch.repository.full_name
        details = [where, states[branch.pk], languages.get(branch.pk, "")]
        line = "; ".join(detail for detail in details if detail)
        by_repository.setdefault(branch.repository_id, []).append(line)
    return [
        Entry("\n".join(by_repository.get(each.pk, [f"{each.full_name}; not indexed"])))
        for each in listed
    ]


def _states(branches: list[Branch]) -> dict[int, str]:
    """branch → whether it can be searched, in words."""
    waiting = [branch.pk for branch in branches if not branch.live_run_id]
    latest = dict(
        IndexRun.objects.filter(branch__in=waiting)
        .order_by("branch", "-pk")
        .distinct("branch")
        .values_list("branch", "status")
    )
    return {branch.pk: _state(branch, latest.get(branch.pk)) for branch in branches}


def _state(branch: Branch, latest: str | None) -> str:
    run = branch.live_run
    if run is None:
        return f"not searchable yet: {RunStatus(latest).label if latest else 'not indexed'}"
    if run.finished is None:
        return "searchable by words; the semantic index is still being built"
    return "searchable"


def _languages(branches: Iterable[int]) -> dict[int, str]:
    """branch → its most frequent languages, with the number of files in each."""
    counted: dict[int, list[str]] = {}
    parameters = {"branches": sql.array_literal(branches), "most": LANGUAGES}
    for branch, language, files in sql.rows(COUNTS, parameters):
        counted.setdefault(branch, []).append(f"{language} {files:,}")
    return {branch: "files: " + ", ".join(listed) for branch, listed in counted.items()}


COUNTS = """
SELECT branch, language, files FROM (
    SELECT file.branch_id AS branch, blob.language, count(*) AS files,
           row_number() OVER (
               PARTITION BY file.branch_id ORDER BY count(*) DESC, blob.language
           ) AS rank
    FROM codeindex_sourcefile AS file JOIN codeindex_blob AS blob ON blob.id = file.blob_id
    WHERE file.live AND file.branch_id = ANY(%(branches)s::bigint[])
    GROUP BY file.branch_id, blob.language
) AS counted
WHERE rank <= %(most)s ORDER BY branch, rank
"""
