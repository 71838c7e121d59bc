"""Docstrings: which node is one, and what it says."""

from __future__ import annotations

import inspect
import re
import sys

from tree_sitter import Node

from embeddings.languages import Language

_LITERAL = re.compile(r"^([A-Za-z]*)(\"\"\"|'''|\"|')(.*)\2$", re.S)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_ESCAPED = {"\n": "", "n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def opening(body: Node, language: Language) -> Node | None:
    """The statement at the start of a body that is its docstring."""
    cursor = body.walk()
    more = cursor.goto_first_child()
    while more:
        node = cursor.node
        if node is not None and node.is_named and node.type not in language.comments:
            return node if is_docstring(node, language) else None
        more = cursor.goto_next_sibling()
    return None


def is_docstring(statement: Node, language: Language) -> bool:
    """Whether a statement is nothing but text: a string, or several in a row, neither bytes nor
    interpolating."""
    if statement.type != language.docstring_statement:
        return False
    literals = _literals(statement, language)
    return bool(literals) and all(_is_text(literal, language) for literal in literals)


def said_by(statement: Node, language: Language) -> str:
    """What a docstring statement says, its indentation cleaned as `inspect.cleandoc` does."""
    return inspect.cleandoc("".join(map(_value, _literals(statement, language))))


def _literals(statement: Node, language: Language) -> list[Node]:
    """The strings that a statement consists of; none if it holds anything else."""
    literals = statement.named_children
    if len(literals) == 1 and literals[0].type == language.joined_strings:
        literals = literals[0].named_children
    literals = [node for node in literals if node.type not in language.comments]
    return literals if all(node.type in language.strings for node in literals) else []


def _is_text(string: Node, language: Language) -> bool:
    prefix = (string.children[0].text or b"").lower()
    return b"b" not in prefix and b"f" not in prefix


def _value(string: Node) -> str:
    literal = _LITERAL.match((string.text or b"").decode("utf-8", "replace"))
    if literal is None:
        return ""
    prefix, _, content = literal.groups()
    if "r" in prefix.lower():
        return content
    return _ESCAPE.sub(_unescaped, content)


def _unescaped(escape: re.Match[str]) -> str:
    """What an escape stands for; one for what cannot be printed stays as it is written."""
    *codes, character = escape.groups()
    if character is not None:
        return _ESCAPED.get(character, escape[0])
    code = int("".join(filter(None, codes)), 16)
    return chr(code) if code <= sys.maxunicode and chr(code).isprintable() else escape[0]
