"""The text of a definition that an encoder reads: a whole function with its documentation, or an
outline of a class or module, which is valid source in its language."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from tree_sitter import Node

from embeddings.code import docstrings
from embeddings.code.broken.recovery import Extent
from embeddings.code.candidates import Captures
from embeddings.code.languages import Language
from embeddings.code.syntax import OUTLINED, Declaration, ParsedSource

MAX_TEXT = 100_000
"""Characters of a text; a longer one is cut at the end of a line."""

WITH_MEMBERS = OUTLINED | {"type", "enum"}
"""Declarations whose body is a list of members rather than statements."""

_INDENT = "    "
_UTF8_BYTES = 4
_CONTINUED = " \t\n\\"
_ENDED = _CONTINUED + "="
_ASSIGNED = _CONTINUED + "=<-:"


def text_of(declaration: Declaration, source: ParsedSource) -> str:
    """What an encoder reads: a function's own lines; a class's signature, documentation and
    members' signatures; a module's documentation and outline, or nothing if it has neither."""
    comment = _comment(declaration, source)
    if not declaration.is_outlined:
        body = _prefix(declaration, source) + dedented(source, *source.span(declaration))
    else:
        body = _outline(declaration, source)
    return bounded("\n".join(filter(None, (comment, body))))


def text_without_documentation(declaration: Declaration, source: ParsedSource) -> str:
    """The text of a function or of something else that is no outline, without what `docstring_of`
    reads. Where a docstring is all that a body holds, the language's stub stands in its place."""
    start, end = source.span(declaration)
    kept, position = [_prefix(declaration, source).encode()], start
    for begin, stop, instead in sorted(_documentation_within(declaration, source)):
        if not instead:
            begin, stop = _whole_lines(source.data, begin, stop)
        if begin >= position or position == start:
            kept += [source.data[position:begin], instead.encode()]
            position = stop
    text = b"".join([*kept, source.data[position:end]]).decode("utf-8", "ignore")
    return bounded(_without_margin(text.strip(), source, start))


def says_more(module: Declaration, source: ParsedSource) -> bool:
    """Whether a module has documentation or, where files are modules, an outline of more than one
    member. The outline of a single member would repeat its signature, which is closer to many
    descriptions than code is, and would rank above the definition itself."""
    is_outlined = source.language.modules and sum(map(_is_shown, module.members)) > 1
    return is_outlined or bool(docstring_of(module, source))


def docstring_of(declaration: Declaration, source: ParsedSource) -> str:
    """A definition's documentation, without comment marks and indentation: a literal before it, its
    docstring, or else the comment above it."""
    language = source.language
    literal = _literal_before(declaration, source) or _opening_literal(declaration, source)
    if literal:
        return bounded(docstrings.content_text(literal["content"][0], source.data, language))
    statement = docstring_statement(declaration, source)
    if statement:
        return bounded(docstrings.docstring_text(statement, source.data, language))
    texts = (source.comments.text(span) for span in _documentation(declaration, source))
    return bounded(next(filter(None, texts), ""))


def docstring_statement(declaration: Declaration, source: ParsedSource) -> Node | None:
    """The docstring statement of a declaration, if its kind may have one."""
    if literal := _opening_literal(declaration, source):
        return literal["documentation"][0]
    if declaration.body is None or declaration.tree.type not in source.language.documented:
        return None
    return docstrings.opening_docstring(declaration.body, source.data, source.language)


def _literal_before(declaration: Declaration, source: ParsedSource) -> Captures | None:
    """The documentation that begins before a declaration's own node, or with it; that of a module
    begins with the node that its documentation would precede."""
    if declaration.what == "module":
        begin = source.documented
        return source.literal_in(begin.start_byte, begin.start_byte + 1) if begin else None
    return source.literal_in(declaration.first.start_byte, declaration.node.start_byte + 1)


def _opening_literal(declaration: Declaration, source: ParsedSource) -> Captures | None:
    """The documentation in the body of an outlined declaration, before its first member."""
    if not declaration.is_outlined or declaration.what == "module" or declaration.body is None:
        return None
    members = declaration.members
    end = members[0].first.start_byte if members else declaration.body.end_byte
    return source.literal_in(declaration.body.start_byte, end)


def dedented(source: ParsedSource, start: int, end: int) -> str:
    """The text of a span, without the indentation of its first line. Lines that are indented less,
    as in a string, stay as they are."""
    end = min(end, start + MAX_TEXT * _UTF8_BYTES)
    return _without_margin(source.data[start:end].decode("utf-8", "ignore"), source, start)


def _without_margin(text: str, source: ParsedSource, start: int) -> str:
    """A text that begins at `start`, without the indentation that this has."""
    before = docstrings.line_before(source.data, start).decode("utf-8", "ignore")
    return text.replace("\n" + before, "\n") if before.isspace() else text


def comment_span(declaration: Declaration, source: ParsedSource) -> tuple[int, int] | None:
    """The span of the comment above a declaration, or of the one that documents the module."""
    if declaration.what != "module":
        above = source.comments.above(declaration.first.start_byte)
        if above is None and source.language.documented_below:
            return source.comments.below(declaration.end_byte)
        return above
    if source.language.inner_comments:
        return source.comments.opening()
    above = source.comments.above(source.documented.start_byte) if source.documented else None
    return source.comments.of_file or above


def end_of_head(node: Node, body: Node, language: Language) -> int:
    """Where the last token before the body ends, comments left out. The body may be empty, as in an
    unfinished Python function."""
    start = end = body.start_byte
    around: Node | None = node
    while around is not None and around != body:
        for child in around.children:
            if child == body or child.end_byte > start:
                around = child
                break
            if child.type not in language.comments:
                end = child.end_byte
        else:
            around = None
    return end


