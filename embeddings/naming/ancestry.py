"""The way up a syntax tree. tree-sitter's own `Node.parent` searches from the root each time, which
takes minutes in a text of thousands of siblings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node


class Step(NamedTuple):
    """From a child to its parent; `field` is what the parent's grammar calls the child."""

    parent: Node
    child: Node
    field: str | None


class Ancestry:
    """The parents of the nodes below a root. `depth` is the number of steps from the deepest."""

    def __init__(self, root: Node) -> None:
        self._steps: dict[int, Step] = {}
        self.depth = 0
        cursor, parents = root.walk(), [root]
        descends = cursor.goto_first_child()
        while descends:
            node = cursor.node
            assert node is not None
            self._steps[node.id] = Step(parents[-1], node, cursor.field_name)
            self.depth = max(self.depth, len(parents))
            if cursor.goto_first_child():
                parents.append(node)
                continue
            while descends and not cursor.goto_next_sibling():
                parents.pop()
                descends = cursor.goto_parent() and bool(parents)

    def step(self, node: Node) -> Step | None:
        return self._steps.get(node.id)

    def field(self, node: Node) -> str | None:
        step = self.step(node)
        return step.field if step else None

    def above(self, node: Node) -> Iterator[Step]:
        """The steps up to the root."""
        step = self.step(node)
        while step is not None:
            yield step
            step = self.step(step.parent)
