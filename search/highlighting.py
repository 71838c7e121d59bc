"""Source as HTML: coloured by Pygments, escaped, with its line numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import lex
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

from embeddings.words import parts

COLOURED_CHARACTERS = 400_000
"""More are shown without colours: Pygments reads about a million a second."""


_IDENTIFIER = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of source, ready for a page; `hidden_lines` more follow that are not shown."""

    html: SafeString
    numbers: range
    hidden_lines: int


def listing(
    lines: Sequence[str],
    language: str,
    *,
    first: int = 1,
    at_most: int | None = None,
    marked: Collection[str] = (),
) -> Listing:
    """`lines`, which start at line `first` of a file; what they are all indented by is left out.
    Identifiers that are `marked`, in lower case, stand out, and of others the words that are."""
    shown = lines[:at_most]
    source = dedent("\n".join(shown))
    if len(source) > COLOURED_CHARACTERS:
        html = _marked(source, marked)
    else:
        html = "".join(_coloured(source, language, marked))
    return Listing(mark_safe(html), range(first, first + len(shown)), len(lines) - len(shown))


def _coloured(source: str, language: str, marked: Collection[str]) -> Iterator[str]:
    """Its tokens, escaped, in the classes that Pygments' own formatter gives them."""
    for kind, value in lex(source, _lexer(language)):
        while kind not in STANDARD_TYPES:
            kind = kind.parent
        name, html = STANDARD_TYPES[kind], _marked(value, marked)
        yield f'<span class="{name}">{html}</span>' if name else html


def _marked(text: str, marked: Collection[str]) -> str:
    """`text`, escaped, with a mark on what is `marked` in it."""
    pieces, end = [], 0
    for start, stop in _spans(text, marked) if marked else ():
        pieces += [escape(text[end:start]), f"<mark>{escape(text[start:stop])}</mark>"]
        end = stop
    return "".join([*pieces, escape(text[end:])])


def _spans(text: str, marked: Collection[str]) -> Iterator[tuple[int, int]]:
    for identifier in _IDENTIFIER.finditer(text):
        start, lower = identifier.start(), identifier[0].lower()
        if lower in marked:
            yield identifier.span()
            continue
        for word in parts(identifier[0]):
            found = re.compile(re.escape(word), re.IGNORECASE).search(text, start, identifier.end())
            start = found.end() if found else start
            if found and word in marked:
                yield found.span()


@cache
def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)
