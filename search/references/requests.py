"""From parameters to what is asked about a definition's references."""

from __future__ import annotations

from typing import get_args

from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from codeindex.web.ids import Row, number
from search import cursors
from search.references.finding import Key, ReferencesRequest
from search.references.targets import Target, visible_target
from search.request import Parameters, bad_cursor, last, limit_in

DEFAULT_REFERENCES = 50
MAX_REFERENCES = 200


def parse_references(
    user: User | AnonymousUser, target: Target, parameters: Parameters
) -> ReferencesRequest:
    """From `limit` and `cursor`. Raises `BadQuery`."""
    cursor = last(parameters, "cursor")
    return ReferencesRequest(
        user,
        target,
        limit_in(parameters, DEFAULT_REFERENCES, MAX_REFERENCES),
        _key(cursor) if cursor else None,
    )


def _key(cursor: str) -> Key:
    try:
        return tuple(cursors.read(cursor, get_args(Key)))
    except ValueError as error:
        raise bad_cursor() from error


def parse_target(user: User | AnonymousUser, definition_id: int, parameters: Parameters) -> Target:
    """A definition that `user` may see, in the file whose id is the parameter `file`, if it is
    given. Raises `Http404`."""
    file = last(parameters, "file")
    try:
        return visible_target(user, definition_id, number(Row.FILE, file) if file else None)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
