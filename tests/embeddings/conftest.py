from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.training.__main__ import main
from tests.embeddings import tiny_packages


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    tiny_packages.site(tmp_path / "site")
    out = tmp_path / "corpus"
    assert main(["corpus", "--packages", str(tmp_path / "site"), "--out", str(out)]) == 0
    return out
