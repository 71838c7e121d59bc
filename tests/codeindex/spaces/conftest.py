"""Spaces of a small repository, and checkpoints of tiny encoders."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from codeindex import tasks
from codeindex.ingestion import pipeline
from codeindex.models import (
    Embedding,
    IndexRun,
    Repository,
    Space,
    SpaceState,
)
from codeindex.spaces import lifecycle
from embeddings.networks.fusion import FusionKind
from tests.embeddings import tiny
from tests.git import GitRepository

READY = {"state": "ready", "vector": [1, 0, 0]}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two checkpoints on one language model."""
    model = tiny.bert(tmp_path_factory.mktemp("bert"))
    return [
        tiny.checkpoint(tmp_path_factory.mktemp(kind), model, fusion=kind)
        for kind in (FusionKind.WEIGHTED_SUM, FusionKind.CONCATENATION)
    ]


@pytest.fixture
def old(indexed: IndexRun) -> Space:
    """The active space of a repository of six functions, all with vectors."""
    space = made("old", SpaceState.ACTIVE)
    Embedding.objects.filter(space=space).update(**READY)
    return space


@pytest.fixture
def new(old: Space) -> Space:
    """Another one, being filled: it lacks everything."""
    return made("new")


@pytest.fixture
def indexed(source: GitRepository, registered: Repository) -> IndexRun:
    source.commit({f"f{n}.py": f"def f{n}(path): return open(path, {n})\n" for n in range(6)})
    run = tasks.request_index(repository=registered, by=None)
    pipeline.index(run.pk)
    run.refresh_from_db()
    return run


def made(name: str, state: SpaceState = SpaceState.BUILDING) -> Space:
    space = Space.objects.create(name=name, fingerprint=f"of {name}", dimensions=3, state=state)
    lifecycle.request_embeddings(space)
    return space


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("spaces", *arguments, stdout=out)
    return out.getvalue()


def active() -> Space:
    return Space.objects.get(state=SpaceState.ACTIVE)
