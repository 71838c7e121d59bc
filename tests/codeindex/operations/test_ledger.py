"""What runs cost and what they reuse is recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from codeindex import repositories
from codeindex.ingestion import pipeline
from codeindex.models import Embedding, IndexRun, Repository, RunCost
from codeindex.operations import holdings, ledger
from tests.git import GitRepository

pytestmark = pytest.mark.django_db(transaction=True)

SHOP = '"""Sells things."""\n\n\ndef total(basket):\n    return sum(basket)\n'
TAX = "def tax(price):\n    return price * 0.2\n"
Requested = Callable[[Repository], IndexRun]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: object) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"  # type: ignore[attr-defined]


def index(run: IndexRun) -> RunCost:
    assert pipeline.index(run.pk)
    return RunCost.objects.get(run=run)


def test_a_first_run_costs_all_that_it_reads(
    source: GitRepository, registered: Repository, requested: Requested
) -> None:
    source.commit({"shop.py": SHOP, "tax.py": TAX, "copy.py": TAX})
    cost = index(requested(registered))
    assert (cost.files_new, cost.files_moved, cost.files_shared) == (3, 0, 0)
    assert cost.content_bytes == len(SHOP) + len(TAX)
    assert cost.definitions_changed == cost.definitions_new + 1  # of the copy
    assert cost.stored_bytes > len(SHOP)


def test_a_rename_a_second_branch_and_a_fork_read_and_encode_nothing(
    source: GitRepository, registered: Repository, requested: Requested, bob: User
) -> None:
    source.commit({"shop.py": SHOP})
    index(requested(registered))
    vectors = Embedding.objects.count()
    source.git("mv", "shop.py", "store.py")
    source.git("commit", "--quiet", "--message", "rename")
    renamed = index(requested(registered))
    source.git("branch", "second")
    registered.branches.create(name="second")
    second = index(IndexRun.objects.create(branch=registered.branches.get(name="second")))
    fork = repositories.register(url=str(source.path), owner=bob, by=None, trusted_path=True)
    forked = index(requested(fork))
    assert [cost.files_new for cost in (renamed, second, forked)] == [0, 0, 0]
    assert [cost.vectors for cost in (renamed, second, forked)] == [0, 0, 0]
    assert (renamed.files_moved, second.files_moved) == (1, 1)
    assert (forked.files_moved, forked.files_shared) == (0, 1)
    assert Embedding.objects.count() == vectors


def test_the_ledger_says_what_was_reused_and_is_exported(
    source: GitRepository,
    registered: Repository,
    requested: Requested,
    bob: User,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source.commit({"shop.py": SHOP})
    index(requested(registered))
    fork = repositories.register(
        url=str(source.path), owner=bob, by=None, name="=fork", trusted_path=True
    )
    index(requested(fork))
    newest, first = ledger.entries()
    assert (newest.repository, newest.definitions_reused) == ("bob/=fork", first.definitions_read)
    total = ledger.totals([newest, first])
    assert (total.runs, total.definitions_read) == (2, first.definitions_read)
    call_command("costs", "--csv")
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("run,repository,branch,commit")
    assert len(lines) == 2
    call_command("costs")
    assert "2 runs:" in capsys.readouterr().out
    for option in ("--days=99999999999", "--days=-1", "--limit=0"):
        with pytest.raises(CommandError, match="from 1 to"):
            call_command("costs", option)


def test_what_only_a_repository_holds_is_what_its_removal_frees(
    source: GitRepository, registered: Repository, requested: Requested, bob: User, client: Client
) -> None:
    source.commit({"shop.py": SHOP})
    index(requested(registered))
    source.commit({"tax.py": TAX})
    fork = repositories.register(url=str(source.path), owner=bob, by=None, trusted_path=True)
    index(requested(fork))
    assert holdings.only_held_by(registered).definitions == 0
    freed = holdings.only_held_by(fork)
    assert (freed.definitions, freed.texts) == (1, 1)
    assert freed.stored_bytes > len(TAX)
    for who, is_told in ((registered.owner, False), (User.objects.create_superuser("root"), True)):
        client.force_login(who)
        mine = registered if who == registered.owner else fork
        shown = client.post(f"/repositories/{mine.pk}/remove", follow=True)
        assert ("Only this repository held" in shown.content.decode()) is is_told


def test_the_page_of_costs_lists_runs(
    source: GitRepository, registered: Repository, requested: Requested, client: Client
) -> None:
    source.commit({"shop.py": SHOP})
    index(requested(registered))
    client.force_login(User.objects.create_superuser("root"))
    assert "alice/shop" in client.get("/administration/costs/").content.decode()
    export = client.get("/administration/costs/export")
    assert b"alice/shop" in b"".join(export.streaming_content)  # type: ignore[attr-defined]


def test_before_there_is_a_space_each_new_text_will_be_encoded(
    source: GitRepository, registered: Repository, requested: Requested
) -> None:
    source.commit({"shop.py": SHOP, "copy.py": SHOP})
    cost = index(requested(registered))
    assert cost.vectors == cost.texts_new > 0
