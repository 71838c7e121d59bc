"""The part of a syntax tree that paths run through."""

from __future__ import annotations

from itertools import pairwise

import pytest

from embeddings import paths
from embeddings.code import languages
from embeddings.paths.trees import PathNode, tree_of
from tests.embeddings.samples import source_of

SOURCE = "def load(path):\n    with open(path) as file:\n        return file.read()\n"


def written(node: PathNode) -> str:
    token = f" {node.leaf.token}" if node.leaf else ""
    return f"{'  ' * node.depth}{node.kind}{token}"


def test_paths_that_share_nodes_make_one_tree() -> None:
    contexts = [
        each
        for each in paths.contexts(SOURCE)
        if {each.start.token, each.end.token} <= {"METHOD_NAME", "path", "read"}
    ]
    tree = tree_of(SOURCE, "python", contexts)
    assert [written(node) for node in tree] == [
        "function_definition",
        "  identifier METHOD_NAME",
        "  parameters",
        "    identifier path",
        "  block",
        "    with_statement",
        "      block",
        "        return_statement",
        "          call",
        "            attribute",
        "              identifier read",
    ]
    assert tree[0].contexts == (0, 1)
    assert tree[-1].contexts == (1,)


@pytest.mark.parametrize("language", ["python", "java", "go", "typescript", "c", "ruby"])
def test_each_path_lies_in_the_tree(language: str) -> None:
    source = source_of(languages.by_name(language)).read_text("utf-8")
    contexts = paths.contexts(source, language, max_contexts=40)
    assert contexts
    tree = tree_of(source, language, contexts)
    for number, context in enumerate(contexts):
        own = [node for node in tree if number in node.contexts]
        assert sorted(node.kind for node in own) == sorted(context.path)
        assert {node.leaf for node in own if node.leaf} >= {context.start, context.end}


def test_a_node_below_nodes_of_no_path_keeps_its_place() -> None:
    contexts = paths.contexts("def f(a):\n    return g(h(a.b, a.c), 1)\n")
    first, last = contexts[0], contexts[-1]
    depths = [
        node.depth
        for node in tree_of("def f(a):\n    return g(h(a.b, a.c), 1)\n", "python", [first, last])
    ]
    assert depths[0] == 0
    assert all(after <= before + 1 for before, after in pairwise(depths))
