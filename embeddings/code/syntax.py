"""The declarations in a syntax tree, as a tree of their own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from embeddings.code.broken.mending import mended, missed, parsed_pieces
from embeddings.code.broken.recovery import Extent, heads_in
from embeddings.code.candidates import (
    MAX_NAME,
    Candidate,
    Captures,
    Place,
    candidates_in,
    dotted,
    matches_in,
)
from embeddings.code.docstrings import Comments, trimmed_end
from embeddings.code.languages import Language
from embeddings.code.parsing import parse
from embeddings.types import Kind

MAX_NESTING = 30
"""Declarations nested deeper than this are ignored: each text contains all that it encloses, so
that the total size would grow with the depth."""

MOST_NAMES = 50
"""Constants that one statement declares, each of which has the whole statement as its text."""

OUTLINED = frozenset({"module", "class", "interface", "trait"})
"""Declarations whose text may be an outline."""

_TYPES = frozenset({"class", "interface", "trait", "enum", "type"})
_CODE = frozenset({"function", "method", "property", "macro"})
_LOCAL = frozenset({"constant", "signature"})
"""What counts only outside of code: inside, it is a local variable."""

_OWN_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """A definition, scope or field, as captured by a language's query (`what`), or the module.

    `node` is its own node, `outer` the last node that belongs to it, such as the one with its
    decorators, and `first` the node at which it begins. It ends before `end_byte`, on the line
    `last_row` (from 0). It is the `parent` of its `members`.
    """

    what: str
    node: Place
    outer: Place
    first: Place
    end_byte: int
    last_row: int
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
        if not self.node.has_error:
            return True
        return not any(part.has_error for part in self.node.children if part != self.body)

    @property
    def parses(self) -> bool:
        """Whether it has no syntax errors at all."""
        return not isinstance(self.node, Extent) and not self.node.has_error

    @property
    def is_outlined(self) -> bool:
        """Whether its text is an outline. What has no body is its whole source, and so are an
        interface whose query captures no members, as in TypeScript, and what does not parse."""
        if self.what not in OUTLINED or self.body is None:
            return False
        return self.what != "interface" or bool(self.members)

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
    def dotted_name(self) -> str:
        """Its name, dotted if it is a path, as in Perl's `package Plack::Util`. A block's name is a
        title."""
        is_path = self.what != "block" and dotted(self.name)
        return self.name.replace("::", ".") if is_path else self.name

    @property
    def qualified_name(self) -> str:
        """Its name after the names of everything around it, dotted. The outermost ones are left out
        where the result would be too long."""
        names = ""
        declaration: Declaration | None = self
        while declaration is not None and len(names) <= MAX_NAME:
            names = ".".join(filter(None, (declaration.owner, declaration.dotted_name, names)))
            declaration = declaration.parent
        return names


@dataclass(frozen=True, slots=True)
class ParsedSource:
    """A parsed source: its module with all declarations, its comments, the node that the module's
    own documentation precedes, the captures of all documentation in literals, in order, and the
    bytes at which the names of declarations begin, with whether inside code that is a local one."""

    data: bytes
    language: Language
    module: Declaration
    comments: Comments
    documented: Node | None
    literals: list[Captures]
    named: dict[int, bool]

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

    def literal_in(self, start: int, end: int) -> Captures | None:
        """The first documentation in a literal between two bytes."""
        if not self.literals:
            return None
        index = bisect_left(self.literals, start, key=_beginning)
        if index == len(self.literals) or _beginning(self.literals[index]) >= end:
            return None
        return self.literals[index]


def parse_source(source: str, language: Language) -> ParsedSource:
    """Parses a decoded source and finds all declarations, in time linear in the syntax tree. Where
    the grammar fails, layout tells what it missed."""
    data = source.encode("utf-8", "replace")
    root = parse(data, language).root_node
    matches, candidates = _found(data, [root], language)
    if root.has_error and (heads := heads_in(data, language)):
        roots = [root]
        if missed(mended(candidates, heads, roots, data), heads):
            roots = parsed_pieces(data, heads, language)
            matches, candidates = _found(data, roots, language)
        candidates = mended(candidates, heads, roots, data)
    comments = _comments(matches, data, language)
    module = _tree(candidates, root, comments, language)
    documented = next((match["module"][0] for match in matches if "module" in match), None)
    literals = sorted((match for match in matches if "documentation" in match), key=_beginning)
    return ParsedSource(data, language, module, comments, documented, literals, _named(matches))


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


def outermost(
    root: Node, source: bytes, language: Language, depth: int, start: int = 0
) -> list[Candidate]:
    """The outermost definitions that begin at most `depth` nodes below `root`, from the byte
    `start` on."""
    definitions, end = [], start
    matches = matches_in(root, source, language, depth)
    for candidate in candidates_in([root], matches, source, language):
        is_definition = candidate.what not in ("field", "scope", "block") and candidate.name
        if is_definition and candidate.outer.start_byte >= end:
            definitions.append(candidate)
            end = candidate.outer.end_byte
    return definitions


def _found(
    data: bytes, roots: list[Node], language: Language
) -> tuple[list[Captures], list[Candidate]]:
    matches = [match for root in roots for match in matches_in(root, data, language)]
    return matches, candidates_in(roots, matches, data, language)


def _named(matches: list[Captures]) -> dict[int, bool]:
    """A scope's name may be that of a type which is declared elsewhere."""
    return {
        match["name"][0].start_byte: not _LOCAL.isdisjoint(match)
        for match in matches
        if "name" in match and "scope" not in match
    }


