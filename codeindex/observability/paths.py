"""Log lines without the paths of requests, some of which contain secrets, such as those of
invitations."""

from __future__ import annotations

import logging

from django.http import HttpRequest


def route(request: HttpRequest) -> str:
    """The name of the request's route; `none` if it has none, or is not resolved yet."""
    match = getattr(request, "resolver_match", None)
    return (match.view_name if match else "") or "none"


class WithoutPaths(logging.Filter):
    """Replaces the path in a line about a request by the name of its route."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            paths = {request.path, request.path_info, request.get_full_path()}
            record.args = tuple(
                route(request) if argument in paths else argument for argument in record.args
            )
        return True
