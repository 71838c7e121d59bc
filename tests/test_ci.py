"""What a clean checkout is judged by: its tests, run in a clone that only its owner may enter."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.git import GitRepository

SCRIPT = Path(__file__).parents[1] / ".ci" / "run"
# fmt: off
PROGRAMS = ("bash", "cat", "dirname", "echo", "false", "git", "ln", "make", "mktemp", "rm", "sh",
            "stat", "true")
# fmt: on
BESIDE = ("caddy", "chromium", "pgbouncer", "prometheus", "redis-server", "tinyproxy")
"""Installed for tests that are skipped without them."""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """All that the script runs, with `id` for root and without chromium and apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        (folder / name).symlink_to(shutil.which(name) or name)
    write(folder / "id", "echo 0")
    write(folder / "docker", "exit 0")
    return folder


def write(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o700)


def judged(
    tmp_path: Path, programs: Path, recipe: str, before: str = "true", **variables: str
) -> subprocess.CompletedProcess[str]:
    checkout = GitRepository.made(tmp_path / "check out")
    makefile = f"chaos topology:\n\t@{before}\ntest:\n\t@{recipe}\n"
    checkout.commit({"Makefile": makefile, ".ci/run": SCRIPT.read_text()})
    return subprocess.run(
        ["bash", checkout.path / ".ci" / "run"],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": str(programs)} | variables,
    )


@pytest.mark.parametrize(("outcome", "closing_line"), [("true", "3 passed"), ("false", "1 failed")])
def test_the_tests_run_in_a_private_folder_that_is_removed(
    tmp_path: Path, programs: Path, outcome: str, closing_line: str
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    recipe = f"stat -c '%a %n' .. . Makefile; echo '{closing_line}'; {outcome}"
    done = judged(tmp_path, programs, recipe, TMPDIR=str(temporary))
    expected = ["700 ..", "700 .", "600 Makefile", closing_line]
    assert done.stdout.splitlines() == expected, done.stderr
    assert (done.returncode == 0) == (outcome == "true")
    assert list(temporary.iterdir()) == []


def test_a_failure_keeps_no_later_part_from_running(tmp_path: Path, programs: Path) -> None:
    done = judged(tmp_path, programs, "echo '3 passed'", before="false")
    assert done.stdout == "3 passed\n"
    assert done.returncode == 1


def test_a_missing_browser_is_installed(tmp_path: Path, programs: Path) -> None:
    installing = [f"ln -sf '{programs}/stat' '{programs}/{each}'" for each in BESIDE]
    write(programs / "apt-get", "; ".join(installing))
    done = judged(tmp_path, programs, "echo passed")
    assert (done.stdout, done.stderr) == ("passed\n", "")


def test_a_browser_that_cannot_be_installed_is_said_to_be_missing(
    tmp_path: Path, programs: Path
) -> None:
    write(programs / "apt-get", "exit 100")
    done = judged(tmp_path, programs, "echo passed")
    assert done.stdout == "passed\n"
    assert "There is no chromium" in done.stderr
