"""Source as HTML: coloured by Pygments, escaped, with its line numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

COLOURED_CHARACTERS = 400_000
"""More are shown without colours: Pygments reads about a million a second."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of source, ready for a page; `hidden_lines` more follow that are not shown."""

    html: SafeString
    numbers: range
    hidden_lines: int


def listing(
    lines: Sequence[str], language: str, *, first: int = 1, at_most: int | None = None
) -> Listing:
    """`lines`, which start at line `first` of a file; what they are all indented by is left out."""
    shown = lines[:at_most]
    source = dedent("\n".join(shown))
    if len(source) > COLOURED_CHARACTERS:
        html = escape(source)
    else:
        formatter = HtmlFormatter(nowrap=True)
        html = mark_safe(highlight(source, _lexer(language), formatter))
    return Listing(html, range(first, first + len(shown)), len(lines) - len(shown))


@cache
def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)
