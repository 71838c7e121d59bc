"""Documentation of definitions: the docstring that opens a body, or the comment above it."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from tree_sitter import Node

from embeddings.code.languages import FileType, Language, keywords
from embeddings.code.parsing import node_text

_LITERAL = re.compile(r"^(~?[A-Za-z]*)(\"\"\"|'''|\"|')(.*)\2$", re.S)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)
_ESCAPED = {"\n": "", "n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}

_DIRECTIVE = re.compile(
    r"""//(?:line[ ]|extern[ ]|export[ ]|nolint\b|[a-z0-9]+:[a-z0-9])
    | /\*\s*globals?\s+[\w$]+\s*(?:[,:]|\*/)
    | [^\w@]*+(?:@formatter:|@phpstan-|@psalm-|@ts-|biome-ignore|c8[ ]ignore|checkov:|checkstyle:
        |clang-format[ ]|coding[:=]|cppcheck-|deno-lint-|eslint-|eslint\s+[\w/@-]+\s*:|flake8:
        |fmt:|hadolint[ ]|isort:|istanbul[ ]ignore|jscs:|jshint\b|ktlint-|lint:|mypy:
        |noinspection\b|nolint|noqa\b|nosec\b|nosonar\b|oxlint-|phpcs:|pragma:|prettier-ignore
        |pylint:|pyright:|rubocop:|ruff:|shellcheck[ ]|syntax=|solhint-|stylelint-|swiftlint:
        |tflint-|tfsec:|tslint:|type:\s*ignore|v8[ ]ignore|yapf:)""",
    re.VERBOSE | re.IGNORECASE,
)
"""A comment that speaks to a tool, comment marks included."""

_FILE_TAG = re.compile(
    r"^[ \t]*/?\**[ \t]*@(?:file|fileoverview|overview|packageDocumentation)\b", re.MULTILINE
)
_TWO_WORDS = re.compile(r"\b([^\W\d_]++),? (?=([^\W\d_]++))")
_CODE = re.compile(r"[=(){}\[\];]|[a-zA-Z]\.[a-zA-Z]{2}")
_RULES = tuple(character * 3 for character in "-=*#~_+/")
_SHORTEST_RULE = 6
_EDGE = 200
"""Characters at either end of a comment by which its sort is told."""

_BEGINNING = 3
"""Comments among which the documentation of a file is looked for by its tag."""

_LONGEST_CODE = 4_000
"""Characters of a comment that may be code. A longer one counts as documentation."""

_LICENCE = re.compile(r"\b(?:copyright|licen[cs]ed?|spdx-)", re.I)
_COMMENT_MARGIN = re.compile(r"^[ \t]*\*+(?:[ \t]|$)", re.M)
_BLANK = re.compile(rb"\s*")
_SEPARATED = re.compile(rb"[ \t,;]*+")

_DOCUMENTATION = (b"/**", b"=")
"""How blocks of documentation begin."""

MOST_COMMENTS = 1_000
"""Line comments that are taken for one."""

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


def trimmed_end(source: bytes, start: int, end: int) -> int:
    """The end of a span without white space at its end."""
    while end > start and source[end - 1 : end].isspace():
        end -= 1
    return end


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


@dataclass(frozen=True)
class Comments:
    """The comments of a source as byte spans in source order. `beginning` is the position of the
    first character that is not white space."""

    source: bytes
    starts: list[int]
    ends: list[int]
    beginning: int
    language: FileType
    known: dict[int, tuple[int, int] | None] = field(default_factory=dict)
    """What `above` has answered: it is asked for a text, its documentation and its lines."""

    def before(self, position: int) -> int | None:
        """The index of the comment that only white space separates from `position`."""
        last = bisect_right(self.ends, position) - 1
        if last < 0:
            return None
        end = self.ends[last]
        is_beside = end == position or self.source[position - 1 : position].isspace()
        return last if is_beside and _BLANK.fullmatch(self.source, end, position) else None

    def above(self, position: int) -> tuple[int, int] | None:
        """The span of the comments that belong to what begins at `position`: a block comment or
        consecutive line comments that end on the line before, with directives to tools below or
        between them. A documentation block (`/**`, POD) may be followed by one blank line. A
        licence header, the comment of the file, banners with what is above them, and commented-out
        code do not belong to it."""
        if position not in self.known:
            self.known[position] = self._above(position)
        return self.known[position]

    def _above(self, position: int) -> tuple[int, int] | None:
        attached = self._attached(position)
        told = [comment for comment in attached if not self._is_directive(comment)]
        if told and self._is_elsewhere(told):
            attached = [comment for comment in attached if comment > told[-1]]
        return (self.starts[attached[0]], self.ends[attached[-1]]) if attached else None

    def within(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The spans of comments on lines of their own, as in `above`, between two positions: those
        between the decorators of a definition, or between overloads. They are indented like the
        line that begins there, unlike comments in the arguments of a decorator."""
        margin = line_before(self.source, begin)
        comment = bisect_left(self.starts, begin)
        while comment < len(self.starts) and self.starts[comment] < end:
            while self.before(self.starts[min(comment + 1, len(self.starts) - 1)]) == comment:
                comment += 1
            after = _BLANK.match(self.source, self.ends[comment])
            is_beside = line_before(self.source, self.starts[comment]) == margin
            if after and is_beside and (span := self.above(after.end())):
                yield span
            comment += 1

    @cached_property
    def of_file(self) -> tuple[int, int] | None:
        """The span of the comment that says by a tag that it documents the whole file."""
        for start, end in zip(self.starts[:_BEGINNING], self.ends, strict=False):
            if _FILE_TAG.search(_decode(self.source[start : min(end, start + _LONGEST_CODE)])):
                return start, end
        return None

    def text(self, span: tuple[int, int]) -> str:
        """What the comments in a span say, without comment marks and directives."""
        first, last = bisect_left(self.starts, span[0]), bisect_left(self.starts, span[1])
        told = [comment for comment in range(first, last) if not self._is_directive(comment)]
        return comment_text(b"\n".join(map(self._comment, told)), self.language).strip("\n")

    def _attached(self, position: int) -> list[int]:
        """The comments that end above `position` without code or a blank line between them, up to
        the first block comment or banner."""
        first, attached, told = position, list[int](), False
        while len(attached) < MOST_COMMENTS and (comment := self.before(first)) is not None:
            if not self._is_near(comment, first):
                break
            is_block, directs = self._is_block(comment), self._is_directive(comment)
            is_apart = self._is_banner(comment) or self._comment(comment).startswith(b"#!")
            if is_apart or (is_block and told and not directs):
                break
            attached.append(comment)
            told = told or not directs
            first = self.starts[comment]
            if is_block and not directs:
                break
        return attached[::-1]

    def _is_elsewhere(self, told: list[int]) -> bool:
        """Whether comments document something else: the file, nothing, or who may copy it."""
        start, end = self.starts[told[0]], self.ends[told[-1]]
        text = _decode(self.source[start:end])
        if start <= self.beginning and _LICENCE.search(text):
            return True
        if self._is_block(told[0]):
            return (start, end) == self.of_file
        return _is_code(comment_text(self.source[start:end], self.language), self.language)

    def below(self, position: int) -> tuple[int, int] | None:
        """The span of the documentation block that stands behind what ends at `position`, or on the
        line after it, if a blank line or nothing follows."""
        comment = bisect_left(self.starts, position)
        if comment == len(self.starts) or not self._is_documentation(comment):
            return None
        start, end = self.starts[comment], self.ends[comment]
        if not _BLANK.fullmatch(self.source, position, start):
            return None
        near = self.source.count(b"\n", position, start) <= 1
        following = _BLANK.match(self.source, end)
        rest = following.end() if following else end
        apart = self.source.count(b"\n", end, rest) > 1 or rest == len(self.source)
        return (start, end) if near and apart else None

    def opening(self) -> tuple[int, int] | None:
        """The span of the comments at the beginning of the source that document it from inside."""
        marks = tuple(mark.encode() for mark in self.language.inner_comments)
        span, position = None, 0
        for start, end in zip(self.starts, self.ends, strict=True):
            is_inner = self.source.startswith(marks, start)
            if not _BLANK.fullmatch(self.source, position, start) or (span and not is_inner):
                break
            if is_inner:
                span = (span[0] if span else start), end
            position = end
        return span

    def is_outdented(self, comment: int, column: int) -> bool:
        """Whether a comment stands alone on its line, at `column` (in bytes) or left of it."""
        before = line_before(self.source, self.starts[comment])
        return len(before) <= column and not before.strip()

    def end_after(self, position: int) -> int:
        """Where the line comment ends that follows what ends at `position` on the same line;
        `position` if there is none."""
        following = bisect_left(self.starts, position)
        if following == len(self.starts):
            return position
        start, end = self.starts[following], self.ends[following]
        is_beside = _SEPARATED.fullmatch(self.source, position, start) is not None
        return end if is_beside and b"\n" not in self.source[start:end] else position

    def _is_documentation(self, comment: int) -> bool:
        """Whether a comment begins with the first of the language's marks around comments."""
        opened, _ = self.language.block_comments[0]
        return self.source.startswith(opened.encode(), self.starts[comment])

    def _comment(self, comment: int) -> bytes:
        return self.source[self.starts[comment] : self.ends[comment]]

    def _is_block(self, comment: int) -> bool:
        return _block_marks(self._comment(comment), self.language) is not None

    def _is_directive(self, comment: int) -> bool:
        return _DIRECTIVE.match(_decode(self._comment(comment)[:_EDGE])) is not None

    def _is_banner(self, comment: int) -> bool:
        """Whether a line comment is a rule, such as `# -----`, or a title with rules beside it."""
        text = self._comment(comment)
        begin = _line_mark(self.language).sub("", _decode(text[:_EDGE])).strip()
        end = _decode(text[-_EDGE:]).strip()
        if self._is_block(comment) or (not begin and len(text) < _SHORTEST_RULE):
            return False  # an empty line of a comment may consist of marks
        return begin.startswith(_RULES) or end.endswith(_RULES)

    def _is_near(self, comment: int, position: int) -> bool:
        start, end = self.starts[comment], self.ends[comment]
        if self.source.startswith(tuple(map(str.encode, self.language.inner_comments)), start):
            return False
        alone = not line_before(self.source, start).strip()
        apart = 2 if self.source.startswith(_DOCUMENTATION, start) else 1
        return alone and self.source.count(b"\n", end, position) <= apart


def _is_code(comment: str, language: FileType) -> bool:
    """Whether a comment without its marks is code that was commented out: it has the punctuation
    of code, and no two words in a row unless one is a keyword."""
    if not isinstance(language, Language):
        return False
    is_sentence = comment.rstrip().endswith((".", "!", "?"))
    if len(comment) > _LONGEST_CODE or is_sentence or not _CODE.search(comment):
        return False
    known = keywords(language)
    return all(known & {pair[1], pair[2]} for pair in _TWO_WORDS.finditer(comment))


def comment_text(comment: bytes, language: FileType) -> str:
    """The text of a comment, without comment marks."""
    text = _decode(comment)
    if marks := _block_marks(comment, language):
        opened, closed = marks
        text = _opening(opened).sub("", text)
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
def _opening(mark: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(mark)}[*!|]*[ \t]?")


@cache
def _line_mark(language: FileType) -> re.Pattern[str]:
    marks = "|".join(
        f"(?:{re.escape(mark)})+{re.escape(mark[-1])}*" for mark in language.line_comments
    )
    return re.compile(rf"^(?:{marks})[!|:]?[ \t]?")


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
