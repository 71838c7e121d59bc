"""Documentation of definitions: the docstring that opens a body, or the comment above it."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node

from embeddings.code.languages import FileType, Language
from embeddings.code.parsing import node_text

_LITERAL = re.compile(r"^(~?[A-Za-z]*)(\"\"\"|'''|\"|')(.*)\2$", re.S)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_ESCAPED = {"\n": "", "n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}

_DIRECTIVE = re.compile(
    r"""//(?:go:|nolint|lint:)|/[/*]\s*(?:eslint|@ts-|prettier|istanbul|global|solhint)
    |\#\s*(?:syntax=|hadolint|tflint|checkov:|tfsec:)""",
    re.VERBOSE,
)
_LICENCE = re.compile(r"\b(?:copyright|licen[cs]ed?|spdx-)", re.I)
_COMMENT_MARGIN = re.compile(r"^[ \t]*\*+(?:[ \t]|$)", re.M)
_BLANK = re.compile(rb"\s*")
_DOCUMENTATION = (b"/**", b"=")
"""How blocks of documentation begin."""
_SEPARATED = re.compile(rb"[ \t,;]*+")

MAX_INDENTATION = 1_000
"""Bytes. Anything further to the right does not count as the beginning of a line: a line is looked
at for each definition in it, and may be a whole file."""


def line_before(source: bytes, position: int) -> bytes:
    """The part of a line before a position; only the last MAX_INDENTATION bytes of a long one."""
    earliest = max(0, position - MAX_INDENTATION)
    return source[source.rfind(b"\n", earliest, position) + 1 or earliest : position]


def line_after(source: bytes, position: int) -> bytes:
    """The part of a line from a position on; only the first MAX_INDENTATION bytes of a long one."""
    latest = position + MAX_INDENTATION
    end = source.find(b"\n", position, latest)
    return source[position : latest if end < 0 else end]


def opening_docstring(body: Node, source: bytes, language: Language) -> Node | None:
    """The docstring statement at the start of a body, if there is one."""
    cursor = body.walk()
    more = cursor.goto_first_child()
    while more:
        node = cursor.node
        if node is not None and node.is_named and node.type not in language.comments:
            return node if is_docstring(node, source, language) else None
        more = cursor.goto_next_sibling()
    return None


def is_docstring(statement: Node, source: bytes, language: Language) -> bool:
    """Whether a statement consists of string literals alone, neither bytes nor interpolated."""
    if statement.type != language.docstring_statement:
        return False
    literals = _literals(statement, language)
    return bool(literals) and all(_is_text(literal, source) for literal in literals)


def docstring_text(statement: Node, source: bytes, language: Language) -> str:
    """The content of a docstring statement, without its indentation."""
    literals = _literals(statement, language)
    return clean_docstring("".join(_value(node_text(literal, source)) for literal in literals))


def content_text(content: Node, source: bytes, language: Language) -> str:
    """The text of a literal or comment that is documentation, without its indentation."""
    if content.type in language.comments:
        return comment_text(node_text(content, source), language)
    return clean_docstring(_value(node_text(content, source)))


