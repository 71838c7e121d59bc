"""Documentation of definitions: the docstring that opens a body, or the comment above."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node

from embeddings.code.languages import Language
from embeddings.code.parsing import spelling

_LITERAL = re.compile(r"^([A-Za-z]*)(\"\"\"|'''|\"|')(.*)\2$", re.S)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_ESCAPED = {"\n": "", "n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}

_DIRECTIVE = re.compile(r"//(?:go:|nolint|lint:)|/[/*]\s*(?:eslint|@ts-|prettier|istanbul|global)")
_LICENCE = re.compile(r"\b(?:copyright|licen[cs]ed?|spdx-)", re.I)
_COMMENT_BEGIN = re.compile(r"^(?:/\*+!?|//+!?)[ \t]?")
_COMMENT_END = "*/"
_COMMENT_MARGIN = re.compile(r"^[ \t]*\*+(?:[ \t]|$)", re.M)
_BLANK = re.compile(rb"\s*")

MAX_INDENTATION = 1_000
"""Bytes. What stands further to the right is no beginning of a line: lines are looked at for each
definition in them, and one line may be a whole file."""


def line_before(source: bytes, position: int) -> bytes:
    """What stands before a position in its line; of a long line only the end."""
    earliest = max(0, position - MAX_INDENTATION)
    return source[source.rfind(b"\n", earliest, position) + 1 or earliest : position]


def opening_docstring(body: Node, source: bytes, language: Language) -> Node | None:
    """The statement at the start of a body that is its docstring."""
    cursor = body.walk()
    more = cursor.goto_first_child()
    while more:
        node = cursor.node
        if node is not None and node.is_named and node.type not in language.comments:
            return node if is_docstring(node, source, language) else None
        more = cursor.goto_next_sibling()
    return None


def is_docstring(statement: Node, source: bytes, language: Language) -> bool:
    """Whether a statement is nothing but text: a string, or several in a row, neither bytes nor
    interpolating."""
    if statement.type != language.docstring_statement:
        return False
    literals = _literals(statement, language)
    return bool(literals) and all(_is_text(literal, source) for literal in literals)


def docstring_text(statement: Node, source: bytes, language: Language) -> str:
    """What a docstring statement says, without its indentation."""
    literals = _literals(statement, language)
    return cleaned("".join(_value(spelling(literal, source)) for literal in literals))


def cleaned(text: str) -> str:
    """What `inspect.cleandoc` gives, in linear time however many blank lines there are."""
    first, *others = text.expandtabs().split("\n")
    indented = ((line, line.lstrip()) for line in others)
    margin = min((len(line) - len(said) for line, said in indented if said), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in others)]).strip("\n")


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments of a source as spans of bytes, in their order; `beginning` is where the first
    thing stands in it that is not white space."""

    source: bytes
    starts: list[int]
    ends: list[int]
    beginning: int

    def before(self, position: int) -> int | None:
        """The number of the comment between which and `position` is nothing but white space."""
        last = bisect_right(self.ends, position) - 1
        if last < 0 or not _BLANK.fullmatch(self.source, self.ends[last], position):
            return None
        return last

    def above(self, position: int) -> tuple[int, int] | None:
        """The span of the documentation of what begins at `position`: a block comment or a row of
        line comments that ends on the line before (or, for the kind of block that is made for it,
        a blank line before). Directives to tools are none, nor is a licence atop a file."""
        first, last = position, 0
        while (comment := self.before(first)) is not None and self._documents(comment, first):
            is_block = self.source.startswith(b"/*", self.starts[comment])
            if is_block and last:
                break
            first, last = self.starts[comment], last or self.ends[comment]
            if is_block:
                break
        is_atop = first <= self.beginning
        if not last or (is_atop and _LICENCE.search(_decoded(self.source[first:last]))):
            return None
        return first, last

    def _documents(self, comment: int, position: int) -> bool:
        start, end = self.starts[comment], self.ends[comment]
        alone = not line_before(self.source, start).strip()
        apart = 2 if self.source.startswith(b"/**", start) else 1
        near = self.source.count(b"\n", end, position) <= apart
        return alone and near and not _DIRECTIVE.match(_decoded(self.source[start:end]))


def comment_text(comment: bytes) -> str:
    """What a comment says, without the marks around it and at the beginnings of its lines."""
    text = _decoded(comment)
    if text.startswith("/*"):
        text = _COMMENT_BEGIN.sub("", text)
        if text.endswith(_COMMENT_END):
            text = text.removesuffix(_COMMENT_END).rstrip("*").rstrip(" \t")
        return cleaned(_COMMENT_MARGIN.sub("", text))
    lines = (_COMMENT_BEGIN.sub("", line.strip()) for line in text.splitlines())
    return cleaned("\n".join(lines))


def _literals(statement: Node, language: Language) -> list[Node]:
    """The strings that a statement consists of; none if it holds anything else."""
    literals = statement.named_children
    if len(literals) == 1 and literals[0].type == language.joined_strings:
        literals = literals[0].named_children
    literals = [node for node in literals if node.type not in language.comments]
    return literals if all(node.type in language.strings for node in literals) else []


def _is_text(string: Node, source: bytes) -> bool:
    prefix = spelling(string.children[0], source).lower()
    return b"b" not in prefix and b"f" not in prefix


def _value(string: bytes) -> str:
    literal = _LITERAL.match(_decoded(string))
    if literal is None:
        return ""
    prefix, _, content = literal.groups()
    return content if "r" in prefix.lower() else _ESCAPE.sub(_unescaped, content)


def _unescaped(escape: re.Match[str]) -> str:
    """What an escape stands for; one for what cannot be printed stays as it is written."""
    *codes, character = escape.groups()
    if character is not None:
        return _ESCAPED.get(character, escape[0])
    code = int("".join(filter(None, codes)), 16)
    return chr(code) if code <= sys.maxunicode and chr(code).isprintable() else escape[0]


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")
