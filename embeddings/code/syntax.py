"""The declarations in a syntax tree, as a tree of their own."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node, QueryCursor

from embeddings.code.docstrings import Comments, line_before
from embeddings.code.languages import Language, query
from embeddings.code.parsing import UnreadableSource, node_text, parse
from embeddings.code.recovery import Extent, Head, heads_in, indentation, pieces
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
    "class",
    "interface",
    "trait",
    "enum",
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

_WITH_BODIES = frozenset({"function", "method", "class", "interface", "trait", "block"})
_TYPES = frozenset({"class", "interface", "trait", "enum", "type"})
_OWN_KINDS = {kind.value: kind for kind in Kind}
_QUALIFIER = re.compile(r"[\w$.]+")
_QUOTED = re.compile(r"([\"'`])(.*)\1", re.DOTALL)

Captures = dict[str, list[Node]]

Place = Node | Extent
"""Where a declaration lies: a node of the syntax tree or, where that is broken, some lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """A definition, scope or field, as captured by a language's query (`what`), or the module.

    `node` is its own node, `outer` the node with its decorators, and `first` the node at which it
    begins. It is the `parent` of its `members`.
    """

    what: str
    node: Place
    outer: Place
    first: Place
    body: Node | None
    name: str
    owner: str
    parent: Declaration | None
    members: list[Declaration] = field(default_factory=list)

    @property
    def tree(self) -> Node:
        """Its node in the syntax tree. What has a body has one."""
        assert isinstance(self.node, Node)
        return self.node

    @property
    def head_parses(self) -> bool:
        """Whether it has no syntax errors before its body, so that its head can be shown."""
        if isinstance(self.node, Extent):
            return False
        return not any(part.has_error for part in self.node.children if part != self.body)

    @property
    def is_outlined(self) -> bool:
        """Whether its text is an outline. An interface whose query captures no members, as in
        TypeScript, is its whole source, and so is what does not parse."""
        if isinstance(self.node, Extent):
            return False
        return self.what in OUTLINED and (self.what != "interface" or bool(self.members))

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
        return declaration.first.start_point.row + 1, declaration.outer.end_point.row + 1

    def span(self, declaration: Declaration) -> tuple[int, int]:
        """The first byte of a declaration, and the one after its last. A comment that follows a
        constant on its line belongs to it."""
        if declaration is self.module:
            return 0, len(self.data)
        end = declaration.outer.end_byte
        if declaration.what == "constant":
            end = self.comments.end_after(end)
        return declaration.first.start_byte, end


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """What may become a declaration, and the row of the line that tells its name (from 0)."""

    what: str
    node: Place
    outer: Place
    first: Place
    body: Node | None
    name: str
    owner: str
    row: int

    @property
    def is_broken(self) -> bool:
        return isinstance(self.node, Extent) or self.node.has_error


def parse_source(source: str, language: Language) -> ParsedSource:
    """Parses a decoded source and finds all declarations, in time linear in the syntax tree. Where
    the grammar fails, layout tells what it missed."""
    data = source.encode("utf-8", "replace")
    root = parse(data, language).root_node
    matches = _matches(root, data, language)
    candidates = _candidates(matches, data, language)
    if root.has_error and (heads := heads_in(data, language)):
        roots = [root]
        if _missed(_mended(candidates, heads, roots, data), heads):
            roots = _parsed_pieces(data, heads, language)
            matches = [match for each in roots for match in _matches(each, data, language)]
            candidates = _candidates(matches, data, language)
        candidates = _mended(candidates, heads, roots, data)
    module = Declaration("module", root, root, root, root, "", "", None)
    enclosing = [module]
    for candidate in candidates:
        while enclosing[-1].outer.end_byte <= candidate.first.start_byte and len(enclosing) > 1:
            enclosing.pop()
        repeated = candidate.outer == enclosing[-1].outer and len(enclosing) > 1
        if len(enclosing) <= MAX_NESTING and not repeated:
            enclosing.append(_add_declaration(candidate, enclosing[-1]))
    comments = sorted({node.byte_range for each in matches for node in each.get("comment", [])})
    spans = [start for start, _ in comments], [end for _, end in comments]
    beginning = len(data) - len(data.lstrip())
    documented = next((match["module"][0] for match in matches if "module" in match), None)
    return ParsedSource(
        data, language, module, Comments(data, *spans, beginning, language), documented
    )


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
    matches = _matches(root, source, language, depth)
    for candidate in _candidates(matches, source, language):
        is_definition = candidate.what not in ("field", "scope", "block")
        if is_definition and candidate.outer.start_byte >= end:
            names.append(candidate.name)
            end = candidate.outer.end_byte
    return [name for name in names if name]


def _parsed_pieces(data: bytes, heads: list[Head], language: Language) -> list[Node]:
    """The roots of a source's pieces, each parsed by itself, so that none swallows the others."""
    roots = []
    for piece in pieces(heads, len(data)):
        try:
            roots.append(parse(data, language, span=piece).root_node)
        except UnreadableSource:
            continue
    return roots


def _missed(mended: list[_Candidate], heads: list[Head]) -> bool:
    """Whether the grammar missed one of the outermost definitions, or its end."""
    outermost = min(head.indentation for head in heads)
    rows = {head.row for head in heads if head.indentation == outermost}
    return any(each.row in rows for each in mended if isinstance(each.node, Extent))


