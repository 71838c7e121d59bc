"""Source as HTML: escaped, coloured, with line numbers.

Tokens are matched by one regular expression that never backtracks (its repetitions are possessive),
so that colouring takes time proportional to the length, whatever a stranger's file contains. A
parser has no such bound for broken code."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise, starmap
from os.path import commonprefix

from django.utils.safestring import SafeString, mark_safe

from embeddings.code import languages
from embeddings.code.languages import Language
from embeddings.code.words import occurrences
from search.results import cut

COLOURED_CHARACTERS = 400_000
"""Longer sources are shown without colours: the page would have hundreds of thousands of
elements."""

GAP = "⋯"
MARKED = ' class="marked"'

CONSTANTS = frozenset(
    {"true", "false", "True", "False", "None", "null", "nil", "undefined", "this", "self", "super"}
)
DEFINING = frozenset(
    {"def", "class", "func", "function", "interface", "enum", "record", "struct", "type"}
)
"""Keywords that are followed by the name of what they define."""

_STRING = r"""
    (?:[bBfFrRuU]{1,2}+(?=["']))?+
    (?: \"\"\"  (?: [^"\\] | \\. | "(?!"") )*+ (?:\"\"\")?+
      | '''     (?: [^'\\] | \\. | '(?!'') )*+ (?:''')?+
      | "       (?: [^"\\\n] | \\. )*+ "?+
      | '       (?: [^'\\\n] | \\. )*+ '?+
      | `       (?: [^`\\] | \\. )*+ `?+ )
"""
_QUOTED = r"""
    " [^"\n]*+ "
"""
"""A string in a type of file without a grammar, whose prose has apostrophes."""

_SPAN = re.compile(r'<span class="\w+">|</span>')

_REST = r"""
    (?P<number> \d (?: [eE][+-]\d | [\w.] )*+ )
  | (?P<word> [^\W\d]\w*+ )
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of source, ready for a page, with their numbers. Where lines are left out between two,
    there is an empty one, whose number is GAP. `hidden_lines` are not shown in all."""

    html: SafeString
    numbers: Sequence[int | str]
    hidden_lines: int


def listing(
    lines: Sequence[str],
    language: str,
    *,
    first: int = 1,
    marked: Collection[str] = (),
    max_coloured: int = COLOURED_CHARACTERS,
) -> Listing:
    """All of `lines`, which start at line `first` of a file, without their common indentation.
    Identifiers, or words in them, that are `marked`, in lower case, are highlighted. Longer sources
    than `max_coloured` characters have no colours."""
    html = _html(_dedented(lines, lines), language, marked, max_coloured)
    return Listing(mark_safe(html), range(first, first + len(lines)), 0)  # noqa: S308  it is escaped


def anchored_numbers(count: int, marked: Container[int] = ()) -> SafeString:
    """The numbers of a whole file's lines; each is the target of `#L83`, and leads there."""
    # Not by a template: for 5,000 lines it would take longer than all the rest of the page.
    numbers = (
        f'<a id="L{number}" href="#L{number}"{MARKED if number in marked else ""}>{number}</a>'
        for number in range(1, count + 1)
    )
    return mark_safe("\n".join(numbers))  # noqa: S308  only numbers are inserted


def excerpt(
    lines: Sequence[str],
    language: str,
    shown: Sequence[int],
    *,
    first: int = 1,
    marked: Collection[str] = (),
) -> Listing:
    """The same of those lines alone whose numbers from 0 are in `shown`, ascending; longer ones are
    cut. They have the colours that they have in the whole."""
    read = [cut(line) for line in lines[: shown[-1] + 1]] if shown else []
    html = _html(_dedented(read, [read[line] for line in shown]), language, marked)
    every = list(_lines_of_html(html))
    numbers, written = list[int | str](), list[str]()
    for before, line in zip([None, *shown], shown, strict=False):
        if before is not None and line > before + 1:
            numbers.append(GAP)
            written.append("")
        numbers.append(first + line)
        written.append(every[line])
    source = mark_safe("\n".join(written))  # noqa: S308  it is escaped
    return Listing(source, numbers, len(lines) - len(shown))


@dataclass(frozen=True, slots=True)
class Annotation:
    """HTML to be put before and after the characters from `start` to `stop` of a source."""

    start: int
    stop: int
    before: str
    after: str


def annotated(source: str, language: str, annotations: Sequence[Annotation]) -> SafeString:
    """A source in its colours, with annotations, of which no two overlap."""
    tokens = [*_tokens(source, language)] if len(source) <= COLOURED_CHARACTERS else []
    openings = {each.start: each.before for each in annotations}
    closings = {each.stop: each.after for each in annotations}
    ends = {0, len(source), *openings, *closings}
    cuts = sorted(ends.union(end for token in tokens for end in token[:2]))
    kinds = {cut: kind for start, stop, kind in tokens for cut in _cuts_in(cuts, start, stop)}
    pieces = []
    for start, stop in pairwise(cuts):
        piece, kind = escape(source[start:stop]), kinds.get(start)
        shown = f'<span class="{kind}">{piece}</span>' if kind else piece
        pieces += [openings.get(start, ""), shown, closings.get(stop, "")]
    return mark_safe("".join(pieces))  # noqa: S308  it is escaped


