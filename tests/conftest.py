"""One private PostgreSQL and one private Valkey for each process that runs tests, in a temporary
folder; and the three people of every story."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection
from hypothesis import settings as hypothesis_settings

from codeindex.local_services import state_folder
from codeindex.local_services.processes import accounts
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.servers.private import started
from codeindex.local_services.state import State
from codeindex.models import PlainId
from codeindex.spaces import encoders
from codeindex.web import ids

# How long an example takes says more of what else the machine does than of the code.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


def pytest_configure() -> None:
    """Creates the user of the services before several processes start theirs: two `useradd` at once
    give one name two numbers."""
    accounts.service_account(State(settings.CODEINDEX_HOME))


LONGEST = (
    "journeys", "test_accessibility.py", "test_routes.py", "test_hostile_sources.py",
    "test_training.py", "test_every_line.py", "test_house.py", "test_worker.py",
    "test_indexing.py", "sign_on", "test_draft.py", "test_languages.py",
)  # fmt: skip
"""Files and folders of tests that take about twenty seconds and more, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: at the end one process would wait for the other's."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(
        key=lambda item: min(places.get(part, len(places)) for part in Path(item.location[0]).parts)
    )


@pytest.fixture(scope="session")
def services() -> Iterator[State]:
    """The services that the settings under test name."""
    state = State(settings.CODEINDEX_HOME)
    with state_folder.locked(state), started(state, Durability.DISPOSABLE):
        yield state


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: State) -> None:
    """Starts the services before the first test that asks for the database."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The installation under test is older than opaque ids: plain numbers are addresses, too. What
    is read of that here is kept, since it never changes."""
    with django_db_blocker.unblock():
        PlainId.objects.update(up_to=10**9)
        ids.plain_numbers()
        # Django empties all tables after a test that commits.
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE codeindex_auditrecord DISABLE TRIGGER append_only_truncate")
            # Of rows that a test takes back, statistics say that their tables have pages and no
            # rows: the next test's searches then took ten times as long. Without statistics,
            # Postgres goes by the pages.
            cursor.execute("ALTER SYSTEM SET autovacuum = off")
            cursor.execute("SELECT pg_reload_conf()")


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="team")


@pytest.fixture
def alice(team: Group) -> User:
    """Owns what is registered."""
    user = User.objects.create_user("alice")
    user.groups.add(team)
    return user


@pytest.fixture
def bob(team: Group) -> User:
    """Is on Alice's team."""
    user = User.objects.create_user("bob")
    user.groups.add(team)
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """Is a stranger."""
    return User.objects.create_user("charlie")


@pytest.fixture
def no_encoder_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is like one that has loaded no encoder yet."""
    monkeypatch.setattr(encoders, "searcher", encoders.Searcher())
    encoders.cached.cache_clear()
    yield
    encoders.cached.cache_clear()