def bounded(text: str) -> str:
    """The text, cut at the end of a line to at most MAX_TEXT characters."""
    if len(text) <= MAX_TEXT:
        return text
    end = text.rfind("\n", 0, MAX_TEXT)
    return text[: end if end > 0 else MAX_TEXT]


def _documentation(declaration: Declaration, source: ParsedSource) -> Iterator[tuple[int, int]]:
    """The spans of comments that may document a declaration: above it or, if that says nothing,
    between its decorators or overloads."""
    if span := comment_span(declaration, source):
        yield span
    if declaration.what == "module" or isinstance(declaration.node, Extent):
        return
    if name := declaration.node.child_by_field_name("name"):
        yield from source.comments.within(declaration.first.start_byte, name.start_byte)


def _documentation_within(
    declaration: Declaration, source: ParsedSource
) -> Iterator[tuple[int, int, str]]:
    """The spans inside a declaration that document it, each with what may stand in its place."""
    start, end = source.span(declaration)
    if literal := _literal_before(declaration, source):
        whole, content = literal["documentation"][0], literal["content"][0]
        is_before = whole.end_byte <= declaration.node.start_byte
        yield *(whole if is_before else content).byte_range, ""
    if (statement := docstring_statement(declaration, source)) is not None:
        yield *statement.byte_range, "" if _is_spare(statement, source) else _stub(source)
    for begin, stop in _documentation(declaration, source):
        if start <= begin and stop <= end:
            yield begin, stop, ""


def _is_spare(statement: Node, source: ParsedSource) -> bool:
    """Whether a body remains without its docstring, which stands on lines of its own."""
    siblings = statement.parent.named_children if statement.parent else []
    others = (node for node in siblings if node.type not in source.language.comments)
    is_below = not docstrings.line_before(source.data, statement.start_byte).strip()
    return is_below and any(node != statement for node in others)


def _stub(source: ParsedSource) -> str:
    return source.language.stub.strip()


def _whole_lines(source: bytes, begin: int, stop: int) -> tuple[int, int]:
    """A span with the rest of its lines, where that is white space."""
    before, after = docstrings.line_before(source, begin), docstrings.line_after(source, stop)
    if before.strip() or after.strip():
        return begin, stop
    return begin - len(before), min(stop + len(after) + 1, len(source))


def _comment(declaration: Declaration, source: ParsedSource) -> str:
    span = comment_span(declaration, source)
    return dedented(source, *span) if span else ""


def _outline(declaration: Declaration, source: ParsedSource) -> str:
    parts = _parts(declaration, source)
    if declaration.what == "module":
        return "\n".join(parts)
    head, tail = _head(declaration, source).rstrip(_ENDED), _tail(declaration, source)
    opened, closed = source.language.block
    if not parts:
        return head + source.language.empty + tail
    inner = (textwrap.indent(part, _INDENT) for part in parts)
    return "\n".join(filter(None, [head + opened, *inner, closed + tail]))


def _parts(declaration: Declaration, source: ParsedSource) -> list[str]:
    """The body of an outline: docstring and members."""
    statement = docstring_statement(declaration, source)
    docstring = dedented(source, *statement.byte_range) if statement else ""
    # Of several names that one statement declares, the first stands for all.
    first = {each.outer: each for each in reversed(declaration.members) if _is_shown(each)}
    members = (_signature(each, source) for each in reversed(first.values()))
    return [*filter(None, [docstring, *members])]


def _is_shown(declaration: Declaration) -> bool:
    """Whether a member is part of an outline. Broken ones are not, nor are methods of objects
    without a name."""
    in_class = declaration.parent is not None and declaration.parent.what in OUTLINED - {"module"}
    belongs = declaration.what != "method" or in_class or bool(declaration.owner)
    return belongs and declaration.what not in ("scope", "block") and declaration.head_parses


def _signature(declaration: Declaration, source: ParsedSource) -> str:
    """A declaration in the outline of its parent."""
    head = _head(declaration, source)
    if declaration.body is None:
        return head
    language, tail = source.language, _tail(declaration, source)
    if declaration.what in WITH_MEMBERS:
        return head.rstrip(_ENDED) + language.empty + tail
    if declaration.what in ("field", "constant") or head.endswith("="):
        return head.rstrip(_ASSIGNED) + language.value
    if declaration.body.parent == declaration.node:
        return head + language.stub + tail
    # An expression has a body even where a declaration has none.
    return head + (language.stub or language.empty) + tail


def _head(declaration: Declaration, source: ParsedSource) -> str:
    """Everything before the body or value, decorators included."""
    start, end = source.span(declaration)
    if declaration.body is not None:
        end = end_of_head(declaration.tree, declaration.body, source.language)
    return _prefix(declaration, source) + dedented(source, start, end).rstrip(_CONTINUED)


def _tail(declaration: Declaration, source: ParsedSource) -> str:
    """What follows a function or class that is passed to a function or cast, such as `, 200)`."""
    body, node = declaration.body, declaration.node
    is_code = declaration.what in ("function", "method", "class")
    if not is_code or body is None or body.parent is None or body.parent == node:
        return ""
    tail = source.data[body.parent.end_byte : node.end_byte].decode("utf-8", "replace")
    return tail if tail.strip(".;") else ""


def _prefix(declaration: Declaration, source: ParsedSource) -> str:
    """What a definition must be prefixed with to be valid by itself, such as `const `."""
    prefixes = source.language.prefixes
    if not prefixes or isinstance(declaration.outer, Extent):
        return ""
    return dict(prefixes).get(declaration.outer.type, "")
