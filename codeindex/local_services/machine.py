"""The memory and processors that this process may use."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_CGROUP_MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_bytes() -> int:
    """Physical memory, or the container's limit where that is less."""
    total = int(psutil.virtual_memory().total)
    limits = [int(text) for path in _CGROUP_MEMORY_LIMITS if (text := _content(path)).isdigit()]
    return min([total, *limits])


def processors() -> int:
    """How many processors this process may run on."""
    return len(os.sched_getaffinity(0))


def _content(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""
