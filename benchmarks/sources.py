"""Source files for benchmarks, and the definitions in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from embeddings.code import definitions
from embeddings.code.languages import language_by_path
from embeddings.code.parsing import UnreadableSource
from embeddings.files.decoding import decode
from embeddings.paths.mining import files_under
from embeddings.types import Definition


def files_in(folders: Sequence[Path]) -> list[Path]:
    """The files in the folders whose language is supported."""
    return [file for file in files_under(folders) if language_by_path(file.name)]


def definitions_in(file: Path) -> list[Definition]:
    """The definitions in a file of a supported language; none if it is not text."""
    language = language_by_path(file.name)
    assert language is not None
    try:
        source = decode(file.read_bytes(), language)
        return definitions.extract(source, language).definitions
    except UnreadableSource:
        return []


def texts_in(folders: Sequence[Path], count: int) -> list[str]:
    """The distinct texts of at most `count` definitions, in a random order of files that is the
    same in each run."""
    return list(islice(_distinct(folders), count))


def _distinct(folders: Sequence[Path]) -> Iterator[str]:
    seen = set()
    for file in np.random.default_rng(0).permutation(np.array(files_in(folders), dtype=object)):
        for definition in definitions_in(file):
            if definition.text not in seen:
                seen.add(definition.text)
                yield definition.text
