"""Plain text, and every file of no known type."""

from __future__ import annotations

from collections.abc import Iterator

from embeddings.documents.units import Lines
from embeddings.types import Definition


def read(source: str, language: str) -> Iterator[Definition]:
    """One unit for a short file, and windows at paragraphs for a longer one."""
    return Lines.split(source, language).whole()
