"""Syntax trees, flattened to the nodes and leaves that path-contexts consist of. They are walked
with a cursor and without recursion, so that depth takes memory instead of stack."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tree_sitter import Node

from embeddings.code.docstrings import is_docstring
from embeddings.code.languages import Language
from embeddings.code.node_roles import (
    IDENTIFIER,
    INNER,
    OPERATOR,
    QUOTED,
    SKIPPED,
    STATEMENT,
    STRING,
    is_named_keyword,
    tables,
)

_WORD = re.compile(rb"[\w\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Forest:
    """Several syntax trees without comments, docstrings and punctuation, as parallel lists.

    Nodes are numbered in preorder: `parents` has one entry per node, -1 for a root. Leaves are in
    source order: `leaves` has their nodes, `roles`, `starts` and `ends` their roles and byte
    offsets in their own source. `ways` has the ids, by `kinds`, of the kinds from up to `reach`
    nodes above down to the leaf. `words` has the tokens of leaves whose source is more than their
    keywords, such as `return` in `return # x`. `bounds` has the number of leaves before each tree
    and, at the end, in total.
    """

    reach: int
    parents: list[int] = field(default_factory=list)
    leaves: list[int] = field(default_factory=list)
    ways: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)
    kinds: dict[tuple[str, ...], int] = field(default_factory=dict)
    bounds: list[int] = field(default_factory=lambda: [0])


def plant(forest: Forest, root: Node, source: bytes, language: Language) -> None:
    """Adds the tree under `root`, a node of the tree of `source`, in linear time. It is one long
    function because most of the time is spent here."""
    roles, names = tables(language)
    parents, leaves, ways, reach = forest.parents, forest.leaves, forest.ways, forest.reach
    kinds, leaf_roles, starts, ends = forest.kinds, forest.roles, forest.starts, forest.ends
    cursor = root.walk()
    down, onward, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    top = parent = len(parents)
    spoken = -1
    parents.append(-1)
    line = [names[root.kind_id]]
    more = down()
    while more:
        node: Node = cursor.node  # type: ignore[assignment]
        kind = node.kind_id
        role = roles[kind]
        if role:
            name = names[kind]
            if role >= QUOTED:
                first = len(parents) == parent + 1 and spoken != parent
                role, name = _in_context(node, role, name, line, first, source, language)
                spoken = parent if role == SKIPPED else spoken
        if role:
            parents.append(parent)
            if role == INNER and down():
                line.append(name)
                parent = len(parents) - 1
                continue
            start, end = node.start_byte, node.end_byte
            if (role >= IDENTIFIER and start < end) or _WORD.search(source, start, end):
                leaves.append(len(parents) - 1)
                ways.append(kinds.setdefault((*line[-reach:], name), len(kinds)))
                leaf_roles.append(role)
                starts.append(start)
                ends.append(end)
        while not (more := onward()) and parent != top:
            up()
            name = line.pop()
            if len(parents) == parent + 1:
                _add_keywords(forest, parent, (*line[-reach:], name), cursor.node, language)
            parent = parents[parent]
    forest.bounds.append(len(leaves))


def _in_context(
    node: Node,
    role: int,
    kind: str,
    line: list[str],
    first: bool,
    source: bytes,
    language: Language,
) -> tuple[int, str]:
    """Role and kind of a node where they depend on more than the grammar's kind: a docstring is
    skipped, an interpolated string is an inner node, and an operator becomes part of the kind."""
    if role == STATEMENT:
        may_document = first and line[-2:][0] in language.documented
        documents = may_document and is_docstring(node, source, language)
        return (SKIPPED if documents else INNER), kind
    if role == OPERATOR:
        return INNER, _refined(node, kind, language)
    interpolates = any(child.type in language.interpolations for child in node.children)
    return (INNER if interpolates else STRING), kind


def _refined(node: Node, kind: str, language: Language) -> str:
    """A node's kind with its operators, each once, as for the chain `a < b < c`."""
    operators = [word.replace(" ", "_") for word in _unnamed(node, language)]
    return ":".join([kind, *dict.fromkeys(operators)])


def _add_keywords(
    forest: Forest, number: int, way: tuple[str, ...], node: Node | None, language: Language
) -> None:
    """A node without children is a leaf if it consists of keywords, such as `return`."""
    assert node is not None
    words = [word for word in _unnamed(node, language) if word.replace("_", "a").isalnum()]
    if words:
        forest.words[len(forest.leaves)] = " ".join(words)
        forest.leaves.append(number)
        forest.ways.append(forest.kinds.setdefault(way, len(forest.kinds)))
        forest.roles.append(INNER)
        forest.starts.append(node.start_byte)
        forest.ends.append(node.end_byte)


def _unnamed(node: Node, language: Language) -> list[str]:
    """The operators, keywords and punctuation that a node consists of."""
    if not language.keyword_prefix:
        return [child.type for child in node.children if not child.is_named]
    return [
        child.type.removeprefix(language.keyword_prefix)
        for child in node.children
        if not child.is_named or is_named_keyword(child.type, language)
    ]
