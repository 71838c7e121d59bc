"""One private PostgreSQL and one private Valkey for the whole session, in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from codeindex.embedded import folder
from codeindex.embedded.postgres import Durability
from codeindex.embedded.services import started
from codeindex.embedded.state import State


@pytest.fixture(scope="session")
def services() -> Iterator[State]:
    """The services that the settings under test name."""
    state = State(settings.CODEINDEX_HOME)
    with folder.held(state), started(state, Durability.DISPOSABLE):
        yield state


@pytest.fixture(scope="session")
def django_db_modify_db_settings(services: State) -> None:
    """Starts the services before the first test that asks for the database."""
