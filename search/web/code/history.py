"""The page of a definition's versions, each with what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from codeindex.models import Commit
from search import history, places
from search.accesses import note_read
from search.addresses.origins import Origin, origin_of
from search.commits import commits_of
from search.history import DiffLine, Version
from search.web.files import follows_moves
from search.web.highlighting import listing

MUCH = 0.2
"""The distance from which a definition has changed much: 5 to 13% of the functions that changed in
a few days' work. Another function of the same file is nearer than 0.3 in one of ten cases
(`benchmarks.evolution`)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A version, with its distance to the newest one (None if it is not known), and how it came
    from the one `before`: by `diff`, which is empty for the first version and for one that is too
    long to compare, whose `source` is shown instead. `commit` is None where it is not known."""

    version: Version
    before: Version | None
    distance: float | None
    diff: Sequence[DiffLine]
    source: SafeString | None
    host_link: str
    commit: Commit | None

    @property
    def is_moved(self) -> bool:
        return self.before is not None and self.before.path != self.version.path


@require_safe
@follows_moves
@throttles.limited(throttles.ENCODE)
def versions(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """What index runs have seen of a definition, the newest first."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    found = history.versions_of(file, row)
    distances = history.distances(found, row.text.language) if len(found) > 1 else []
    known = [*distances, *[None] * (len(found) - len(distances))]
    note_read(Access.DEFINITION_READ, request.user, file, row, details="with its history")
    pairs = zip(found, [*found[1:], None], known, strict=True)
    origin = origin_of(file.branch)
    commits = commits_of(origin.repository_id, (version.commit for version in found))
    steps = [_step(*pair, row.text.language, origin, commits.get(pair[0].commit)) for pair in pairs]
    context = {
        "place": places.place_in_file(file, row),
        "steps": steps,
        "much": next((step for step in steps if (step.distance or 0) >= MUCH), None),
        "is_cut": len(found) == history.MOST_VERSIONS,
    }
    return render(request, "search/history.html", context)


def _step(
    version: Version,
    before: Version | None,
    distance: float | None,
    language: str,
    origin: Origin,
    commit: Commit | None,
) -> Step:
    changed = history.diff(before, version) if before else []
    is_shown = not changed and len(version.lines) <= history.MOST_LINES
    then = replace(origin, commit=version.commit)
    span = (version.path, version.start_line, version.end_line)
    return Step(
        version,
        before,
        distance,
        changed,
        listing(version.lines, language).html if is_shown else None,
        then.host_link(*span),
        commit,
    )