def _cuts_in(cuts: Sequence[int], start: int, stop: int) -> Sequence[int]:
    """Those of the sorted `cuts` from `start` up to before `stop`."""
    return cuts[bisect_left(cuts, start) : bisect_left(cuts, stop)]


def _html(
    lines: Sequence[str],
    language: str,
    marked: Collection[str],
    max_coloured: int = COLOURED_CHARACTERS,
) -> str:
    source = "\n".join(lines)
    return "".join(_coloured(source, language if len(source) <= max_coloured else "", marked))


def _lines_of_html(html: str) -> Iterator[str]:
    """The lines of coloured source; an element that goes on is closed and opened again."""
    opened = ""
    for line in html.split("\n"):
        tags = _SPAN.findall(opened + line)
        left_open = tags[-1] if tags and tags[-1] != "</span>" else ""
        yield opened + line + ("</span>" if left_open else "")
        opened = left_open


def _dedented(lines: Sequence[str], shown: Sequence[str]) -> list[str]:
    """The lines without the common indentation of those that are shown."""
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in shown if line.strip()]
    margin = len(commonprefix(indents))  # noqa: RUF071
    return [_without_indent(line, margin) for line in lines]


def _without_indent(line: str, margin: int) -> str:
    if not line.strip():
        return ""
    return line.lstrip(" \t") if line[:margin].strip() else line[margin:]


def _coloured(source: str, language: str, marked: Collection[str]) -> Iterator[str]:
    """The source in pieces of HTML; tokens with a colour have the class of their kind."""
    end = 0
    for start, stop, kind in _tokens(source, language):
        yield _marked(source[end:start], marked)
        yield f'<span class="{kind}">{_marked(source[start:stop], marked)}</span>'
        end = stop
    yield _marked(source[end:], marked)


def _tokens(source: str, language: str) -> Iterator[tuple[int, int, str]]:
    """The start, end and kind of each token that has a colour."""
    lexer = _lexer(language)
    if lexer is None:
        return
    before, end = "", 0
    for token in lexer.pattern.finditer(source):
        kind = token.lastgroup or ""
        if kind == "word":
            between = source[end : token.start()]
            before, kind = token[0], lexer.kind(token[0], before, between)
        if kind:
            yield *token.span(), kind
        end = token.end()


@dataclass(frozen=True, slots=True)
class Lexer:
    """Matches the tokens of a language: `pattern` has a group for each kind."""

    pattern: re.Pattern[str]
    keywords: frozenset[str]

    def kind(self, word: str, before: str, between: str) -> str:
        """The kind of a word, given the word before it and the text between; empty for no
        colour."""
        if between.endswith("."):
            return ""  # a member may be named like a keyword
        if between.isspace() and before in DEFINING & self.keywords:
            return "defined"
        if word in CONSTANTS:
            return "constant"
        return "keyword" if word in self.keywords else ""


@cache
def _lexer(language: str) -> Lexer | None:
    """None where the language is unknown, or has neither a grammar nor comments."""
    try:
        known = languages.by_name(language)
    except KeyError:
        return None
    comment = "|".join(
        [*map(_line_comment, known.line_comments), *starmap(_block_comment, known.block_comments)]
    )
    if isinstance(known, Language):
        pattern, keywords = f"{_STRING}) | {_REST}", languages.keywords(known)
    elif comment:
        pattern, keywords = f"{_QUOTED})", frozenset()
    else:
        return None
    pattern = rf"(?P<comment>{comment}) | (?P<string>{pattern}"
    return Lexer(re.compile(pattern, re.VERBOSE | re.DOTALL), keywords)


def _line_comment(mark: str) -> str:
    return rf"{re.escape(mark)}[^\n]*+"


def _block_comment(opened: str, closed: str) -> str:
    """Matches a comment between its marks, or up to the end."""
    return rf"{re.escape(opened)}(?:(?!{re.escape(closed)}).)*+(?:{re.escape(closed)})?+"


def _marked(text: str, marked: Collection[str]) -> str:
    """`text`, escaped, with `<mark>` around what is `marked`."""
    pieces, end = [], 0
    for start, stop in _spans(text, marked) if marked else ():
        pieces += [escape(text[end:start]), f"<mark>{escape(text[start:stop])}</mark>"]
        end = stop
    return "".join([*pieces, escape(text[end:])])


def _spans(text: str, marked: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where the marked words are, without parts of identifiers that are marked whole."""
    end = 0
    for word, start, stop in occurrences(text):
        if start >= end and word in marked:
            yield start, stop
            end = stop
