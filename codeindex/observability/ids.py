"""The request and the index run that log lines belong to.

Apart from `logs`, which imports structlog: commands run index runs, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest
from django.utils.functional import empty

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
_run: ContextVar[int | None] = ContextVar("run", default=None)


@contextmanager
def of_request(request: HttpRequest) -> Iterator[None]:
    """Log lines of the block belong to a request, and to its user once that has been looked up."""
    outer = _request.set(request)
    try:
        yield
    finally:
        _request.reset(outer)


@contextmanager
def of_run(pk: int) -> Iterator[None]:
    """Log lines of the block belong to an index run."""
    outer = _run.set(pk)
    try:
        yield
    finally:
        _run.reset(outer)


def known() -> Mapping[str, int]:
    """The ids of the user and of the index run, as far as they are known. No user is looked up:
    that would query the database, which may be what a line complains about."""
    user = getattr(_request.get(), "user", None)
    is_known = user is not None and getattr(user, "_wrapped", None) is not empty
    ids = {"user_id": user.pk if user is not None and is_known else None, "run_id": _run.get()}
    return {name: number for name, number in ids.items() if number is not None}
