"""What a language's query captures in a syntax tree: everything that may become a declaration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node, QueryCursor, QueryPredicate

from embeddings.code.broken.recovery import Extent
from embeddings.code.languages import Language, query
from embeddings.code.parsing import node_text

MAX_NAME = 500
"""Characters of a name, of its owner, or of the rest of a qualified name. A name may be as long as
a file, and the qualified names of everything inside would repeat it."""

MOST_OPEN_MATCHES = 192
"""Matches that a query keeps open at once; of more, the earliest are given up. A list of a thousand
names opens one for each, and at each node all are compared with each other, which took 20 s. None
of 1,585 files of real projects in 38 languages loses a match, even with 128."""

_RANKS = {
    what: rank
    for rank, what in enumerate(
        """method function signature enum interface trait class type macro property constant block
        scope field""".split()  # noqa: SIM905
    )
}
"""What a query captures, and its place in the order of precedence."""

_QUALIFIER = re.compile(r"[\w$.-]+")
_QUOTES = ('"', "'", "`")
_QUOTED = re.compile(r"([\"'`])(.*)\1", re.DOTALL)
_SEPARATOR = re.compile(r"::|[:\\]")
"""What separates the parts of a qualified name in some languages."""

Captures = dict[str, list[Node]]

Arguments = list[tuple[str, Literal["capture", "string"]]]
"""What a predicate of a query is given: each a capture's name or a string, and which of them."""

