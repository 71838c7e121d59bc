"""The names that files use: stored with their content, and removed with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from codeindex.ingestion import garbage_collection, pipeline
from codeindex.models import Blob, IndexRun, NamesUsed, Repository
from embeddings import types
from embeddings.code.definitions import extract
from embeddings.code.languages import PYTHON
from embeddings.types import READING_VERSION
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

SHOP = "from prices import total\n\n\ndef pay(basket):\n    return total(basket.articles)\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


def stored(blob: Blob) -> types.NamesUsed:
    row = blob.names_used
    return types.NamesUsed(row.names, row.ends, row.uses, row.is_cut)


def test_a_run_stores_what_each_content_uses(
    source: GitRepository, registered: Repository, requested: Callable[[Repository], IndexRun]
) -> None:
    source.commit({"shop.py": SHOP, "copy.py": SHOP, "notes.md": "# Notes\n", "empty.py": ""})
    pipeline.index(requested(registered).pk)
    (blob,) = Blob.objects.filter(names_used__isnull=False)
    assert blob.content == SHOP
    assert stored(blob) == extract(SHOP, PYTHON).uses


def test_what_an_older_version_has_read_is_read_again(
    source: GitRepository, registered: Repository, requested: Callable[[Repository], IndexRun]
) -> None:
    source.commit({"shop.py": SHOP})
    pipeline.index(requested(registered).pk)
    NamesUsed.objects.all().delete()
    Blob.objects.update(format_version=READING_VERSION - 1)
    IndexRun.objects.update(status="published", reading=READING_VERSION - 1)
    pipeline.index(requested(registered).pk)
    assert stored(Blob.objects.get(format_version=READING_VERSION)) == extract(SHOP, PYTHON).uses


def test_names_are_removed_with_their_content(
    source: GitRepository, registered: Repository, requested: Callable[[Repository], IndexRun]
) -> None:
    source.commit({"shop.py": SHOP})
    pipeline.index(requested(registered).pk)
    registered.delete()
    garbage_collection.mark()
    garbage_collection.sweep(timedelta(0))
    assert not Blob.objects.exists()
    assert not NamesUsed.objects.exists()
