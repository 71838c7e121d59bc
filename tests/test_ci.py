"""What a clean checkout is judged by: its tests, run in a clone that only its owner may enter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.git import GitRepository

SCRIPT = Path(__file__).parents[1] / ".ci" / "run"


@pytest.mark.parametrize(("outcome", "closing_line"), [("true", "3 passed"), ("false", "1 failed")])
def test_the_tests_run_in_a_private_folder_that_is_removed(
    tmp_path: Path, outcome: str, closing_line: str
) -> None:
    checkout, temporary = GitRepository.made(tmp_path / "check out"), tmp_path / "temporary"
    temporary.mkdir()
    recipe = f"stat -c '%a %n' .. . Makefile; echo '{closing_line}'; {outcome}"
    makefile = f"chaos:\n\t@true\ntest:\n\t@{recipe}\n"
    checkout.commit({"Makefile": makefile, ".ci/run": SCRIPT.read_text()})
    done = subprocess.run(
        ["bash", checkout.path / ".ci" / "run"],
        capture_output=True,
        text=True,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    expected = ["700 ..", "700 .", "600 Makefile", closing_line]
    assert done.stdout.splitlines() == expected, done.stderr
    assert (done.returncode == 0) == (outcome == "true")
    assert list(temporary.iterdir()) == []
