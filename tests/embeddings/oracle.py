"""Path-contexts by brute force, written straight from the definition in `embeddings.paths`: every
pair of leaves, every node compared. Slow, and plain enough to be believed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from tree_sitter import Node, Parser

from embeddings.code.languages import PYTHON, Language, compiled


@dataclass(eq=False)
class Tree:
    kind: str
    children: list[Tree]
    leaf: tuple[int, int] | None = None
    parent: Tree | None = None
    place: int = 0


def parsed(source: bytes, language: Language = PYTHON) -> Node:
    """The root of a tree whose nodes tell their text, as those of `parsing` do not."""
    return Parser(compiled(language)).parse(language.prepare(source)).root_node


def twin(node: Node, source: bytes, language: Language) -> Node:
    """The same node in such a tree of the same source."""
    found = parsed(source, language).descendant_for_byte_range(node.start_byte, node.end_byte)
    while found.type != node.type:
        found = found.parent
    return found


def counted(root: Node, max_length: int, max_width: int, language: Language = PYTHON) -> Counter:
    """How often each (start span, path, top, end span) is a path-context under `root`."""
    leaves = _leaves(_tree(root, language))
    return Counter(
        (start.leaf, *path, end.leaf)
        for i, start in enumerate(leaves)
        for end in leaves[i + 1 :]
        if (path := _path(start, end, max_length, max_width))
    )


def _path(start: Tree, end: Tree, max_length: int, max_width: int):
    ups, downs = _ancestors(start), _ancestors(end)
    top = next(node for node in ups if node in downs)
    up, down = ups[: ups.index(top)], downs[: downs.index(top)]
    if len(up) + len(down) > max_length or down[-1].place - up[-1].place > max_width:
        return None
    return tuple(node.kind for node in [*up, top, *reversed(down)]), len(up)


def _ancestors(tree: Tree) -> list[Tree]:
    return [tree] if tree.parent is None else [tree, *_ancestors(tree.parent)]


def _leaves(tree: Tree) -> list[Tree]:
    if tree.leaf:
        return [tree]
    return [leaf for child in tree.children for leaf in _leaves(child)]


def _tree(node: Node, language: Language) -> Tree:
    kept = [child for child in node.named_children if not _dropped(child, language)]
    if _is_plain_string(node, language) or node.type in language.texts | language.identifiers:
        kept = []
    tree = Tree(_kind(node, language), [_tree(child, language) for child in kept])
    if not kept and _carries_token(node, language):
        tree.leaf = (node.start_byte, node.end_byte)
    for place, child in enumerate(tree.children):
        child.parent, child.place = tree, place
    return tree


def _kind(node: Node, language: Language) -> str:
    operators = [word.replace(" ", "_") for word in _unnamed(node, language)]
    refine = operators if node.type in language.operators else []
    return ":".join([node.type, *dict.fromkeys(refine)])


def _dropped(node: Node, language: Language) -> bool:
    return (
        node.type in language.comments | language.ignored
        or _is_keyword(node, language)
        or (language is PYTHON and _is_docstring(node))
    )


def _is_keyword(node: Node, language: Language) -> bool:
    prefix = language.keyword_prefix
    return prefix != "" and node.type.startswith(prefix) and node.type not in language.identifiers


def _unnamed(node: Node, language: Language) -> list[str]:
    children = [c for c in node.children if not c.is_named or _is_keyword(c, language)]
    return [child.type.removeprefix(language.keyword_prefix) for child in children]


def _is_plain_string(node: Node, language: Language) -> bool:
    inside = {child.type for child in node.children}
    return node.type in language.strings and not inside & language.interpolations


def _is_docstring(node: Node) -> bool:
    body = node.parent
    if node.type != "expression_statement" or body is None:
        return False
    first = next(child for child in body.named_children if child.type != "comment")
    holder = body if body.type == "module" else body.parent
    if first != node or holder.type not in ("module", "function_definition", "class_definition"):
        return False
    inner = [child for child in node.named_children if child.type != "comment"]
    if inner and inner[0].type == "concatenated_string":
        inner = [child for child in inner[0].named_children if child.type != "comment"]
    return bool(inner) and all(
        c.type == "string" and not re.search("[bf]", c.children[0].text.decode().lower())
        for c in inner
    )


def _carries_token(node: Node, language: Language) -> bool:
    if node.type in language.strings | language.identifiers | language.numbers:
        return node.end_byte > node.start_byte
    text = node.text.decode()
    if node.child_count and node.type not in language.texts:
        text = " ".join(_unnamed(node, language))
    return re.search(r"\w", text) is not None
