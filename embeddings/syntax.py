"""Source → syntax tree, flattened to what path-contexts are made of: nodes and leaves.

Trees are walked with a cursor and never by recursion, so that depth costs memory and no stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import cast

from tree_sitter import Node, Parser, Tree

from embeddings.docstrings import interpolates, is_docstring
from embeddings.languages import Language, compiled

_WORD = re.compile(rb"[\w\x80-\xff]")
_KIND_IDS = 1 << 16


# What a node of some kind is to the walk. Plain numbers, for they are compared at every node:
# those below INNER are no nodes of the flattened tree, those from STRING on are leaves at once.
PUNCTUATION, IGNORED, INNER, OPERATOR, STATEMENT, STRING, TEXT, IDENTIFIER, NUMBER, WORD = range(10)


@dataclass(frozen=True, slots=True)
class Flat:
    """A syntax tree without comments, docstrings and punctuation, as parallel lists.

    Nodes are numbered in preorder from the root, 0: `kinds`, `parents` and `following` (the next
    sibling) have one entry a node, -1 where there is none. `leaves` holds the nodes that are
    leaves, in source order; `roles`, `starts` and `ends` (byte offsets) have one entry a leaf.
    `words` holds the tokens of leaves that are more than their keyword, `return` in `return # x`.
    """

    source: bytes
    kinds: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    following: list[int] = field(default_factory=list)
    leaves: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)

    def add_leaf(self, node: int, role: int, start: int, end: int) -> None:
        """Makes `node` a leaf, unless it is empty, as a missing token is."""
        if start < end:
            self.leaves.append(node)
            self.roles.append(role)
            self.starts.append(start)
            self.ends.append(end)

    def text(self, leaf: int) -> str:
        """What the leaf's token is made of, as it is written."""
        if leaf in self.words:
            return self.words[leaf]
        return self.source[self.starts[leaf] : self.ends[leaf]].decode("utf-8", "replace")


def parse(source: bytes, language: Language) -> Tree:
    """The syntax tree of UTF-8 `source`; where it is broken the tree has error nodes."""
    return Parser(compiled(language)).parse(source)


def flatten(root: Node, source: bytes, language: Language) -> Flat:
    """The nodes and leaves under `root`, a node of the tree of `source`. Linear in their number."""
    roles, names = _tables(language)
    flat = Flat(source, [names[root.kind_id]], [-1], [-1])
    kinds, parents, following = flat.kinds, flat.parents, flat.following
    cursor = root.walk()
    down, onward, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    above: list[tuple[int, int, int]] = []
    parent, latest, parent_role = 0, -1, roles[root.kind_id]
    more = down()
    while more:
        node = cast(Node, cursor.node)
        kind = node.kind_id
        role = roles[kind]
        if role in (STATEMENT, STRING):
            role = _role_in_context(node, role, flat, parent, latest, language)
        if role >= INNER:
            previous, latest = latest, len(kinds)
            kinds.append(names[kind])
            parents.append(parent)
            following.append(-1)
            if previous >= 0:
                following[previous] = latest
            if role >= STRING:
                if role != TEXT or _WORD.search(source, node.start_byte, node.end_byte):
                    flat.add_leaf(latest, role, node.start_byte, node.end_byte)
            elif down():
                above.append((parent, latest, parent_role))
                parent, latest, parent_role = latest, -1, role
                continue
            elif _WORD.search(source, node.start_byte, node.end_byte):
                flat.add_leaf(latest, WORD, node.start_byte, node.end_byte)
        elif parent_role == OPERATOR and role == PUNCTUATION:
            kinds[parent] = _refined(kinds[parent], names[kind])
        while not (more := onward()) and above:
            up()
            if latest < 0:
                _add_keywords(flat, parent, cast(Node, cursor.node))
            parent, latest, parent_role = above.pop()
    return flat


def _role_in_context(
    node: Node, role: int, flat: Flat, parent: int, latest: int, language: Language
) -> int:
    """A docstring is ignored; a string that interpolates is an inner node."""
    if role == STRING:
        return INNER if interpolates(node, language) else STRING
    first = latest < 0 and _documentable(flat, parent, language)
    return IGNORED if first and is_docstring(node, language) else INNER


def _documentable(flat: Flat, parent: int, language: Language) -> bool:
    """Whether a first statement under `parent` would be the docstring of a definition."""
    holder = flat.parents[parent]
    return flat.kinds[parent if holder < 0 else holder] in language.documented


def _add_keywords(flat: Flat, node: int, span: Node) -> None:
    """A node that holds no others is a leaf if it is written in words, as `return` is."""
    words = [child.type for child in span.children if _is_keyword(child)]
    if words:
        flat.words[len(flat.leaves)] = " ".join(words)
        flat.add_leaf(node, WORD, span.start_byte, span.end_byte)


def _is_keyword(node: Node) -> bool:
    return not node.is_named and node.type.replace("_", "a").isalnum()


@cache
def _refined(kind: str, operator: str) -> str:
    """The kind with one more operator; a chain like `a < b < c` names each operator once."""
    operator = operator.replace(" ", "_")
    first, *operators = kind.split(":")
    return kind if operator in operators else ":".join([first, *operators, operator])


@cache
def _tables(language: Language) -> tuple[bytes, list[str]]:
    """The role and the name of each kind of node, by `kind_id`. The last is that of errors."""
    grammar = compiled(language)
    roles = bytearray([INNER]) * _KIND_IDS
    names = ["ERROR"] * _KIND_IDS
    for kind in range(grammar.node_kind_count):
        names[kind] = grammar.node_kind_for_id(kind) or ""
        named = grammar.node_kind_is_named(kind)
        roles[kind] = _role(names[kind], language) if named else PUNCTUATION
    return bytes(roles), names


def _role(kind: str, language: Language) -> int:
    if kind == language.docstring_statement:
        return STATEMENT
    for kinds, role in (
        (language.ignored, IGNORED),
        (language.operators, OPERATOR),
        (language.strings, STRING),
        (language.identifiers, IDENTIFIER),
        (language.texts, TEXT),
        (language.numbers, NUMBER),
    ):
        if kind in kinds:
            return role
    return INNER