Place = Node | Extent
"""Where a declaration lies: a node of the syntax tree or, where that is broken, some lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What may become a declaration: its own node, the last and the first node that belong to it
    (`outer` and `first`), and the row of the line that tells its name (from 0). `captures` is how
    much the query captured of it."""

    what: str
    node: Place
    outer: Place
    first: Place
    body: Node | None
    name: str
    owner: str
    row: int
    captures: int = 0

    @property
    def is_broken(self) -> bool:
        return isinstance(self.node, Extent) or self.node.has_error

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Enclosing ones come first. In the same place a definition comes before a field, and then
        whatever captures the most."""
        rank = _RANKS[self.what]
        return self.first.start_byte, -self.outer.end_byte, rank, -self.captures


def matches_in(
    root: Node, source: bytes, language: Language, depth: int | None = None
) -> list[Captures]:
    """What the query captures at most `depth` nodes below `root`, without functions that are only
    passed to one of the callers."""
    cursor = QueryCursor(query(language, language.definitions), match_limit=MOST_OPEN_MATCHES)
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return [
        captures
        for _, captures in cursor.matches(root, _spelling(source))
        if not language.callers or _spelt(captures, "callee", source) not in language.callers
    ]


def candidates_in(
    roots: Iterable[Node], matches: list[Captures], source: bytes, language: Language
) -> list[Candidate]:
    """Every declaration that is captured under the `roots`, in their order."""
    linked = [match for match in matches if "inner" in match]
    outers = {
        match["inner"][0].id: match["outer"][0]
        for match in linked
        if "outer" in match and "grouped" not in match
    }
    afters = {match["inner"][0].id: match["after"][0] for match in linked if "after" in match}
    befores = _befores(linked)
    onwards = _onwards(roots, matches)
    lasts = _last_parts(matches)
    candidates = []
    for match in matches:
        for what in filter(_RANKS.__contains__, match):
            node = match[what][0]
            outer, first = _followed(outers, node), _followed(befores, node)
            first = _followed(befores, outer) if first == node else first
            body = match["body"][0] if "body" in match else None
            if "onward" in match and node.id in onwards:
                body, outer = onwards[node.id]
            last = lasts.get(node.id) or afters.get(node.id) or _with_body(outer, body)
            name, owner = _names(match, what, source, language)
            row = match["name"][0].start_point.row if "name" in match else -1
            candidates.append(
                Candidate(what, node, last, first, body, name, owner, row, len(match))
            )
    return sorted(candidates, key=lambda candidate: candidate.order)


def _spelling(source: bytes) -> QueryPredicate:
    """The predicates `(#one-of? @name "a" "b")` and `(#none-of? …)`: whether a captured node is
    spelt as one of these words."""

    def holds(predicate: str, args: Arguments, pattern_index: int, captures: Captures) -> bool:
        (name, _), *words = args
        spelt = [node_text(node, source).decode("utf-8", "replace") for node in captures[name]]
        is_one = all(any(text == word for word, _ in words) for text in spelt)
        return is_one == (predicate == "one-of?")

    return holds


def _befores(matches: list[Captures]) -> dict[int, Node]:
    """The first node that belongs to each node, by the id of that."""
    befores: dict[int, Node] = {}
    for match in matches:
        if "before" in match:
            earliest = befores.get(match["inner"][0].id, match["before"][0])
            befores[match["inner"][0].id] = min(earliest, match["before"][0], key=_start)
    return befores


def _onwards(roots: Iterable[Node], matches: list[Captures]) -> dict[int, tuple[Node, Node]]:
    """The first and the last node under a root that each captured statement goes on to, up to the
    next of its type; nothing for those that no other node follows."""
    statements = {match["onward"][0].type for match in matches if "onward" in match}
    spans: dict[int, tuple[Node, Node]] = {}
    for root in roots if statements else ():
        current = None
        for child in root.named_children:
            if child.type in statements:
                current = child.id
            elif current is not None:
                spans[current] = spans.get(current, (child, child))[0], child
    return spans


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


def _with_body(outer: Node, body: Node | None) -> Node:
    """The body, if it follows the node that it belongs to."""
    return body if body is not None and body.start_byte >= outer.end_byte else outer


def _followed(links: dict[int, Node], node: Node) -> Node:
    """The last node of the chain of links that begins at `node`."""
    while links and node.id in links:
        node = links[node.id]
    return node


def _start(node: Node) -> int:
    return node.start_byte


def _names(match: Captures, what: str, source: bytes, language: Language) -> tuple[str, str]:
    """The name that a match captures, without quotes and sigils, and its owner. What fills a slot
    of the file is known by a name of its own, and is not qualified by the slot. A lone underscore
    is not a name, and a scope's name is one that can qualify others."""
    name, alias = _spelt(match, "name", source), _spelt(match, "alias", source)
    owner = _owner(match, source)
    slot = f"{owner}.{name}" if owner else name
    if slot in language.slots and alias:
        return alias, ""
    if what == "scope":
        return ("" if name in language.slots else dotted(name)), dotted(owner)
    if name.startswith(_QUOTES) and (quoted := _QUOTED.fullmatch(name)):
        name = quoted[2]
    name = name.strip(language.sigils) if language.sigils else name
    return (name if name != "_" else ""), ("" if owner in language.slots else dotted(owner))


def _owner(match: Captures, source: bytes) -> str:
    """Several owners are joined by dots."""
    if "owner" not in match:
        return ""
    texts = (node_text(node, source) for node in match["owner"])
    return ".".join(text.decode("utf-8", "replace") for text in texts)[:MAX_NAME]


def _spelt(match: Captures, part: str, source: bytes) -> str:
    """What is written from the first to the last node of a part, on one line."""
    if part not in match:
        return ""
    text = source[match[part][0].start_byte : match[part][-1].end_byte]
    return " ".join(text.decode("utf-8", "replace").split())[:MAX_NAME]


def dotted(name: str) -> str:
    """What a name adds to qualified names: its dotted form, or nothing if it is no path."""
    if name.isidentifier():
        return name
    dotted = _SEPARATOR.sub(".", name)
    return dotted if _QUALIFIER.fullmatch(dotted) else ""


def last_part(name: str, language: Language) -> str:
    """What a name ends with that is a path in its language: `Conn` of Elixir's `Plug.Conn`. Another
    name is whole: `print.data` is one word in R."""
    return (dotted(name) and name.rpartition(language.separator)[2]) or name
