from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from codeindex.models import Space
from tests import shelf
from tests.embeddings import tiny


@pytest.fixture
def space(db: None) -> Space:
    return shelf.space()


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("administrator")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = tiny.bert(tmp_path_factory.mktemp("bert"))
    return tiny.checkpoint(tmp_path_factory.mktemp("checkpoint"), model)
