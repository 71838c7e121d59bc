"""The tool `repositories`."""

from __future__ import annotations

import re

from django.contrib.auth.models import User

from codeindex.models import IndexRun, Repository, RunStatus
from tests import shelf
from tests.search.mcp.calling import COMMIT, CURSOR, Ask


def test_repositories_say_their_commit_languages_and_state(
    ask: Ask, alice: User, shop: Repository
) -> None:
    growing = shelf.repository(alice, "growing", finished=False)
    waiting = Repository.objects.create(owner=alice, name="waiting", url="/srv/waiting")
    IndexRun.objects.create(branch=waiting.branches.create(), status=RunStatus.QUEUED)
    failed = IndexRun.objects.create(
        branch=shop.branches.get(), status=RunStatus.FAILED, error="/srv/secret"
    )
    answer = ask("repositories", alice).text
    assert answer == (
        "3 repositories, by name.\n"
        f"alice/growing at commit c0ffeec0ff, indexed just now; searchable by words; the semantic"
        " index is still being built\n"
        f"{COMMIT}; the last attempt to index it again failed, so that newer code may be missing;"
        " searchable; files: python 2\n"
        "alice/waiting; not searchable yet: waiting for a worker"
    )
    assert ask("repositories", alice, query="SHOP").text.startswith("1 repository called like")
    assert growing.pk
    assert failed.error not in answer


def test_repositories_come_in_pages(ask: Ask, alice: User) -> None:
    for number in range(45):
        shelf.repository(alice, f"repository{number:02}")
    seen, cursor = list[str](), ""
    for _ in range(5):
        answer = ask("repositories", alice, cursor=cursor).text
        seen += re.findall(r"alice/repository(\d\d)", answer)
        cursor = CURSOR.search(answer)[1] if CURSOR.search(answer) else ""
        if not cursor:
            break
    assert seen == [f"{number:02}" for number in range(45)]
