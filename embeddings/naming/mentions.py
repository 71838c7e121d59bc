"""The words that a definition mentions, and where: names often consist of them. The definition's
own name is hidden, as in path-contexts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from embeddings.code.docstrings import is_docstring
from embeddings.code.languages import Language, by_name
from embeddings.code.own_names import ParsedText, parse_text
from embeddings.code.parsing import node_text
from embeddings.code.tokens import NAME_PLACEHOLDER, without_name
from embeddings.code.words import parts

MOST_WORDS = 60
"""Words of one leaf. Later words of a docstring say little about the definition."""


class Where:
    """Where a definition mentions a word, as bits. OPENING is the first word of its documentation,
    OTHER an identifier anywhere else. (Plain numbers, since members of an enum are far slower.)"""

    PARAMETER: Final = 1
    RETURNED: Final = 2
    CALLED: Final = 4
    MEMBER: Final = 8
    DOCUMENTED: Final = 16
    OPENING: Final = 32
    STRING: Final = 64
    OTHER: Final = 128


PLACES = 8
"""The number of bits."""

# Field names in the grammars of all languages.
_BY_FIELD = {
    "parameters": Where.PARAMETER,
    "return_type": Where.RETURNED,
    "function": Where.CALLED,
    "attribute": Where.MEMBER,
    "property": Where.MEMBER,
    "field": Where.MEMBER,
}
_RETURN = "return_statement"


def mentioned(text: str, language: str = "python") -> dict[str, int]:
    """The subtokens of a definition's identifiers, strings and documentation, in lower case, each
    with the bits of its places. Words have at least two letters."""
    entry = by_name(language)
    if not isinstance(entry, Language):
        return {}
    parsed = parse_text(text, entry)
    found: dict[str, int] = {}
    is_documented = False
    for node, where in _leaves(parsed, entry):
        spelling = node_text(node, parsed.source).decode("utf-8", "replace")
        words = _words(spelling, parsed.own_name)
        for word in words:
            found[word] = found.get(word, 0) | where
        if where == Where.DOCUMENTED and not is_documented and words:
            found[words[0]] |= Where.OPENING
            is_documented = True
    return found


def _words(text: str, own_name: str | None) -> list[str]:
    if own_name:
        text = without_name(text, own_name).replace(NAME_PLACEHOLDER, " ")
    return [part for part in parts(text)[:MOST_WORDS] if part.isalpha() and len(part) > 1]


def _leaves(parsed: ParsedText, language: Language) -> Iterator[tuple[Node, int]]:
    """The nodes that contain words, in source order, with their places."""
    cursor = parsed.root.walk()
    around = [Where.OTHER]
    while True:
        node = cursor.node
        where = _where(cursor.field_name, around[-1])
        if node is not None:
            kind = node.type
            if kind in language.identifiers:
                yield node, where
            elif kind in language.strings or kind in language.texts:
                yield node, Where.STRING
            elif kind in language.comments or is_docstring(node, parsed.source, language):
                yield node, Where.DOCUMENTED
            elif cursor.goto_first_child():
                around.append(Where.RETURNED if kind == _RETURN else where)
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent() or len(around) == 1:
                return
            around.pop()


def _where(field: str | None, around: int) -> int:
    """The place of a child node. Parameters, return values and callees begin a place of their own;
    the object of a call ends it."""
    found = _BY_FIELD.get(field or "")
    if found in (Where.PARAMETER, Where.RETURNED, Where.CALLED):
        return found
    if field == "object" and around == Where.CALLED:
        return Where.OTHER
    return found if found is not None and around == Where.OTHER else around
