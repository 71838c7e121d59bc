"""Progress bars, which are hidden unless the output is a terminal."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm


def of_writing(file: Any) -> Any:
    """The same file, with a bar that shows how much was written."""
    return tqdm.wrapattr(file, "write", desc="database", disable=None)


def of_reading(file: Any, size: int) -> Any:
    """The same file of `size` bytes, with a bar that shows how much was read."""
    return tqdm.wrapattr(file, "read", total=size, desc="database", disable=None)
