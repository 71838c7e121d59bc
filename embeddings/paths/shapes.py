"""The shape of code: its syntax tree without names, literals, comments and layout. Two pieces of
code have the same shape if they differ in these alone, with names renamed consistently (clones of
type 2, as Roy and Cordy call them, 2007)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.code.languages import Language, syntax_of
from embeddings.code.node_roles import IDENTIFIER
from embeddings.code.own_names import parse_text
from embeddings.code.parsing import UnreadableSource, in_parser_thread
from embeddings.paths.forest import Forest, plant

REACH = 8
"""Nodes above a leaf that count."""

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """The hash of a shape, in hexadecimal, and how many leaves the tree has."""

    digest: str
    leaves: int


def shapes(texts: Sequence[str], language: str) -> list[Shape | None]:
    """The shape of each text of a language; None where a text cannot be parsed, or has no syntax.
    Raises KeyError for an unknown language."""
    syntax = syntax_of(language)
    if syntax is None:
        return [None] * len(texts)
    return in_parser_thread(lambda: [_shape(text, syntax) for text in texts])


def _shape(text: str, language: Language) -> Shape | None:
    forest = Forest(reach=REACH)
    try:
        parsed = parse_text(text, language)
        plant(forest, parsed.root, parsed.source, language)
    except UnreadableSource:
        return None
    if not forest.leaves:
        return None
    kinds = {number: way for way, number in forest.kinds.items()}
    names: dict[bytes, int] = {}
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    leaves = zip(forest.ways, forest.roles, forest.starts, forest.ends, strict=True)
    for leaf, (way, role, start, end) in enumerate(leaves):
        if role == IDENTIFIER:  # by its first occurrence
            written = str(names.setdefault(parsed.source[start:end], len(names)))
        else:
            written = forest.words.get(leaf, "")
        digest.update("\0".join([*kinds[way], str(role), written, "\n"]).encode())
    return Shape(digest.hexdigest(), len(forest.leaves))
