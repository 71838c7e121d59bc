"""The program that measures the worker reads, embeds and compares, on an index of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git import GitRepository
from tests.journeys.installation import PROJECT, Installation


@pytest.mark.parametrize("options", [[], ["--pretend", "1000"]], ids=["real", "pretended"])
def test_it_prints_the_rate_of_the_worker_beside_that_of_its_encoder(
    options: list[str], tmp_path: Path
) -> None:
    shop = GitRepository.made(tmp_path / "shop")
    shop.commit({"shop.py": "def price(articles):\n    return sum(a.price for a in articles)\n"})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", str(shop.path), *options],
        cwd=PROJECT,
        env=Installation(tmp_path / "home").environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rates = re.findall(r"^(.+?)  +(\d+) texts +([\d.]+) a second$", done.stdout, re.MULTILINE)
    assert [name for name, _, _ in rates] == [
        "the worker",
        "the worker, its batches of full size",
        "the encoder alone",
    ]
    assert {texts for _, texts, _ in rates} == {"1"}
    assert all(float(rate) > 0 for _, _, rate in rates)
