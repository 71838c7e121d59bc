"""From parameters to what is asked about a definition's references."""

from __future__ import annotations

from typing import Any, get_args

from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404

from codeindex import cursors
from codeindex.web.ids import Row, number
from search.references.callees import MOST_NAMES, Call, CalleesRequest
from search.references.callers import MOST_LINES
from search.references.finding import Key, ReferencesRequest
from search.references.targets import Target, visible_target
from search.request import Parameters, bad_cursor, last, limit_in

DEFAULT_REFERENCES = 50
MAX_REFERENCES = 200


def parse_references(
    user: User | AnonymousUser, target: Target, parameters: Parameters
) -> ReferencesRequest:
    """From `limit` and `cursor`. Raises `BadQuery`."""
    limit = limit_in(parameters, DEFAULT_REFERENCES, MAX_REFERENCES)
    return ReferencesRequest(user, target, limit, _after(parameters, Key))


def parse_callers(
    user: User | AnonymousUser, target: Target, parameters: Parameters
) -> ReferencesRequest:
    """The same for callers, of which a page holds more. Raises `BadQuery`."""
    limit = limit_in(parameters, MOST_LINES, MOST_LINES)
    return ReferencesRequest(user, target, limit, _after(parameters, Key))


def parse_callees(
    user: User | AnonymousUser, target: Target, parameters: Parameters
) -> CalleesRequest:
    """Raises `BadQuery`."""
    limit = limit_in(parameters, MOST_NAMES, MOST_NAMES)
    return CalleesRequest(user, target, limit, _after(parameters, Call))


def _after(parameters: Parameters, order: Any) -> Any:
    """The place in an order, a tuple's type, that the parameter `cursor` names; None without it.
    Raises `BadQuery`."""
    cursor = last(parameters, "cursor")
    if not cursor:
        return None
    try:
        return tuple(cursors.read(cursor, get_args(order)))
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
