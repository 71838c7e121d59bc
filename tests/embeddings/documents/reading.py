"""What is found in a text, in short."""

from __future__ import annotations

from embeddings.code.definitions import extract
from embeddings.code.languages import by_name
from embeddings.types import Definition


def found(source: str, name: str) -> list[Definition]:
    return extract(source, by_name(name)).definitions


def outline(source: str, name: str) -> list[tuple[str, str, int, int]]:
    """Kind, qualified name, first and last line of each unit."""
    return [
        (str(unit.kind), unit.qualified_name, unit.start_line, unit.end_line)
        for unit in found(source, name)
    ]
