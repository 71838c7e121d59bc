"""A definition's own name: finding it in the definition's text, and hiding it there, since a name
that can be read cannot be predicted."""

from __future__ import annotations

from functools import cache

from tree_sitter import Node, Query, QueryCursor

from embeddings.languages import Language, by_name, compiled, definitions_query
from embeddings.syntax import parse
from embeddings.tokens import NAME_PLACEHOLDER, without_name
from embeddings.types import Kind

_NESTING = 3
"""How many nodes below the root the text's own definition may lie, as under a decorator."""


def own_name(root: Node, language: Language) -> str | None:
    """The name of the one definition that the text under `root` consists of, beside statements
    that define nothing; None if there are several or none."""
    cursor = QueryCursor(definitions_query(language))
    cursor.set_max_start_depth(_NESTING)
    name, end = None, -1
    for _, captures in cursor.matches(root):
        for definition in captures.get("function") or captures.get("class") or []:
            if definition.start_byte >= end:
                if name is not None:
                    return None
                name, end = captures["name"][0].text, definition.end_byte
    return name.decode("utf-8", "replace") if name else None


def masked(text: str, language: str = "python", *, kind: str | None = None) -> str:
    """`text` with its definition's own name hidden as `paths.contexts` hides it: wherever it is an
    identifier, and as a whole word in strings, the docstring among them, and comments. A text with
    several definitions or none, or of `kind` module, has no own name and stays as it is."""
    entry, source = by_name(language), text.encode("utf-8", "replace")
    root = parse(source, entry).root_node
    name = None if kind == Kind.MODULE else own_name(root, entry)
    if name is None:
        return text
    pieces, end = [], 0
    for node in sorted(_may_hold_names(root, entry), key=lambda node: node.start_byte):
        pieces += [source[end : node.start_byte].decode(), _hidden(node, name, entry)]
        end = node.end_byte
    return "".join(pieces) + source[end:].decode()


def _hidden(node: Node, name: str, language: Language) -> str:
    text = (node.text or b"").decode()
    if node.type in language.identifiers:
        return NAME_PLACEHOLDER if text == name else text
    return without_name(text, name)


def _may_hold_names(root: Node, language: Language) -> list[Node]:
    return QueryCursor(_name_holders(language)).captures(root).get("holder", [])


@cache
def _name_holders(language: Language) -> Query:
    kinds = sorted(language.identifiers | language.texts | language.comments)
    return Query(compiled(language), f"[{' '.join(f'({kind})' for kind in kinds)}] @holder")
