"""The rules of the house, checked: style, types, which room may import which, migrations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(["-m", "ruff", "check", "."], id="style"),
        pytest.param(["-m", "ruff", "format", "--check", "."], id="format"),
        pytest.param(["-m", "mypy"], id="types"),
        pytest.param(["-c", LINT_IMPORTS], id="imports"),
    ],
)
def test_the_house_is_in_order(check: list[str]) -> None:
    done = subprocess.run([sys.executable, *check], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_migration_is_missing() -> None:
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_worker_and_a_command_start_without_torch() -> None:
    """A forked child cannot use CUDA if its parent has; and torch takes seconds to load."""
    loading = (
        "import django, sys; django.setup(); import codeindex.tasks, embeddings.paths;"
        "from codeindex.management.commands import index;"
        "from search.management.commands import search;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", loading], cwd=PROJECT).returncode == 0
