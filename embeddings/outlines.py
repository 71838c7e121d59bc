"""What a syntax tree defines, as a tree of its own, and the text by which an encoder knows each
definition: the whole of a function, an outline of a class or module that parses in its language."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node, QueryCursor

from embeddings import docstrings
from embeddings.languages import Language, definitions_query

MAX_TEXT = 100_000
"""Characters of a text; a longer one is cut at the end of a line."""

MAX_NESTING = 30
"""What lies inside more definitions than these is no definition of its own: each text holds all
that it encloses, so that depth would multiply it."""

_INDENT = "    "
_UTF8_BYTES = 4
_CONTINUED = " \t\n\\"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A module, class, function or field (a name with a value, of a class or module), as `what`
    says: `node` is its own, `outer` the same with what belongs to it as decorators do, `body` its
    body or value. `members` are the definitions and fields of which `inside` is the closest."""

    what: str
    node: Node
    outer: Node
    body: Node | None
    name: str
    inside: Found | None
    members: list[Found] = field(default_factory=list)

    @property
    def parses(self) -> bool:
        """Whether it is free of errors; a class or module may have some in its body, for its
        outline leaves them out."""
        if self.what in ("function", "field"):
            return not self.node.has_error
        return self.body is self.node or not any(
            child.has_error for child in self.node.children if child != self.body
        )

    @property
    def qualified_name(self) -> str:
        """Its name after those of all that encloses it, dotted."""
        names, found = [self.name], self.inside
        while found is not None and found.name:
            names.append(found.name)
            found = found.inside
        return ".".join(reversed(names))


def found_in(root: Node, language: Language) -> Found:
    """The module with all that it defines."""
    module = Found("module", root, root, root, "", None)
    enclosing = [module]
    for what, outer, match in _matches(root, language):
        while enclosing[-1].outer.end_byte <= outer.start_byte and len(enclosing) > 1:
            enclosing.pop()
        if len(enclosing) <= MAX_NESTING:
            found = _of_match(what, outer, match, inside=enclosing[-1])
            enclosing[-1].members.append(found)
            enclosing.append(found)
    return module


def every(module: Found) -> Iterator[Found]:
    """A module's definitions at any depth, in the order of their beginnings."""
    waiting = module.members[::-1]
    while waiting:
        found = waiting.pop()
        if found.what != "field":
            yield found
        waiting += reversed(found.members)


def text_of(found: Found, source: bytes, language: Language) -> str:
    """What an encoder reads: a function's own lines; a class's signature, docstring and members'
    signatures; a module's docstring and outline, which is empty if it has neither."""
    if found.what == "function":
        return bounded(dedented(source, found.outer))
    parts = _parts(found, source, language)
    if found.what == "module":
        return bounded("\n".join(parts))
    head = _head(found, source, language)
    if not parts:
        return bounded(head + language.stub)
    return bounded("\n".join([head, *(textwrap.indent(part, _INDENT) for part in parts)]))


def dedented(source: bytes, node: Node, end: int | None = None) -> str:
    """A node's text, up to `end`, without the indentation of its first line; lines that have less
    of it, as those in a string may, stay as they are."""
    start, end = node.start_byte, node.end_byte if end is None else end
    text = source[start : min(end, start + MAX_TEXT * _UTF8_BYTES)].decode("utf-8", "ignore")
    before = source[source.rfind(b"\n", 0, start) + 1 : start].decode("utf-8", "ignore")
    return text.replace("\n" + before, "\n") if before.isspace() else text


def bounded(text: str) -> str:
    """The text, or so many whole lines of it as are within the bound."""
    if len(text) <= MAX_TEXT:
        return text
    end = text.rfind("\n", 0, MAX_TEXT)
    return text[: end if end > 0 else MAX_TEXT]


def _matches(root: Node, language: Language) -> list[tuple[str, Node, dict[str, list[Node]]]]:
    """What is found, its outer node and the query's captures, those that enclose others first."""
    matches = [captures for _, captures in QueryCursor(definitions_query(language)).matches(root)]
    outers = {match["inner"][0].id: match["outer"][0] for match in matches if "inner" in match}
    found = []
    for match in matches:
        for what in ("function", "class", "field"):
            if what in match:
                node = match[what][0]
                found.append((what, outers.get(node.id, node), match))
    return sorted(found, key=lambda each: (each[1].start_byte, -each[1].end_byte))


def _of_match(what: str, outer: Node, match: dict[str, list[Node]], inside: Found) -> Found:
    body = match["body"][0] if "body" in match else None
    name = b"" if what == "field" else match["name"][0].text or b""
    return Found(what, match[what][0], outer, body, name.decode("utf-8", "replace"), inside)


def _parts(found: Found, source: bytes, language: Language) -> list[str]:
    """What stands in the body of an outline."""
    assert found.body is not None
    docstring = docstrings.opening(found.body, language)
    shown = [] if docstring is None else [dedented(source, docstring)]
    for member in found.members:
        if member.parses:
            shown.append(_head(member, source, language) + (language.stub if member.body else ""))
    return shown


def _head(found: Found, source: bytes, language: Language) -> str:
    """What stands before the body or value, decorators included."""
    if found.body is None:
        return dedented(source, found.outer)
    end = found.body.start_byte
    for child in found.node.children:
        if child.type == language.opener and child.end_byte <= end and found.what != "field":
            return dedented(source, found.outer, child.end_byte)
    return dedented(source, found.outer, end).rstrip(_CONTINUED)
