"""The cache folder."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """Where exported networks and unpacked models are cached; it can be deleted at any time."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "codeindex")