def _comments(matches: list[Captures], source: bytes, language: Language) -> Comments:
    spans = sorted({node.byte_range for each in matches for node in each.get("comment", [])})
    starts = [start for start, _ in spans]
    # Some grammars count the end of its line as a part of a comment.
    ends = [end - source.endswith(b"\n", start, end) for start, end in spans]
    return Comments(source, starts, ends, len(source) - len(source.lstrip()), language)


def _tree(
    candidates: list[Candidate], root: Node, comments: Comments, language: Language
) -> Declaration:
    """The module with everything that is declared in it."""
    source = comments.source
    end, last_row = len(source), source.count(b"\n")
    module = Declaration("module", root, root, root, end, last_row, root, "", "", None)
    enclosing = [module]
    names: set[str] = set()
    for candidate in candidates:
        while enclosing[-1].outer.end_byte <= candidate.first.start_byte and len(enclosing) > 1:
            enclosing.pop()
        if _is_another_name(candidate, enclosing[-1]):
            if candidate.name in names or len(names) == MOST_NAMES:
                continue
            enclosing.pop()
        else:
            names = set()
        names.add(candidate.name)
        if len(enclosing) <= MAX_NESTING and not _is_left_out(candidate, enclosing[-1]):
            enclosing.append(_added(enclosing[-1], candidate, comments, language))
    return module


def _is_another_name(candidate: Candidate, declaration: Declaration) -> bool:
    """Whether a statement declares several constants: each is the whole, beside the others."""
    is_same = candidate.outer == declaration.outer and candidate.first == declaration.first
    return is_same and candidate.what == declaration.what == "constant"


def _is_left_out(candidate: Candidate, parent: Declaration) -> bool:
    """Whether a candidate is a local variable, has been found in another way, or is a type that
    only the definition around gives a name, which is the same: `typedef struct a { … } a`."""
    if parent.what == "module":
        return False
    is_local = candidate.what in _LOCAL and parent.what in _CODE
    is_same = candidate.first == parent.first or candidate.name == parent.name
    is_found = candidate.outer == parent.outer and is_same
    is_type = candidate.what in _TYPES and parent.what in _TYPES | {"constant"}
    return is_local or is_found or (is_type and candidate.name == parent.name)


def _added(
    parent: Declaration, candidate: Candidate, comments: Comments, language: Language
) -> Declaration:
    """Adds what a candidate declares to its parent, together with what belongs to it: its
    overloads, or the clauses of a function that it continues."""
    end, row = _end_of(candidate.outer, comments)
    declaration = Declaration(
        candidate.what,
        candidate.node,
        candidate.outer,
        candidate.first,
        end,
        row,
        candidate.body,
        candidate.name,
        candidate.owner,
        parent,
    )
    siblings = parent.members
    if language.clauses and siblings and _continues(siblings[-1], declaration):
        previous = siblings.pop()
        declaration = replace(previous, outer=declaration.outer, end_byte=end, last_row=row)
    elif declaration.what in ("function", "method", "constant"):
        declaration = _with_overloads(declaration, _taken_overloads(parent, declaration.name))
    siblings.append(declaration)
    return declaration


def _end_of(outer: Place, comments: Comments) -> tuple[int, int]:
    """The end of a node in bytes, and its row, without white space and comments on what follows:
    grammars of languages that go by indentation count them in."""
    start, end = outer.start_byte, outer.end_byte
    while (comment := comments.before(end)) is not None:
        is_inside = comments.starts[comment] > start
        if not is_inside or not comments.is_outdented(comment, outer.start_point.column):
            break
        end = comments.starts[comment]
    end = trimmed_end(comments.source, start, end)
    return end, outer.end_point.row - comments.source.count(b"\n", end, outer.end_byte)


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


def _beginning(documentation: Captures) -> int:
    return documentation["documentation"][0].start_byte
