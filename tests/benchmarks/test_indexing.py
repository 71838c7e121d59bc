"""The program that measures a whole index, on a repository of one file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.git import GitRepository
from tests.journeys.installation import PROJECT, Installation


def test_it_prints_whole_indexes_and_their_parts(tmp_path: Path) -> None:
    shop = GitRepository.made(tmp_path / "shop")
    shop.commit({"shop.py": "def price(articles):\n    return sum(a.price for a in articles)\n"})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.indexing", str(shop.path)],
        cwd=PROJECT,
        env=Installation(tmp_path / "home").environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    wholes = re.findall(r"^(.+): 1 definitions, searchable by meaning", done.stdout, re.MULTILINE)
    assert wholes == ["first index", "second, of the same commit"]
    assert "definitions 0" in done.stdout, "the seconds of a stage"
    parts = re.findall(r"^(\w.*?)  +[\d,]+ definitions a second", done.stdout, re.MULTILINE)
    assert parts == ["parsing alone", "reading", "drafting"]
