"""Path-contexts by brute force, written straight from the definition in `embeddings.paths`: every
pair of leaves, every node compared. Slow, and plain enough to be believed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from embeddings.languages import PYTHON
from embeddings.syntax import parse

STRING_DELIMITERS = {"string_start", "string_end"}
OPERATORS = {
    "binary_operator",
    "unary_operator",
    "boolean_operator",
    "comparison_operator",
    "augmented_assignment",
}


@dataclass(eq=False)
class Tree:
    kind: str
    children: list[Tree]
    leaf: tuple[int, int] | None = None
    parent: Tree | None = None
    place: int = 0


def counted(source: bytes, max_length: int, max_width: int) -> Counter:
    """How often each (start span, path, top, end span) is a path-context of a Python source."""
    leaves = _leaves(_tree(parse(source, PYTHON).root_node))
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


def _tree(node) -> Tree:
    kept = [child for child in node.named_children if not _dropped(child)]
    if _is_plain_string(node) or node.type == "string_content":
        kept = []
    tree = Tree(_kind(node), [_tree(child) for child in kept])
    if not kept and _carries_token(node):
        tree.leaf = (node.start_byte, node.end_byte)
    for place, child in enumerate(tree.children):
        child.parent, child.place = tree, place
    return tree


def _kind(node) -> str:
    operators = [child.type.replace(" ", "_") for child in node.children if not child.is_named]
    refine = operators if node.type in OPERATORS else []
    return ":".join([node.type, *dict.fromkeys(refine)])


def _dropped(node) -> bool:
    return (
        node.type in STRING_DELIMITERS
        or node.type in ("comment", "line_continuation")
        or _is_docstring(node)
    )


def _is_plain_string(node) -> bool:
    return node.type == "string" and "interpolation" not in {c.type for c in node.children}


def _is_docstring(node) -> bool:
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


def _carries_token(node) -> bool:
    text = node.text.decode()
    if node.type == "string":
        return True
    if node.child_count and node.type != "string_content":
        text = " ".join(child.type for child in node.children if not child.is_named)
    return re.search(r"\w", text) is not None
