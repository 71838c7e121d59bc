"""The declarations in a syntax tree, as a tree of their own."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from tree_sitter import Node, QueryCursor, QueryPredicate

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

_TYPES = frozenset({"class", "interface", "trait", "enum", "type"})
_OWN_KINDS = {kind.value: kind for kind in Kind}
_QUALIFIER = re.compile(r"[\w$.-]+")
_SEPARATOR = re.compile(r"::|[:\\]")
"""What separates the parts of an owner's name in some languages."""

Captures = dict[str, list[Node]]
Arguments = list[tuple[str, Literal["capture", "string"]]]
"""What a predicate of a query is given: each a capture's name or a string, and which of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """A definition, scope or field, as captured by a language's query (`what`), or the module.

    `node` is its own node, `outer` the node with its decorators, and `first` the node at which it
    begins. It is the `parent` of its `members`.
    """

    what: str
    node: Node
    outer: Node
    first: Node
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
        """Whether its text is an outline. An interface whose query captures no members, as in
        TypeScript, is its whole source, and so is whatever has no body."""
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
        names = ""
        declaration: Declaration | None = self
        while declaration is not None and len(names) <= MAX_NAME:
            names = ".".join(filter(None, (declaration.owner, declaration.name, names)))
            declaration = declaration.parent
        return names


@dataclass(frozen=True, slots=True)
class ParsedSource:
    """A parsed source: its module with all declarations, its comments, the node that the module's
    own documentation precedes, and the captures of all documentation in literals, in order."""

    data: bytes
    language: Language
    module: Declaration
    comments: Comments
    documented: Node | None
    literals: list[Captures]

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

    def literal_in(self, start: int, end: int) -> Captures | None:
        """The first documentation in a literal between two bytes."""
        index = bisect_left(self.literals, start, key=_beginning)
        if index == len(self.literals) or _beginning(self.literals[index]) >= end:
            return None
        return self.literals[index]


def parse_source(source: str, language: Language) -> ParsedSource:
    """Parses a decoded source and finds all declarations, in time linear in the syntax tree."""
    data = source.encode("utf-8", "replace")
    root = parse(data, language).root_node
    matches = _matches(root, data, language)
    module = Declaration("module", root, root, root, root, "", "", None)
    enclosing, declared = [module], set()
    for what, match, outer, first in _candidates(root, matches):
        while enclosing[-1].outer.end_byte <= first.start_byte and len(enclosing) > 1:
            enclosing.pop()
        place = match["onward"][0].id if "onward" in match else outer.id
        if len(enclosing) <= MAX_NESTING and place not in declared:
            declared.add(place)
            declaration = _declaration(what, match, outer, first, enclosing[-1], data, language)
            enclosing.append(_added(enclosing[-1], declaration, language))
    comments = sorted(
        {_trimmed(node, data) for each in matches for node in each.get("comment", [])}
    )
    spans = [start for start, _ in comments], [end for _, end in comments]
    beginning = len(data) - len(data.lstrip())
    documented = next((match["module"][0] for match in matches if "module" in match), None)
    literals = sorted((match for match in matches if "documentation" in match), key=_beginning)
    return ParsedSource(
        data, language, module, Comments(data, *spans, beginning, language), documented, literals
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


def own_name(node: Node, source: bytes, language: Language) -> bytes:
    """The name that a node spells, without sigils."""
    return node_text(node, source).strip(language.sigils.encode())


def outermost(
    root: Node, source: bytes, language: Language, depth: int, start: int = 0
) -> list[tuple[bytes, Node, Node]]:
    """The outermost definitions that begin at most `depth` nodes below `root`, from the byte
    `start` on: the name, the first and the last node of each."""
    definitions, end = [], start
    for what, match, outer, first in _candidates(root, _matches(root, source, language, depth)):
        if what not in ("field", "scope", "block") and outer.start_byte >= end:
            definitions.append((own_name(match["name"][0], source, language), first, outer))
            end = outer.end_byte
    return definitions


def _matches(
    root: Node, source: bytes, language: Language, depth: int | None = None
) -> list[Captures]:
    cursor = QueryCursor(query(language, language.definitions))
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return [captures for _, captures in cursor.matches(root, _spelling(source))]


def _spelling(source: bytes) -> QueryPredicate:
    """The predicates `(#one-of? @name "a" "b")` and `(#none-of? …)`: whether a captured node is
    spelt as one of these words. (Predicates of tree-sitter's own read `Node.text`, which crashes:
    `node_text`.)"""

    def holds(predicate: str, args: Arguments, pattern_index: int, captures: Captures) -> bool:
        (name, _), *words = args
        spelt = [node_text(node, source).decode("utf-8", "replace") for node in captures[name]]
        is_one = all(any(text == word for word, _ in words) for text in spelt)
        return is_one == (predicate == "one-of?")

    return holds


def _candidates(root: Node, matches: list[Captures]) -> list[tuple[str, Captures, Node, Node]]:
    """Every declaration as (what, captures, outer node, first node), sorted so that enclosing ones
    come first, and in the same place a definition before a field, and what captures more first."""
    ungrouped = [match for match in matches if "grouped" not in match]
    outers = {match["inner"][0].id: match["outer"][0] for match in ungrouped if "outer" in match}
    lasts = _last_parts(matches)
    befores: dict[int, Node] = {}
    for match in matches:
        if "before" in match:
            earliest = befores.get(match["inner"][0].id, match["before"][0])
            befores[match["inner"][0].id] = min(earliest, match["before"][0], key=_start)
    onwards = _onwards(root, matches)
    candidates = []
    for match in matches:
        for what in _KINDS:
            if what in match:
                node = match[what][0]
                outer = _followed(outers, node)
                first = _followed(befores, node)
                first = _followed(befores, outer) if first == node else first
                begun = match
                if "onward" in match and node.id in onwards:
                    following, outer = onwards[node.id]
                    begun = {**match, "body": [following]}
                candidates.append((what, begun, lasts.get(node.id, outer), first))
    return sorted(candidates, key=_sort_key)


def _last_parts(matches: list[Captures]) -> dict[int, Node]:
    """The last `@part` that follows each `@open` node before the next one, by that node's id."""
    opened = {match["open"][0].id for match in matches if "open" in match}
    nodes = [match[each][0] for match in matches for each in ("open", "part") if each in match]
    lasts, current = {}, None
    for node in sorted(nodes, key=lambda node: (node.start_byte, node.id not in opened)):
        if node.id in opened:
            current = node
        elif current is not None:
            lasts[current.id] = node
    return lasts


