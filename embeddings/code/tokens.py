"""The tokens of leaves (identifiers, strings, numbers and keywords), and the hiding of a
definition's own name in them."""

from __future__ import annotations

import re
import string
from functools import lru_cache

from embeddings.code import node_roles

MAX_LENGTH = 64
"""Characters of a token."""

NAME_PLACEHOLDER = "METHOD_NAME"
"""Replaces a definition's own name where that is hidden."""

_QUOTES = re.compile(r"^[A-Za-z]{0,3}(?=[\"'`])")
_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]{0,100}\}|.)", re.S
)
_WORDS = re.compile(r"[\w$]+(?<!\$)")
_DIGIT_SEPARATORS = str.maketrans("", "", "_'")
_LETTERS = frozenset(string.ascii_lowercase)
_UNWRITABLE = re.compile(r"[^!-~]|[\"',]")
_BLANK = "BLANK"


def token(role: int, text: str, own_name: str | None = None) -> str:
    """The token of a leaf: an identifier as written, a string's content with escapes and white
    space as single blanks, a number in lower case without digit separators. `own_name` is replaced
    by the placeholder in identifiers and numbers that equal it and in strings that hold it."""
    if role in (node_roles.IDENTIFIER, node_roles.NUMBER) and text in spellings(own_name):
        return NAME_PLACEHOLDER
    if role == node_roles.IDENTIFIER:
        return text
    if role == node_roles.NUMBER:
        return text.lower().translate(_DIGIT_SEPARATORS)[:MAX_LENGTH]
    if role == node_roles.STRING:
        text = _QUOTES.sub("", text).strip("\"'`")
    if role in (node_roles.STRING, node_roles.TEXT):
        return _content(text if own_name is None else without_name(text, own_name))
    return text[:MAX_LENGTH]


@lru_cache
def parts_of(name: str | None) -> frozenset[str]:
    """What a name consists of in the syntax tree: itself, perhaps in backticks, or the words of one
    that is computed, such as `[Symbol.iterator]`."""
    if name is None:
        return frozenset()
    return frozenset(_WORDS.findall(name) if name.startswith("[") else [name, f"`{name}`"])


@lru_cache
def spellings(name: str | None) -> frozenset[str]:
    """How identifiers spell a name: by its parts, and in SQL also in quotes or brackets."""
    return parts_of(name) | ({f'"{name}"', f"[{name}]"} if name else set())


def without_name(text: str, name: str) -> str:
    """`text` with the placeholder for each occurrence of `name`, or of a part of one that is
    computed, as a whole word. Letters of an escape sequence, such as the n of `\\n`, do not
    count."""
    parts = [part for part in parts_of(name) if part in text]
    if not parts:
        return text
    either = "|".join(map(re.escape, parts))
    return re.sub(rf"(?<![\w\\$])(?:{either})(?![\w$])", NAME_PLACEHOLDER, text)


def normalised(token: str) -> str:
    """A token as code2vec writes it: its letters in lower case; without letters, its other
    printable characters; without these too, BLANK."""
    token = token.lower()
    letters = "".join(filter(_LETTERS.__contains__, token))
    return letters or _UNWRITABLE.sub("", token) or _BLANK


def _content(text: str) -> str:
    return " ".join(_ESCAPE.sub(" ", text).split())[:MAX_LENGTH].rstrip()
