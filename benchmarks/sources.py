"""The source files that benchmarks draw from, and the definitions in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embeddings import definitions
from embeddings.languages import by_path
from embeddings.paths.mining import files_under
from embeddings.types import Definition


def files_in(folders: Sequence[Path]) -> list[Path]:
    """The files under the folders whose language is known."""
    return [file for file in files_under(folders) if by_path(file.name)]


def definitions_in(file: Path) -> list[Definition]:
    """Those of a file whose language is known; none if it is no text."""
    language = by_path(file.name)
    assert language is not None
    try:
        source = definitions.decode(file.read_bytes(), language)
    except definitions.UnreadableSource:
        return []
    return definitions.extract(source, language).definitions
