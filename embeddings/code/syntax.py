"""The declarations in a syntax tree, as a tree of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node, QueryCursor

from embeddings.code.docstrings import Comments
from embeddings.code.languages import Language, query
from embeddings.code.parsing import node_text, parse
from embeddings.types import Kind

MAX_NESTING = 30
"""Declarations nested deeper than this are ignored: each text contains all that it encloses, so
that the total size would grow with the depth."""

MAX_NAME = 500
"""Characters of a name, of its owner, or of the rest of a qualified name. A name may be as long as
a file, and the qualified names of everything inside would repeat it."""

_KINDS = (
    "method",
    "function",
    "signature",
    "enum",
    "interface",
    "trait",
    "class",
    "type",
    "macro",
    "property",
    "constant",
    "block",
    "scope",
    "field",
)
"""What a query captures, in the order of precedence."""

OUTLINED = frozenset({"module", "class", "interface", "trait"})
"""Declarations whose text may be an outline."""

_TYPES = frozenset({"class", "interface", "trait", "enum", "type"})
_CODE = frozenset({"function", "method", "property", "macro", "block"})
_LOCAL = frozenset({"constant", "signature"})
"""What counts only outside of code: inside, it is a local variable."""

_OWN_KINDS = {kind.value: kind for kind in Kind}
_QUALIFIER = re.compile(r"[\w$.]+")

Captures = dict[str, list[Node]]


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """A definition, scope or field, as captured by a language's query (`what`), or the module.

    `node` is its own node, `outer` the node with its decorators, and `first` the node at which it
    begins. It ends before `end_byte`, on the line `last_row` (from 0). It is the `parent` of its
    `members`.
    """

    what: str
    node: Node
    outer: Node
    first: Node
    end_byte: int
    last_row: int
    body: Node | None
    name: str
    owner: str
    parent: Declaration | None
    members: list[Declaration] = field(default_factory=list)

    @property
    def head_parses(self) -> bool:
        """Whether it has no syntax errors before its body, so that its head can be shown."""
        return not any(part.has_error for part in self.node.children if part != self.body)

    @property
    def is_outlined(self) -> bool:
        """Whether its text is an outline. What has no body is its whole source, and so is an
        interface whose query captures no members, as in TypeScript."""
        has_members = self.what != "interface" or bool(self.members)
        return self.what in OUTLINED and self.body is not None and has_members

    @property
    def is_definition(self) -> bool:
        """Whether it is found by itself. Where the grammar fails it may lack its name."""
        return self.what not in ("field", "scope") and bool(self.name)

    @property
    def kind(self) -> Kind:
        """The kind of definition that an index shows."""
        if self.what not in ("function", "signature"):
            return _OWN_KINDS[self.what]
        in_type = self.parent is not None and self.parent.what in _TYPES
        return Kind.METHOD if in_type else Kind.FUNCTION

    @property
    def qualified_name(self) -> str:
        """Its name after the names of everything around it, dotted. The outermost ones are left out
        where the result would be too long."""
        names, declaration = self.name, self.parent
        if self.owner:
            names = f"{self.owner}.{names}"
        while declaration is not None and len(names) <= MAX_NAME:
            names = f"{declaration.name}.{names}" if declaration.name else names
            declaration = declaration.parent
        return names


@dataclass(frozen=True, slots=True)
class ParsedSource:
    """A parsed source: its module with all declarations, its comments, and the node that the
    module's own documentation precedes."""

    data: bytes
    language: Language
    module: Declaration
    comments: Comments
    documented: Node | None

    def lines(self, declaration: Declaration) -> tuple[int, int]:
        """The first and the last line of a declaration, counted from 1."""
        if declaration is self.module:
            return 1, self.data.count(b"\n") + (not self.data.endswith(b"\n"))
        return declaration.first.start_point.row + 1, declaration.last_row + 1

    def span(self, declaration: Declaration) -> tuple[int, int]:
        """The first byte of a declaration, and the one after its last. A comment that follows a
        constant on its line belongs to it."""
        if declaration is self.module:
            return 0, len(self.data)
        end = declaration.end_byte
        if declaration.what == "constant":
            end = self.comments.end_after(end)
        return declaration.first.start_byte, end


def parse_source(source: str, language: Language) -> ParsedSource:
    """Parses a decoded source and finds all declarations, in time linear in the syntax tree."""
    data = source.encode("utf-8", "replace")
    root = parse(data, language).root_node
    matches = _matches(root, language)
    comments = _comments(matches, data, language)
    last_row = data.count(b"\n")
    module = Declaration("module", root, root, root, len(data), last_row, root, "", "", None)
    enclosing = [module]
    for what, match, outer, first in _candidates(matches):
        while enclosing[-1].outer.end_byte <= first.start_byte and len(enclosing) > 1:
            enclosing.pop()
        declaration = _declaration(what, match, outer, first, enclosing[-1], comments)
        if len(enclosing) <= MAX_NESTING and not _is_left_out(declaration):
            enclosing[-1].members.append(declaration)
            enclosing.append(declaration)
    documented = next((match["module"][0] for match in matches if "module" in match), None)
    return ParsedSource(data, language, module, comments, documented)


def definitions_in(module: Declaration) -> Iterator[Declaration]:
    """A module's definitions, at any depth, in source order."""
    return (declaration for declaration in all_within(module) if declaration.is_definition)


def all_within(module: Declaration) -> Iterator[Declaration]:
    """All declarations in a module, at any depth, in source order."""
    waiting = module.members[::-1]
    while waiting:
        declaration = waiting.pop()
        yield declaration
        waiting += reversed(declaration.members)


