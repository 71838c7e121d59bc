"""The folder for what is made once and can be made anew."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """Where exported networks and joined models are kept; they can be deleted at any time."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "codeindex")
