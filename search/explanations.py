"""Why a definition is found: the path-contexts that its code vector is made of, and what its text
and its code add to its similarity to a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import embeddings
from codeindex.models import Definition
from codeindex.spaces import encoders
from embeddings.types import Kind, Leaf, PathContext

if TYPE_CHECKING:
    from embeddings.networks.explanations import Explanation, Shares

SHOWN = 10
"""Path-contexts, those with the most attention."""


@dataclass(frozen=True, slots=True)
class Token:
    """A leaf as the source has it, and its line in the file; 0 where the text was composed."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Context:
    """A path-context for a reader: `path` names the kinds of nodes, up to the top and down."""

    attention: float
    start: Token
    path: str
    end: Token


@dataclass(frozen=True, slots=True)
class Reasons:
    """`contexts` of `total`, the most attended first; `shares` if there was a query; `wanting` says
    why there is neither."""

    contexts: Sequence[Context] = ()
    total: int = 0
    shares: Shares | None = None
    wanting: str = ""


def of(definition: Definition, query: str = "") -> Reasons:
    """Reasons by the encoder that this process searches with."""
    text = definition.text
    try:
        encoder = encoders.searcher.encoder()
    except embeddings.EncoderUnavailable as reason:
        return Reasons(wanting=str(reason))
    why = encoder.explain(text.body, query or None, text.language)
    shown = [
        Context(
            one.attention,
            _token(one.context.start, why, definition),
            _path(one.context),
            _token(one.context.end, why, definition),
        )
        for one in why.contexts[:SHOWN]
    ]
    return Reasons(shown, len(why.contexts), why.shares)


def _token(leaf: Leaf, why: Explanation, definition: Definition) -> Token:
    before = why.source.encode("utf-8", "replace")[: leaf.start_byte].count(b"\n")
    is_own_source = definition.kind in (Kind.FUNCTION, Kind.METHOD)
    return Token(why.quoted(leaf), definition.start_line + before if is_own_source else 0)


def _path(context: PathContext) -> str:
    up, down = context.path[: context.top + 1], context.path[context.top + 1 :]
    return " ↓ ".join([" ↑ ".join(up), *down])