def outermost_names(root: Node, source: bytes, language: Language, depth: int) -> list[str]:
    """The names of the outermost definitions that begin at most `depth` nodes below `root`."""
    names, end = [], -1
    for what, match, outer, _ in _candidates(_matches(root, language, depth)):
        if what not in ("field", "scope", "block") and outer.start_byte >= end:
            names.append(_captured_name(match, source))
            end = outer.end_byte
    return names


def _matches(root: Node, language: Language, depth: int | None = None) -> list[Captures]:
    cursor = QueryCursor(query(language, language.definitions))
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return [captures for _, captures in cursor.matches(root)]


def _candidates(matches: list[Captures]) -> list[tuple[str, Captures, Node, Node]]:
    """Every declaration as (what, captures, outer node, first node), sorted so that enclosing ones
    come first. In the same place, a definition comes before a field, and then whatever captures the
    most."""
    outers = {
        match["inner"][0].id: match["outer"][0]
        for match in matches
        if "outer" in match and "grouped" not in match
    }
    afters = {match["inner"][0].id: match["after"][0] for match in matches if "after" in match}
    befores: dict[int, Node] = {}
    for match in matches:
        if "before" in match:
            earliest = befores.get(match["inner"][0].id, match["before"][0])
            befores[match["inner"][0].id] = min(earliest, match["before"][0], key=_start)
    candidates = []
    for match in matches:
        for what in _KINDS:
            if what in match:
                node = match[what][0]
                first = _followed(befores, node)
                outer = _followed(outers, node)
                first = outer if first == node else first
                last = afters.get(node.id) or _with_body(outer, match)
                candidates.append((what, match, last, first))
    return sorted(candidates, key=_sort_key)


def _with_body(outer: Node, match: Captures) -> Node:
    """The body, if it follows the node that it belongs to."""
    body = match["body"][0] if "body" in match else outer
    return body if body.start_byte >= outer.end_byte else outer


def _followed(links: dict[int, Node], node: Node) -> Node:
    """The last node of the chain of links that begins at `node`."""
    while node.id in links:
        node = links[node.id]
    return node


def _start(node: Node) -> int:
    return node.start_byte


def _sort_key(candidate: tuple[str, Captures, Node, Node]) -> tuple[int, int, int, int]:
    what, match, outer, first = candidate
    return first.start_byte, -outer.end_byte, _KINDS.index(what), -len(match)


def _comments(matches: list[Captures], source: bytes, language: Language) -> Comments:
    spans = sorted({node.byte_range for each in matches for node in each.get("comment", [])})
    starts = [start for start, _ in spans]
    # Some grammars count the end of its line as a part of a comment.
    ends = [end - source.endswith(b"\n", start, end) for start, end in spans]
    beginning = len(source) - len(source.lstrip())
    return Comments(source, starts, ends, beginning, language)


def _is_left_out(declaration: Declaration) -> bool:
    """Whether a declaration is a local variable, has been found in another way, or is a type that
    only the definition around gives a name, which is the same: `typedef struct a { … } a`."""
    parent = declaration.parent
    if parent is None or parent.what == "module":
        return False
    is_local = declaration.what in _LOCAL and parent.what in _CODE
    is_found = (declaration.first, declaration.outer) == (parent.first, parent.outer)
    is_type = declaration.what in _TYPES and parent.what in _TYPES | {"constant"}
    return is_local or is_found or (is_type and declaration.name == parent.name)


def _declaration(
    what: str, match: Captures, outer: Node, first: Node, parent: Declaration, comments: Comments
) -> Declaration:
    source = comments.source
    body = match["body"][0] if "body" in match else None
    name, owner = _captured_name(match, source), _captured_owner(match, source)
    if what == "scope":
        name = _dotted(name) if _QUALIFIER.fullmatch(_dotted(name)) else ""
    if what in ("function", "method"):
        first = _first_overload(parent, name) or first
    end, row = _end_of(outer, comments)
    return Declaration(what, match[what][0], outer, first, end, row, body, name, owner, parent)


def _end_of(outer: Node, comments: Comments) -> tuple[int, int]:
    """The end of a node in bytes, and its row, without white space and comments on what follows:
    grammars of languages that go by indentation count them in."""
    start, end = outer.start_byte, outer.end_byte
    while (comment := comments.before(end)) is not None:
        is_inside = comments.starts[comment] > start
        if not is_inside or not comments.is_outdented(comment, outer.start_point.column):
            break
        end = comments.starts[comment]
    end = start + len(comments.source[start:end].rstrip())
    return end, outer.end_point.row - comments.source.count(b"\n", end, outer.end_byte)


def _first_overload(parent: Declaration, name: str) -> Node | None:
    """Where the overloads begin of a function that is about to be added. They become part of it."""
    first = None
    while parent.members and parent.members[-1].what == "signature":
        if parent.members[-1].name != name:
            break
        first = parent.members.pop().first
    return first


def _captured_name(match: Captures, source: bytes) -> str:
    """What is written from the first to the last node of a name, or a title without its quotes."""
    if "name" not in match:
        return ""
    text = source[match["name"][0].start_byte : match["name"][-1].end_byte]
    words = " ".join(text.decode("utf-8", "replace").split())[:MAX_NAME]
    return words.strip("\"'") if "block" in match else words


def _captured_owner(match: Captures, source: bytes) -> str:
    """What is captured as an owner, dotted; nothing if that is more than names."""
    texts = (node_text(node, source) for node in match.get("owner", ()))
    owner = _dotted(".".join(text.decode("utf-8", "replace") for text in texts)[:MAX_NAME])
    return owner if _QUALIFIER.fullmatch(owner) else ""


def _dotted(name: str) -> str:
    return name.replace("::", ".")
