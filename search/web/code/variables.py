"""The part of a definition's page about variables whose names disagree with their use."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from embeddings import EncoderUnavailable
from embeddings.naming.scopes import Role
from search import encoding, places
from search.accesses import note_read
from search.web.files import follows_moves

# In the words of the page
ROLES = {
    Role.PARAMETER: "parameter",
    Role.LAMBDA: "parameter of a lambda",
    Role.LOOP: "loop variable",
    Role.COMPREHENSION: "variable of a comprehension",
    Role.RESOURCE: "variable of a with statement",
    Role.EXCEPTION: "exception",
    Role.CALLED: "result of a call",
    Role.LITERAL: "literal",
    Role.UNPACKED: "unpacked value",
    Role.ASSIGNED: "variable",
}


@require_safe
@follows_moves
@throttles.limited(throttles.ENCODE)
def variables(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """The variables for which other names fit better. The page of the definition loads the part of
    this page that shows them."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    note_read(Access.DEFINITION_READ, request.user, file, row)
    context: dict[str, object] = {"place": places.place_in_file(file, row)}
    try:
        doubtful = encoding.doubtful_variables(row)
    except EncoderUnavailable as error:
        return render(request, "search/variables.html", context | {"unavailable": error})
    context |= {
        "doubtful": [(each, ROLES[each.role]) for each in doubtful],
        "names": {each.name for each in doubtful},
    }
    return render(request, "search/variables.html", context)
