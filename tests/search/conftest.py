from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.ingestion import embedding
from codeindex.models import Embedding, Space
from codeindex.spaces import encoders, lifecycle
from tests import shelf
from tests.embeddings import tiny
from tests.shelf import Written

LOAD = "def load(path):\n    with open(path) as file:\n        return file.read()\n"
ADD = "def add(a, b):\n    return a + b\n"


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


@pytest.fixture
def encoded(
    checkpoint: Path, alice: User, client: Client, settings: Any, no_encoder_loaded: None
) -> None:
    """Two definitions with vectors by a tiny encoder, and Alice, who may search them."""
    settings.CODEINDEX_CHECKPOINT = str(checkpoint)
    shop = shelf.repository(alice)
    shelf.put(shop, "load.py", Written(LOAD, "load"))
    shelf.put(shop, "add.py", Written(ADD, "add"))
    encoder = encoders.searcher.encoder()
    with Embedding.objects.claimed(lifecycle.space_for(encoder), limit=10) as batch:
        embedding.encode(encoder, [batch])
    client.force_login(alice)
