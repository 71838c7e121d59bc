"""Documents as they are meant to be read: Markdown and notebooks as HTML that is safe to show,
whoever wrote them.

HTML in a document is shown as text. Links lead to files of the same repository, or elsewhere by
http, https or mail. Nothing is fetched: an image is named, and linked if it has an address."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from html import escape
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from embeddings.code import languages
from embeddings.documents import notebooks
from search.web.highlighting import listing

MOST_CHARACTERS = 100_000
"""Of a document that is rendered; longer ones are shown as their source alone."""

SCROLLED = '<div class="scroll" tabindex="0" role="group" aria-label="Table">'

OUTWARD = "nofollow noreferrer noopener"

_SCHEMES = frozenset({"http", "https", "mailto"})
_LINES = re.compile(r"L\d{1,9}(-L?\d{1,9})?", re.ASCII)
_NOT_IN_SLUGS = re.compile(r"[^\w\- ]")

Located = Callable[[str], str]
"""The address of a path in the repository: a file's, or a folder's if it ends with a slash."""


def rendered(content: str, language: str, path: str, located: Located) -> SafeString | None:
    """A document's content as HTML; None if it is of another type or too long. `path` is the file's
    own, from which relative links start."""
    if len(content) > MOST_CHARACTERS:
        return None
    if language == "markdown":
        return mark_safe(_markdown(content, path, located))  # noqa: S308  HTML in it is escaped
    if language == "notebook":
        cells = "".join(_cells(content, path, located))
        return mark_safe(cells) if cells else None  # noqa: S308
    return None


def _cells(content: str, path: str, located: Located) -> Iterator[str]:
    for number, cell in enumerate(notebooks.code(content), 1):
        if cell.file_type.name == "markdown":
            shown = _markdown(cell.source, path, located, f"{number}-")
        else:
            shown = _fenced(cell.source, cell.file_type.name)
        yield f'<section class="cell" aria-label="Cell {number}">{shown}</section>'


def _markdown(source: str, path: str, located: Located, prefix: str = "") -> str:
    """`prefix` keeps the anchors of headings apart where several documents share a page."""
    parser = _parser()
    tokens = parser.parse(source)
    _anchor_headings(tokens, f"doc-{prefix}")
    _free_empty_heads(tokens)
    for token in tokens:
        token.children = [*_children(token.children or (), path, located, f"doc-{prefix}")]
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _parser() -> MarkdownIt:
    options = {"html": False, "highlight": _highlighted}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.add_render_rule("table_open", lambda *_: f"{SCROLLED}<table>")
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    return parser


def _highlighted(code: str, name: str, attributes: str) -> str:
    return _fenced(code.rstrip("\n"), name)


def _fenced(code: str, name: str) -> str:
    file_type = languages.by_path(f"x.{name}")
    known = file_type.name if file_type else name
    shown = listing(code.split("\n"), known).html
    return f'<pre class="source" tabindex="0"><code>{shown}</code></pre>'


def _anchor_headings(tokens: Sequence[Token], prefix: str) -> None:
    """Headings lie one level deeper, below the page's own, and have ids as on code hosts."""
    seen = Counter[str]()
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        if token.type == "heading_open" and following:
            slug = _NOT_IN_SLUGS.sub("", following.content.lower()).replace(" ", "-")[:100]
            again = f"-{seen[slug]}" if seen[slug] else ""
            seen[slug] += 1
            token.attrSet("id", f"{prefix}{slug}{again}")


def _free_empty_heads(tokens: Sequence[Token]) -> None:
    """The head of a column without a name is an empty cell, which says nothing about the others."""
    for opening, text, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opening.type == "th_open" and not text.content.strip():
            opening.tag = closing.tag = "td"


def _children(tokens: Iterable[Token], path: str, located: Located, prefix: str) -> Iterator[Token]:
    for token in tokens:
        if token.type == "link_open":
            _direct(token, path, located, prefix)
            yield token
        elif token.type == "image":
            yield _named(token)
        else:
            yield token


def _direct(link: Token, path: str, located: Located, prefix: str) -> None:
    """Let a link lead to where it is meant to lead; one to anywhere else loses its address."""
    target = str(link.attrs.pop("href", ""))
    if target.startswith("#"):
        link.attrSet("href", f"#{prefix}{unquote(target[1:])}")
        return
    try:
        parts = urlsplit(target)
    except ValueError:
        return
    if parts.scheme in _SCHEMES:
        link.attrSet("href", target)
        link.attrSet("rel", OUTWARD)
    elif not parts.scheme and not parts.netloc:
        inside = _in_repository(parts.path, path)
        if inside is not None:
            lines = f"#{parts.fragment}" if _LINES.fullmatch(parts.fragment) else ""
            link.attrSet("href", f"{located(inside)}{lines}")


def _in_repository(target: str, path: str) -> str | None:
    """The path that a relative link means, which ends with a slash if the link does; None if it
    leads out of the repository."""
    written = unquote(target)
    folder = "" if written.startswith("/") else path.rpartition("/")[0]
    joined = normpath(f"{folder}/{written}".lstrip("/"))
    if joined.startswith("..") or "\0" in joined:
        return None
    if joined == ".":
        return ""
    return f"{joined}/" if written.endswith("/") else joined


def _named(image: Token) -> Token:
    """What is shown instead of an image."""
    named = Token("html_inline", "", 0)
    shown = escape(f"Image: {image.content}" if image.content else "Image")
    source = str(image.attrs.get("src", ""))
    if source.startswith(("http://", "https://")):
        shown = f'<a href="{escape(source)}" rel="{OUTWARD}">{shown}</a>'
    named.content = f'<span class="image">{shown}</span>'
    return named