def _mended(
    candidates: list[_Candidate], heads: list[Head], roots: list[Node], data: bytes
) -> list[_Candidate]:
    """The candidates with those that layout tells to be missing, and without broken ones that end
    elsewhere: some swallow what follows, and others lose their end."""
    places = {(head.row, head.name): head for head in heads}
    errors = sorted(_error_rows(roots))
    kept = [
        each
        for each in candidates
        if (head := places.get((each.row, each.name))) is None
        or _ends_right(each, head, errors, data)
    ]
    found = {(each.row, each.name) for each in kept}
    whole = [each for each in kept if not each.is_broken and each.what in _WITH_BODIES]
    missing, current = [], 0
    for head in heads:
        begin = head.extent.start_byte
        while current < len(whole) and whole[current].outer.end_byte <= begin:
            current += 1
        is_inside = current < len(whole) and whole[current].first.start_byte <= begin
        if (head.row, head.name) not in found and not is_inside:
            missing.append(_from_layout(head))
    return sorted([*kept, *missing], key=_sort_key)


def _ends_right(candidate: _Candidate, head: Head, errors: list[int], data: bytes) -> bool:
    """Whether a candidate ends where its layout ends, or has nothing to do with any of the rows
    with errors: it holds none, lost nothing to one, and was not closed with what is around it."""
    ends, should = candidate.outer.end_point.row, head.extent.end_point.row
    if ends == should:
        return True
    is_cut = bisect_left(errors, ends) < bisect_right(errors, should)
    closing = line_before(data, candidate.outer.end_byte)
    margin = closing[: len(closing) - len(closing.lstrip())]
    return not candidate.is_broken and not is_cut and indentation(margin) >= head.indentation


def _error_rows(roots: list[Node]) -> Iterator[int]:
    """The rows at which errors begin, in the order of their nodes."""
    for root in roots:
        waiting = [root] if root.has_error else []
        while waiting:
            node = waiting.pop()
            if node.is_error or node.is_missing:
                yield node.start_point.row
            waiting += (child for child in node.children if child.has_error)


def _from_layout(head: Head) -> _Candidate:
    extent = head.extent
    return _Candidate(head.what, extent, extent, extent, None, head.name, head.owner, head.row)


def _matches(
    root: Node, source: bytes, language: Language, depth: int | None = None
) -> list[Captures]:
    """What the query captures, without functions that are only passed to one of the callers."""
    cursor = QueryCursor(query(language, language.definitions))
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return [
        captures
        for _, captures in cursor.matches(root)
        if _captured_text(captures, "callee", source) not in language.callers
    ]


def _candidates(matches: list[Captures], source: bytes, language: Language) -> list[_Candidate]:
    """Every declaration that is captured, sorted so that enclosing ones come first, and a
    definition comes before a field in the same place."""
    outers = {
        match["inner"][0].id: match["outer"][0]
        for match in matches
        if "outer" in match and "grouped" not in match
    }
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
                first, outer = _followed(befores, node), _followed(outers, node)
                first = outer if first == node else first
                name, owner = _names(match, source, language)
                if what == "scope" and (name in language.slots or not _QUALIFIER.fullmatch(name)):
                    name = ""
                body = match["body"][0] if "body" in match else None
                row = match["name"][0].start_point.row if "name" in match else -1
                candidates.append(_Candidate(what, node, outer, first, body, name, owner, row))
    return sorted(candidates, key=_sort_key)


def _followed(links: dict[int, Node], node: Node) -> Node:
    """The last node of the chain of links that begins at `node`."""
    while node.id in links:
        node = links[node.id]
    return node


def _start(node: Node) -> int:
    return node.start_byte


def _sort_key(candidate: _Candidate) -> tuple[int, int, int]:
    order = _KINDS.index(candidate.what)
    return candidate.first.start_byte, -candidate.outer.end_byte, order


def _add_declaration(candidate: _Candidate, parent: Declaration) -> Declaration:
    first = candidate.first
    if candidate.what in ("function", "method"):
        first = _first_overload(parent, candidate.name) or first
    declaration = Declaration(
        candidate.what,
        candidate.node,
        candidate.outer,
        first,
        candidate.body,
        candidate.name,
        candidate.owner,
        parent,
    )
    parent.members.append(declaration)
    return declaration


def _first_overload(parent: Declaration, name: str) -> Place | None:
    """Where the overloads begin of a function that is about to be added. They become part of it."""
    first = None
    while parent.members and parent.members[-1].what == "signature":
        if parent.members[-1].name != name:
            break
        first = parent.members.pop().first
    return first


def _names(match: Captures, source: bytes, language: Language) -> tuple[str, str]:
    """The name that a match captures, without quotes, and its owner. What fills a slot of the file
    is known by a name of its own, and is not qualified by the slot. A lone underscore is no name.
    """
    name, owner = _captured_text(match, "name", source), _captured_text(match, "owner", source)
    alias = _captured_text(match, "alias", source)
    slot = f"{owner}.{name}" if owner else name
    if slot in language.slots and alias:
        return alias, ""
    if owner in language.slots or not _QUALIFIER.fullmatch(owner):
        owner = ""
    quoted = _QUOTED.fullmatch(name)
    if name == "_":
        name = ""
    return quoted[2] if quoted else name, owner


def _captured_text(match: Captures, part: str, source: bytes) -> str:
    text = node_text(match[part][0], source) if part in match else b""
    return text.decode("utf-8", "replace")[:MAX_NAME]
