"""What a preprocessor makes of a source, as far as a grammar needs it. A branch of a conditional
may hold a part of what the grammar reads as a whole, and a macro may stand where it expects none:

    #ifdef WINDOWS
        if (is_open(handle)) {
    #else
        if (is_open(file)) {
    #endif

    LIBRARY_EXPORT
    class EXPORTED Handle {
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Span = tuple[int, int]

_CONDITIONAL = re.compile(rb"^[ \t]*#[ \t]*(?:if|else|elif|endif)", re.M)
_DIRECTIVE = re.compile(rb"^[ \t]*#[ \t]*([a-z]+)(?:\\\n|[^\n])*+", re.M)
_COMMENT_OR_LITERAL = re.compile(
    rb"""//[^\n]*
    | /\*(?:.*?\*/|.*)
    | (?<![0-9a-fA-F])'(?:\\[^\n]|[^'\\\n]){1,10}'
    | "(?:\\[^\n]|[^"\\\n])*+"?""",
    re.S | re.X,
)
_CONTINUED_LINE = re.compile(rb"[^\n]*\\\n")
_COMMENT_IN_LINE = re.compile(rb"/\*(?:[^*\n]|\*(?!/))*+(\*/)?")
_NO_LINE_END = re.compile(rb"[^\n]")
_STATEMENT_END = re.compile(rb"[;{}]")
_CONTINUED = re.compile(rb":(?!:)|[,=?.]|&&|\|\|")
_UNFINISHED = (b")", b",")

_LONE_MACRO = re.compile(
    rb"^[ \t]*[A-Z][A-Z0-9_]{2,}+(?:\((?:[^()\n]|\([^()\n]*\))*+\))?[ \t]*$", re.M
)
_BEFORE_MACRO = (b";", b"{", b"}", b">", b")", b":")
_AFTER_MACRO = re.compile(rb"(?!\w+\s*\()[\w~\[]")
_ATTRIBUTE = re.compile(
    rb"""\b(?:class|struct|union)\s+([A-Z][A-Z0-9_]{2,}\b(?:\s*\([^()\n]*\))?)
    \s+(?!final\b)\w+\s*(?:final\b|[:{])""",
    re.X,
)
_NO_PARAMETERS = re.compile(rb"\(\s*(void)\s*\)\s*\{")


@dataclass(slots=True)
class _Branch:
    """A branch of a conditional: where it lies, how many more braces it opens than it closes, and
    how its code begins and ends."""

    start: int
    end: int = 0
    balance: int = 0
    begin: bytes = b""
    last: bytes = b""

    @property
    def is_partial(self) -> bool:
        """Whether it belongs to something that begins before the conditional or ends after it."""
        is_whole = self.last not in _UNFINISHED and not _CONTINUED.match(self.begin)
        return self.balance != 0 or not is_whole

    def read(self, code: bytes) -> None:
        """Counts code in that lies in the branch itself."""
        self.balance += code.count(b"{") - code.count(b"}")
        text = code.strip()
        self.begin, self.last = self.begin or text[:2], text[-1:] or self.last

    def include(self, inner: _Branch) -> None:
        """Counts the first branch of a conditional in that lies in this one."""
        self.balance += inner.balance
        self.last = inner.last or self.last


@dataclass(slots=True)
class _Conditional:
    """A conditional: its branches, the spans of its directives, and whether it lies between
    parentheses."""

    branches: list[_Branch]
    directives: list[Span] = field(default_factory=list)
    is_enclosed: bool = False

    def go_on(self, start: int, end: int) -> None:
        """Ends a branch with a directive, after which another one may begin."""
        self.branches[-1].end = start
        self.branches.append(_Branch(end, end))
        self.directives.append((start, end))

    def hidden(self) -> Iterator[Span]:
        """What is to be hidden for the first branch to be whole with the code around it."""
        if self.is_enclosed or any(branch.is_partial for branch in self.branches):
            yield from self.directives
            yield from ((branch.start, branch.end) for branch in self.branches[1:])


