"""The words that a definition mentions, and where: names often consist of them. The definition's
own name is hidden, as in path-contexts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from tree_sitter import Node

from embeddings.code import placed_words
from embeddings.code.docstrings import is_docstring
from embeddings.code.languages import Language, keywords, syntax_of
from embeddings.code.own_names import ParsedText, parse_text
from embeddings.code.parsing import node_text
from embeddings.code.tokens import NAME_PLACEHOLDER, without_name
from embeddings.code.words import parts

MOST_WORDS = 60
"""Words of one leaf. Later words of a docstring say little about the definition."""


class Place:
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

_BY_PLACE = (
    (placed_words.Place.BEFORE, Place.OTHER),
    (placed_words.Place.PARAMETER, Place.PARAMETER),
    (placed_words.Place.SUMMARY, Place.DOCUMENTED),
    (placed_words.Place.DOCUMENTATION, Place.DOCUMENTED),
    (placed_words.Place.COMMENT, Place.DOCUMENTED),
    (placed_words.Place.STRING, Place.STRING),
    (placed_words.Place.CALLED, Place.CALLED),
    (placed_words.Place.ATTRIBUTE, Place.MEMBER),
    (placed_words.Place.RETURNED, Place.RETURNED),
    (placed_words.Place.OTHER, Place.OTHER),
)
# Field names in the grammars of all languages.
_BY_FIELD = {
    "parameters": Place.PARAMETER,
    "return_type": Place.RETURNED,
    "function": Place.CALLED,
    "attribute": Place.MEMBER,
    "property": Place.MEMBER,
    "field": Place.MEMBER,
}
_RETURN = "return_statement"


def mentioned(text: str, language: str = "python") -> dict[str, int]:
    """The subtokens of a definition's identifiers, strings and documentation, in lower case, each
    with the bits of its places. Words have at least two letters."""
    entry = syntax_of(language)
    if entry is None:
        return {}
    parsed = parse_text(text, entry)
    places: dict[str, int] = {}
    is_documented = False
    for node, place in _leaves(parsed, entry):
        spelling = node_text(node, parsed.source).decode("utf-8", "replace")
        words = _words(spelling, parsed.own_name)
        for word in words:
            places[word] = places.get(word, 0) | place
        if place == Place.DOCUMENTED and not is_documented and words:
            places[words[0]] |= Place.OPENING
            is_documented = True
    return places


def mentioned_in(words: placed_words.Words, language: str = "python") -> dict[str, int]:
    """As `mentioned`, from words that are sorted by their places without a syntax tree: a little
    coarser, in a tenth of the time."""
    entry = syntax_of(language)
    if entry is None:
        return {}
    hidden = keywords(entry).union(words[placed_words.Place.NAME])
    mentions: dict[str, int] = {}
    for place, bits in _BY_PLACE:
        for spelling in words[place]:
            if spelling not in hidden:
                for part in _parts(spelling):
                    mentions[part] = mentions.get(part, 0) | bits
    for spelling in words[placed_words.Place.SUMMARY][:1]:
        for part in _parts(spelling)[:1]:
            mentions[part] = mentions.get(part, 0) | Place.OPENING
    return mentions


@lru_cache(maxsize=1 << 16)
def _parts(spelling: str) -> tuple[str, ...]:
    return tuple(part for part in parts(spelling) if part.isalpha() and len(part) > 1)


def _words(text: str, own_name: str | None) -> list[str]:
    if own_name:
        text = without_name(text, own_name).replace(NAME_PLACEHOLDER, " ")
    return [part for part in parts(text)[:MOST_WORDS] if part.isalpha() and len(part) > 1]


def _leaves(parsed: ParsedText, language: Language) -> Iterator[tuple[Node, int]]:
    """The nodes that contain words, in source order, with their places."""
    cursor = parsed.root.walk()
    around = [Place.OTHER]
    while True:
        node = cursor.node
        place = _place(cursor.field_name, around[-1])
        if node is not None:
            kind = node.type
            if kind in language.identifiers:
                yield node, place
            elif kind in language.strings or kind in language.texts:
                yield node, Place.STRING
            elif kind in language.comments or is_docstring(node, parsed.source, language):
                yield node, Place.DOCUMENTED
            elif cursor.goto_first_child():
                around.append(Place.RETURNED if kind == _RETURN else place)
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent() or len(around) == 1:
                return
            around.pop()


def _place(field: str | None, around: int) -> int:
    """The place of a child node. Parameters, return values and callees begin a place of their own;
    the object of a call ends it."""
    own = _BY_FIELD.get(field or "")
    if own in (Place.PARAMETER, Place.RETURNED, Place.CALLED):
        return own
    if field == "object" and around == Place.CALLED:
        return Place.OTHER
    return own if own is not None and around == Place.OTHER else around
