"""The version of codeindex that a process runs."""

from __future__ import annotations

import subprocess
import tomllib
from functools import cache

from django.conf import settings

_COMMIT_CHARACTERS = 12


@cache
def version() -> str:
    """That of `pyproject.toml`, with the commit in a clone, such as 1.2.0+0123456789ab; as they
    were when this process first asked."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        released: str = tomllib.load(file)["project"]["version"]
    commit = _commit()
    return f"{released}+{commit}" if commit else released


def _commit() -> str:
    """Empty where there is no clone, as in an image."""
    asked = ["git", "-c", "safe.directory=*", "rev-parse", f"--short={_COMMIT_CHARACTERS}", "HEAD"]
    try:
        told = subprocess.run(
            asked, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.strip()
