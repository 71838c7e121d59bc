from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from embeddings.training.__main__ import main
from tests.embeddings import tiny_packages


@pytest.fixture(scope="session")
def made_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    tiny_packages.site(folder / "site")
    where = ["--packages", str(folder / "site"), "--out", str(folder / "corpus")]
    assert main(["corpus", *where]) == 0
    return folder / "corpus"


@pytest.fixture
def corpus(made_corpus: Path, tmp_path: Path) -> Path:
    """A copy, since training keeps beside a corpus what it has computed of it."""
    return shutil.copytree(made_corpus, tmp_path / "corpus")
