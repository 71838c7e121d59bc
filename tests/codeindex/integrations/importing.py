"""Imports from fake code hosts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from codeindex import tasks
from codeindex.integrations import imports, syncing
from codeindex.integrations.imports import Filters
from codeindex.models import CodeHost, Import, Repository
from tests.codeindex.integrations.fake_hosts import Fake, Repo, send

TOKEN = "s3cret-token"


def acme(count: int = 3) -> list[Repo]:
    return [Repo(number, f"acme/r{number}") for number in range(1, count + 1)]


def added(fake: Fake, owner: User, token: str = "", username: str = "") -> CodeHost:
    return imports.add_host(owner, kind=fake.kind, url=fake.base, token=token, username=username)


def importing(
    fake: Fake, owner: User, filters: Filters | None = None, namespace: str = "acme", **more: Any
) -> Import:
    """An import that was started."""
    row = imports.add_import(added(fake, owner), namespace, filters or Filters(), by=owner, **more)
    imports.start(row, by=owner)
    return row


def sync(row: Import) -> Import:
    Import.objects.filter(pk=row.pk).update(due=timezone.now())
    assert syncing.sync_next(partial(tasks.request_indexes, by=None))
    row.refresh_from_db()
    assert row.lease is None
    return row


def names() -> list[str]:
    return sorted(Repository.objects.values_list("name", flat=True))


def minutes_left(row: Import) -> float:
    """Until the host is asked again."""
    assert row.due
    return (row.due - timezone.now()).total_seconds() / 60


def status(
    code: int, headers: dict[str, str] | None = None, body: object = None
) -> Callable[[BaseHTTPRequestHandler], bool]:
    """An answer for `Fake.failing`."""

    def answer(request: BaseHTTPRequestHandler) -> bool:
        send(request, code, {"message": "no"} if body is None else body, headers)
        return True

    return answer