def clean_docstring(text: str) -> str:
    """The same as `inspect.cleandoc`, in linear time however many blank lines there are."""
    first, *others = text.expandtabs().split("\n")
    stripped = ((line, line.lstrip()) for line in others)
    margin = min((len(line) - len(rest) for line, rest in stripped if rest), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in others)]).strip("\n")


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments of a source as byte spans in source order. `beginning` is the position of the
    first character that is not white space."""

    source: bytes
    starts: list[int]
    ends: list[int]
    beginning: int
    language: FileType

    def before(self, position: int) -> int | None:
        """The index of the comment that only white space separates from `position`."""
        last = bisect_right(self.ends, position) - 1
        if last < 0 or not _BLANK.fullmatch(self.source, self.ends[last], position):
            return None
        return last

    def above(self, position: int) -> tuple[int, int] | None:
        """The span of the comment that documents what begins at `position`: a block comment or
        consecutive line comments that end on the line before. A documentation block (`/**`, POD)
        may be followed by one blank line. Directives to tools and a licence header do not count."""
        first, last = position, 0
        while (comment := self.before(first)) is not None and self._documents(comment, first):
            is_block = self._is_block(comment)
            if is_block and last:
                break
            first, last = self.starts[comment], last or self.ends[comment]
            if is_block:
                break
        is_atop = first <= self.beginning
        if not last or (is_atop and _LICENCE.search(_decode(self.source[first:last]))):
            return None
        return first, last

    def end_after(self, position: int) -> int:
        """Where the line comment ends that follows what ends at `position` on the same line;
        `position` if there is none."""
        following = bisect_left(self.starts, position)
        if following == len(self.starts):
            return position
        start, end = self.starts[following], self.ends[following]
        is_beside = _SEPARATED.fullmatch(self.source, position, start) is not None
        return end if is_beside and b"\n" not in self.source[start:end] else position

    def _is_block(self, comment: int) -> bool:
        text = self.source[self.starts[comment] : self.ends[comment]]
        return _block_marks(text, self.language) is not None

    def _documents(self, comment: int, position: int) -> bool:
        start, end = self.starts[comment], self.ends[comment]
        alone = not line_before(self.source, start).strip()
        apart = 2 if self.source.startswith(_DOCUMENTATION, start) else 1
        near = self.source.count(b"\n", end, position) <= apart
        return alone and near and not _DIRECTIVE.match(_decode(self.source[start:end]))


def comment_text(comment: bytes, language: FileType) -> str:
    """The text of a comment, without comment marks."""
    text = _decode(comment)
    if marks := _block_marks(comment, language):
        opened, closed = marks
        text = re.sub(rf"^{re.escape(opened)}[*!|]*[ \t]?", "", text)
        if text.endswith(closed):
            text = text.removesuffix(closed).rstrip("*").rstrip(" \t")
        return clean_docstring(_COMMENT_MARGIN.sub("", text))
    begin = _line_mark(language)
    return clean_docstring("\n".join(begin.sub("", line.strip()) for line in text.splitlines()))


def _block_marks(comment: bytes, language: FileType) -> tuple[str, str] | None:
    """The marks around a comment that need not end with the line; None if it ends there."""
    for opened, closed in language.block_comments:
        if comment.startswith(opened.encode()):
            return opened, closed
    return None


@cache
def _line_mark(language: FileType) -> re.Pattern[str]:
    marks = "|".join(
        f"(?:{re.escape(mark)})+{re.escape(mark[-1])}*" for mark in language.line_comments
    )
    return re.compile(rf"^(?:{marks})[!|]?[ \t]?")


def _literals(statement: Node, language: Language) -> list[Node]:
    """The string literals of a statement; none if it contains anything else."""
    literals = statement.named_children
    if len(literals) == 1 and literals[0].type == language.joined_strings:
        literals = literals[0].named_children
    literals = [node for node in literals if node.type not in language.comments]
    return literals if all(node.type in language.strings for node in literals) else []


def _is_text(string: Node, source: bytes) -> bool:
    prefix = node_text(string.children[0], source).lower()
    return b"b" not in prefix and b"f" not in prefix


def _value(string: bytes) -> str:
    literal = _LITERAL.match(_decode(string))
    if literal is None:
        return ""
    prefix, _, content = literal.groups()
    return content if "r" in prefix.lower() else _ESCAPE.sub(_unescaped, content)


def _unescaped(escape: re.Match[str]) -> str:
    """The character of an escape sequence; unprintable ones stay escaped."""
    *codes, character = escape.groups()
    if character is not None:
        return _ESCAPED.get(character, escape[0])
    code = int("".join(filter(None, codes)), 16)
    return chr(code) if code <= sys.maxunicode and chr(code).isprintable() else escape[0]


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")
