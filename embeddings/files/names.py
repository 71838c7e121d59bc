"""What a file is called: its own name or, where that only says that the file stands for its
folder, the folder's."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath

from embeddings.code.words import analyse

PACKAGE_FILES = frozenset({"__init__", "index", "init", "lib", "main", "mod", "package"})
"""Names, without extensions, of files that stand for their folders."""

_DECLARATION = re.compile(r"\.d\.[cm]?ts\Z")
"""The extension of files that declare what a script holds."""


def name(path: str) -> str:
    """Without its extension: `routing` for `src/routing/mod.rs`."""
    whole = PurePosixPath(_DECLARATION.sub(".ts", path)).with_suffix("")
    stands_for_folder = whole.name.lower() in PACKAGE_FILES
    return (stands_for_folder and whole.parent.name) or whole.name


@lru_cache(1 << 16)
def words(path: str) -> tuple[str, ...]:
    """The words of its name, as search finds it by them."""
    return analyse(name(path))