def _onwards(root: Node, matches: list[Captures]) -> dict[int, list[Node]]:
    """The first and the last node under `root` that each captured statement goes on to, up to the
    next of its type; nothing for those that no other node follows."""
    statements = {match["onward"][0].type for match in matches if "onward" in match}
    spans: dict[int, list[Node]] = {}
    current = None
    for child in root.named_children if statements else ():
        if child.type in statements:
            current = child.id
        elif current is not None:
            spans[current] = [spans.get(current, [child])[0], child]
    return spans


def _followed(links: dict[int, Node], node: Node) -> Node:
    """The last node of the chain of links that begins at `node`."""
    while node.id in links:
        node = links[node.id]
    return node


def _beginning(documentation: Captures) -> int:
    return documentation["documentation"][0].start_byte


def _start(node: Node) -> int:
    return node.start_byte


def _sort_key(candidate: tuple[str, Captures, Node, Node]) -> tuple[int, int, int, int]:
    what, match, outer, first = candidate
    return first.start_byte, -outer.end_byte, _KINDS.index(what), -len(match)


def _declaration(
    what: str,
    match: Captures,
    outer: Node,
    first: Node,
    parent: Declaration,
    source: bytes,
    language: Language,
) -> Declaration:
    body = match["body"][0] if "body" in match else None
    name = _decoded(own_name(match["name"][0], source, language)) if "name" in match else ""
    if what == "scope":
        name = _qualifier(name)
    owners = (_decoded(node_text(node, source)) for node in match.get("owner", []))
    owner = _qualifier(".".join(owners))
    return Declaration(what, match[what][0], outer, first, body, name, owner, parent)


def _added(parent: Declaration, declaration: Declaration, language: Language) -> Declaration:
    """Adds a declaration to its parent, together with what belongs to it: its overloads, or the
    clauses of a function that it continues."""
    siblings = parent.members
    if language.clauses and siblings and _continues(siblings[-1], declaration):
        declaration = replace(siblings.pop(), outer=declaration.outer)
    elif declaration.what in ("function", "method", "constant"):
        declaration = _with_overloads(declaration, _taken_overloads(parent, declaration.name))
    siblings.append(declaration)
    return declaration


def _continues(previous: Declaration, declaration: Declaration) -> bool:
    """Whether a function is another clause of the one before it."""
    has_own_head = declaration.first != declaration.outer
    same = (previous.what, previous.name) == (declaration.what, declaration.name)
    return declaration.what == "function" and same and not has_own_head


def _taken_overloads(parent: Declaration, name: str) -> list[Declaration]:
    """The overloads of a function that is about to be added. They become part of it."""
    begin = len(parent.members)
    while begin and parent.members[begin - 1].what == "signature":
        if parent.members[begin - 1].name != name:
            break
        begin -= 1
    overloads = parent.members[begin:]
    del parent.members[begin:]
    return overloads


def _with_overloads(function: Declaration, overloads: list[Declaration]) -> Declaration:
    """A function that begins with its overloads. Its head is that of the first with a body."""
    if not overloads:
        return function
    head = next((each for each in overloads if each.body is not None), function)
    return replace(function, first=overloads[0].first, node=head.node, body=head.body)


def _qualifier(name: str) -> str:
    """What a name adds to qualified names: its dotted form, or nothing if it is no path."""
    dotted = _SEPARATOR.sub(".", name)
    return dotted if _QUALIFIER.fullmatch(dotted) else ""


def _decoded(name: bytes) -> str:
    return name.decode("utf-8", "replace")[:MAX_NAME]


def _trimmed(comment: Node, source: bytes) -> tuple[int, int]:
    """The span of a comment, without the end of its line."""
    return comment.start_byte, comment.start_byte + len(node_text(comment, source).rstrip())