def with_whole_branches(source: bytes) -> bytes:
    """A source of the same length in which every conditional is whole. Where a branch opens braces
    that it does not close, or ends within a list or after the head of a function, only the first
    branch remains: blanks replace the others and the directives. Takes time linear in the length
    of the source."""
    if not _CONDITIONAL.search(source):
        return source
    return _without(source, _in_partial_branches(_code_of(source)))


def preprocessed(source: bytes) -> bytes:
    """The same for C and C++. Blanks also replace macros that the grammars take for something else:
    alone on a line, or before the name of a type; comments inside the definitions of macros; and
    the `void` that stands for no parameters, a variable in parentheses after the name of a macro.
    """
    code = _code_of(source)
    return _without(
        source,
        [
            *_in_partial_branches(code),
            *_lone_macros(code),
            *(match.span(1) for match in _ATTRIBUTE.finditer(code)),
            *(match.span(1) for match in _NO_PARAMETERS.finditer(code)),
            *_comments_in_macros(source),
        ],
    )


def _without(source: bytes, hidden: Iterable[Span]) -> bytes:
    """A source with blanks for what is hidden. Spans may overlap."""
    readable, seen = bytearray(source), 0
    for start, end in sorted(hidden):
        start, seen = max(start, seen), max(end, seen)
        readable[start:end] = _blank(source[start:end])
    return bytes(readable)


def _blank(text: bytes) -> bytes:
    return _NO_LINE_END.sub(b" ", text)


def _code_of(source: bytes) -> bytes:
    """A source with blanks for comments and literals, whose braces do not count."""
    return _COMMENT_OR_LITERAL.sub(lambda match: _blank(match[0]), source)


def _in_partial_branches(code: bytes) -> Iterator[Span]:
    """The directives and branches to be hidden. A directive that lacks its #if belongs to a
    conditional around all that is before it, since the source may be cut out of a file."""
    opened, position = [_Conditional([_Branch(0)])], 0
    for directive in _DIRECTIVE.finditer(code):
        conditional, before = opened[-1], code[position : directive.start()]
        conditional.branches[-1].read(before)
        position = directive.end()
        if directive[1].startswith(b"if"):
            opened.append(_Conditional([_Branch(position)], is_enclosed=_opens_parenthesis(before)))
            opened[-1].directives.append(directive.span())
        elif directive[1].startswith(b"el"):
            conditional.go_on(*directive.span())
        elif directive[1] == b"endif":
            conditional.go_on(*directive.span())
            yield from conditional.hidden()
            first = opened.pop().branches[0]
            opened = opened or [_Conditional([_Branch(position)])]
            opened[-1].branches[-1].include(first)
    for conditional in opened:
        conditional.branches[-1].end = len(code)
        yield from conditional.hidden()


def _opens_parenthesis(code: bytes) -> bool:
    """Whether code ends between parentheses."""
    statement = _STATEMENT_END.split(code)[-1]
    return statement.count(b"(") > statement.count(b")")


def _lone_macros(code: bytes) -> Iterator[Span]:
    """Lines that hold nothing but a macro, between statements, other than the type of a function
    that begins on the next line."""
    if not _LONE_MACRO.search(code):
        return
    waiting: list[Span] = []
    position, last = 0, b";"
    for line in _DIRECTIVE.sub(lambda match: _blank(match[0]), code).splitlines(keepends=True):
        text = line.strip()
        if text and waiting and _AFTER_MACRO.match(text):
            yield from waiting
        if text:
            waiting.clear()
        if _LONE_MACRO.fullmatch(line.rstrip(b"\n")) and last in _BEFORE_MACRO:
            waiting.append((position, position + len(line)))
        elif text:
            last = text[-1:]
        position += len(line)


def _comments_in_macros(source: bytes) -> Iterator[Span]:
    """Comments inside definitions of several lines."""
    for directive in _DIRECTIVE.finditer(source):
        if directive[1] != b"define" or b"/*" not in directive[0]:
            continue
        for line in _CONTINUED_LINE.finditer(source, *directive.span()):
            for comment in _COMMENT_IN_LINE.finditer(source, *line.span()):
                if comment[1]:
                    yield comment.span()
