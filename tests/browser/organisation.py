"""A small organisation whose code is indexed for real: what the browser looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from codeindex import repositories, tasks
from codeindex.accounts import teams
from codeindex.ingestion import doubts, embedding, pipeline
from codeindex.integrations import imports, outgoing, push_webhooks
from codeindex.integrations.imports import Filters
from codeindex.models import (
    Alert,
    Definition,
    Embedding,
    Evaluation,
    Invitation,
    NameDismissal,
    Repository,
    Role,
    SavedSearch,
    SourceFile,
    Space,
    SpaceState,
    Visibility,
)
from codeindex.models.tokens import digest
from codeindex.quality import dismissals
from codeindex.searches import recent, saved
from codeindex.searches.alerts import Match
from tests.git import GitRepository

SOURCES = Path(__file__).parent / "sources"
PASSWORD = "a long enough secret"

EARLIER = {
    "toolbox/retries.py": '''"""Calling again what has failed."""

import time


def retry(call, attempts=3):
    """Calls a function again after it has failed."""
    for attempt in range(attempts):
        try:
            return call()
        except OSError:
            time.sleep(1)
'''
}
"""What the first commit of the toolbox has in place of what is there now."""


@dataclass(frozen=True)
class Organisation:
    """Alice owns both repositories, Bob is on her team, Charlie is a stranger, and Root
    administers. Everybody's password is PASSWORD."""

    toolbox: Repository
    """Public."""

    shop: Repository
    """For Alice's team."""

    rows: Mapping[str, int | str]
    """What stands in addresses: the key of a row by the converter's name, a text by the
    parameter's."""


def build(folder: Path) -> Organisation:
    """Writes the git repositories below `folder`, and indexes them here and now."""
    people = {name: User.objects.create_user(name, password=PASSWORD) for name in PEOPLE}
    User.objects.create_superuser("root", password=PASSWORD)
    team = Group.objects.create(name="payments")
    teams.set_member(team, people["alice"], Role.MAINTAINER, by=None)
    teams.set_member(team, people["bob"], Role.MEMBER, by=None)
    toolbox = _registered(folder, "toolbox", people["alice"], Visibility.PUBLIC, [], EARLIER)
    shop = _registered(folder, "shop", people["alice"], Visibility.PRIVATE, [team], {})
    while tasks.embed_batch(embedding.FIRST_BATCH):
        pass
    tasks.sweep()
    while embedding.refine_batch(embedding.FIRST_BATCH):
        pass
    tasks.survey()
    return Organisation(toolbox, shop, _rows(toolbox, team, people["alice"]))


def sessions() -> dict[str, str]:
    """The cookie of each person who is signed in, by name."""
    return {user.username: _session(user) for user in User.objects.all()}


def _session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def _doubts(toolbox: Repository, alice: User) -> NameDismissal:
    """Two functions whose names are in doubt, one of them dismissed: what is predicted of so little
    code depends on the model."""
    functions = Definition.objects.filter(
        blob__source_files__branch__repository=toolbox, kind="function"
    )
    for definition in functions.exclude(name="retry").order_by("pk")[:2]:
        own = Embedding.objects.get(text=definition.text, space__state=SpaceState.ACTIVE)
        own.predicted_names = [["retry", 0.87], ["call_again", 0.42]]
        own.save(update_fields=["predicted_names"])
        doubts.record([(own, own.predicted_names)])
    return dismissals.dismiss(toolbox, definition.pk, reason="Our own word for it.", by=alice)


def _rows(toolbox: Repository, team: Group, alice: User) -> dict[str, int | str]:
    file = SourceFile.objects.get(branch__repository=toolbox, path="toolbox/retries.py", live=True)
    host = imports.add_host(alice, kind="github", url="https://github.com")
    invitation = Invitation.objects.create(
        digest=digest(SECRET), team=team, invited_by=alice,
        expires=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    told = outgoing.create(alice, "ci", "https://hooks.example", ["run.failed"], None, by=alice)
    return {
        "repository": toolbox.pk,
        "run": toolbox.branches.get().live_run_id or 0,
        "file": file.pk,
        "definition": Definition.objects.get(blob=file.blob, name="retry").pk,
        "team": team.pk,
        "invitation": invitation.pk,
        "push_webhook": push_webhooks.create(alice, "acme", None, by=alice).webhook.pk,
        "outgoing_webhook": told.webhook.pk,
        "saved_search": _searches(toolbox).pk,
        "code_host": host.pk,
        "import": imports.add_import(host, "acme", Filters(), by=alice).pk,
        "evaluation": Evaluation.objects.create(file="q.json", file_hash="0").pk,
        "dismissal": _doubts(toolbox, alice).pk,
        "space": Space.objects.get(state=SpaceState.ACTIVE).pk,
        "user": "bob",
        "address": f"{toolbox.full_name}/README.md",
        "secret": SECRET,
    }


def _searches(toolbox: Repository) -> SavedSearch:
    """The administrator's: a recent one, and a saved one that has alerted."""
    root = User.objects.get(username="root")
    recent.note(root, "q=retry&lang=python", "retry lang:python")
    search = saved.save(root, "Retries", "q=retry", alerts=True, mail=False)
    place = ("", "0" * 40, "toolbox/retries.py", 1, 5, "retry", "function", "exact")
    match = Match(toolbox.pk, toolbox.full_name, *place, f"/r/{toolbox.full_name}")
    Alert.objects.create(search=search, matches=[asdict(match)])
    return search


SECRET = "open-invitation"
PEOPLE = ("alice", "bob", "charlie")


def _registered(
    folder: Path,
    name: str,
    owner: User,
    visibility: str,
    shared: list[Group],
    earlier: dict[str, str],
) -> Repository:
    """A repository whose commits are indexed one after the other, the earlier one first."""
    source, git = SOURCES / name, GitRepository.made(folder / name)
    now: dict[str | bytes, str | bytes | None] = {
        str(path.relative_to(source)): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file()
    }
    git.commit({**now, **earlier})
    repository = repositories.register(
        url=str(git.path), name=name, owner=owner, by=owner, visibility=visibility, teams=shared,
        trusted_path=True,
    )  # fmt: skip
    _index(repository)
    if earlier:
        git.commit(now)
        _index(repository)
    return repository


def _index(repository: Repository) -> None:
    run = tasks.request_index(repository=repository, by=None)
    assert pipeline.index(run.pk)
