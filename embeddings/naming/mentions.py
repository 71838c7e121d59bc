"""The words that a definition mentions, and where: a name is often made of them. The definition's
own name is hidden, as it is in path-contexts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from embeddings.code.docstrings import is_docstring
from embeddings.code.languages import Language, by_name
from embeddings.code.own_names import ParsedText, parse_text
from embeddings.code.parsing import spelling
from embeddings.code.tokens import NAME_PLACEHOLDER, without_name
from embeddings.code.words import parts

MOST_WORDS = 60
"""Of one leaf; a docstring's further words say little of what it is about."""


class Where:
    """Where in a definition a word stands, as bits. OPENING is its documentation's first word,
    OTHER an identifier anywhere else. (Plain numbers: those of an enumeration are far slower.)"""

    PARAMETER: Final = 1
    RETURNED: Final = 2
    CALLED: Final = 4
    MEMBER: Final = 8
    DOCUMENTED: Final = 16
    OPENING: Final = 32
    STRING: Final = 64
    OTHER: Final = 128


PLACES = 8
"""How many bits there are."""

# As grammars call the fields of their nodes, whatever the language.
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
    with all the places where it stands, as bits. Words are of two letters or more."""
    entry = by_name(language)
    parsed = parse_text(text, entry)
    found: dict[str, int] = {}
    is_documented = False
    for node, where in _leaves(parsed, entry):
        said = spelling(node, parsed.source).decode("utf-8", "replace")
        words = _words(said, parsed.own_name)
        for word in words:
            found[word] = found.get(word, 0) | where
        if where == Where.DOCUMENTED and not is_documented and words:
            found[words[0]] |= Where.OPENING
            is_documented = True
    return found


def _words(said: str, own_name: str | None) -> list[str]:
    hidden = without_name(said, own_name).replace(NAME_PLACEHOLDER, " ") if own_name else said
    return [part for part in parts(hidden)[:MOST_WORDS] if part.isalpha() and len(part) > 1]


def _leaves(parsed: ParsedText, language: Language) -> Iterator[tuple[Node, int]]:
    """The nodes that say something, in their order, and where they stand."""
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
    """Where a child stands: parameters, what is returned and what is called begin a place of their
    own, the object that something is called on leaves it again."""
    found = _BY_FIELD.get(field or "")
    if found in (Where.PARAMETER, Where.RETURNED, Where.CALLED):
        return found
    if field == "object" and around == Where.CALLED:
        return Where.OTHER
    return found if found is not None and around == Where.OTHER else around
