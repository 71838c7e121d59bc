"""Which scope binds a name, which one an identifier is looked up in, and what a variable is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import StrEnum

from tree_sitter import Node

from embeddings.code.own_names import ParsedText
from embeddings.code.parsing import node_text
from embeddings.naming.ancestry import Ancestry, Step


class Role(StrEnum):
    """What a variable is by the first place that binds it. CALLED is assigned from a call, LITERAL
    from a literal or a display, UNPACKED is one of several that are assigned together, and
    ASSIGNED is assigned in another way."""

    PARAMETER = "parameter"
    VARIADIC = "variadic"
    KEYWORDS = "keywords"
    LAMBDA = "lambda"
    LOOP = "loop"
    COMPREHENSION = "comprehension"
    RESOURCE = "resource"
    EXCEPTION = "exception"
    CALLED = "called"
    LITERAL = "literal"
    UNPACKED = "unpacked"
    ASSIGNED = "assigned"


def spelling(node: Node, parsed: ParsedText) -> str:
    return node_text(node, parsed.source).decode("utf-8", "replace")


class Rules:
    """The rules of languages whose scopes are not distinguished: a definition is one scope, and
    only parameters have a role of their own."""

    prescribed = frozenset({"self", "this", "_"})

    def __init__(self, parsed: ParsedText) -> None:
        self._parsed = parsed
        self._tree = Ancestry(parsed.root)
        self.definition = self._definition(parsed.root)

    @property
    def depth(self) -> int:
        """How deeply the nodes of the text are nested."""
        return self._tree.depth

    def excluded(self) -> set[tuple[int, str]]:
        """Names that a scope, by its id, binds elsewhere."""
        return set()

    def binding_scope(self, node: Node) -> Node | None:
        return self.definition

    def scopes_around(self, node: Node) -> Iterator[Node]:
        """The scopes in which a name is looked up, from within."""
        yield self.definition

    def is_own(self, scope: Node) -> bool:
        """Whether the variables of a scope belong to the definition."""
        return True

    def is_variable(self, node: Node) -> bool:
        """Whether an identifier may stand for a variable."""
        return self._tree.field(node) not in _MEMBERS

    def role(self, node: Node) -> Role:
        is_parameter = any("parameter" in step.parent.type for step in self._tree.above(node))
        return Role.PARAMETER if is_parameter else Role.ASSIGNED

    def annotation(self, node: Node) -> str:
        """The type that a binding states, as written; "" without one."""
        return ""

    def _definition(self, root: Node) -> Node:
        return root


_MEMBERS = frozenset({"field", "property", "attribute"})
_FUNCTIONS = frozenset({"function_definition", "lambda"})
_COMPREHENSIONS = frozenset(
    {
        "list_comprehension",
        "set_comprehension",
        "dictionary_comprehension",
        "generator_expression",
    }
)
_LITERALS = frozenset(
    {
        "string", "concatenated_string", "integer", "float", "true", "false", "none",
        "list", "tuple", "set", "dictionary", *_COMPREHENSIONS - {"generator_expression"},
    }
)  # fmt: skip
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"})


class PythonRules(Rules):
    """Scopes as in the language reference, section 4.2.2."""

    prescribed = frozenset({"self", "cls", "_"})

    def excluded(self) -> set[tuple[int, str]]:
        found = set()
        left = [self.definition]
        while left:
            node = left.pop()
            if node.type in ("global_statement", "nonlocal_statement"):
                scope = next(self.scopes_around(node), self.definition)
                names = [each for each in node.named_children if each.type == "identifier"]
                found |= {(scope.id, spelling(each, self._parsed)) for each in names}
            left += node.named_children
        return found

    def binding_scope(self, node: Node) -> Node | None:
        """A comprehension binds its targets alone: `:=` in it binds in the function around."""
        is_target = any(
            step.parent.type == "for_in_clause" and step.field == "left"
            for step in self._tree.above(node)
        )
        for scope in self.scopes_around(node):
            if is_target or scope.type not in _COMPREHENSIONS:
                return scope
        return None

    def scopes_around(self, node: Node) -> Iterator[Node]:
        """A class is a scope for what stands in it directly."""
        is_direct = True
        for step in self._tree.above(node):
            if self._is_scope(node, step, is_direct=is_direct):
                yield step.parent
                is_direct = False
            if step.parent.id == self.definition.id:
                return

    def is_own(self, scope: Node) -> bool:
        if scope.id == self.definition.id:
            return True
        if scope.type not in _COMPREHENSIONS | {"lambda"}:
            return False
        return all(
            step.parent.type not in ("function_definition", "class_definition")
            for step in _until(self._tree.above(scope), self.definition)
        )

    def is_variable(self, node: Node) -> bool:
        step = self._tree.step(node)
        if step is None:
            return False
        if step.parent.type == "attribute":
            return step.field == "object"
        if step.parent.type in ("keyword_argument", "function_definition", "class_definition"):
            return step.field != "name"
        return step.parent.type not in ("dotted_name", "global_statement", "nonlocal_statement")

    def role(self, node: Node) -> Role:
        is_unpacked, splat = False, Role.UNPACKED
        for parent, _, _ in self._tree.above(node):
            match parent.type:
                case "parameters":
                    return splat if splat != Role.UNPACKED else Role.PARAMETER
                case "lambda_parameters":
                    return splat if splat != Role.UNPACKED else Role.LAMBDA
                case "list_splat_pattern":
                    splat = Role.VARIADIC
                case "dictionary_splat_pattern":
                    splat = Role.KEYWORDS
                case "for_statement":
                    return Role.LOOP
                case "for_in_clause":
                    return Role.COMPREHENSION
                case "with_item":
                    return Role.RESOURCE
                case "except_clause" | "except_group_clause":
                    return Role.EXCEPTION
                case "assignment":
                    value = parent.child_by_field_name("right")
                    return Role.UNPACKED if is_unpacked else _role_of_value(value)
                case "named_expression":
                    return _role_of_value(parent.child_by_field_name("value"))
            is_unpacked = is_unpacked or parent.type in _PATTERNS
        return Role.ASSIGNED

    def annotation(self, node: Node) -> str:
        for parent, _, _ in self._tree.above(node):
            if not parent.type.endswith("splat_pattern"):
                written = parent.child_by_field_name("type") if parent.type in _ANNOTATED else None
                return spelling(written, self._parsed) if written is not None else ""
        return ""

    def _definition(self, root: Node) -> Node:
        """The outermost function."""
        left = deque([root])
        while left:
            node = left.popleft()
            if node.type in _FUNCTIONS:
                return node
            left += node.named_children
        return root

    def _is_scope(self, node: Node, step: Step, *, is_direct: bool) -> bool:
        if step.parent.type == "class_definition":
            return is_direct and step.child.type == "block"
        return step.parent.type in _FUNCTIONS | _COMPREHENSIONS and self._is_inside(node, step)

    def _is_inside(self, node: Node, step: Step) -> bool:
        """Whether a node in the child of a scope is looked up in it: defaults and annotations of
        parameters and a comprehension's first iterable are not."""
        if step.parent.type in _COMPREHENSIONS:
            first = next(
                each for each in step.parent.named_children if each.type == "for_in_clause"
            )
            iterable = first.child_by_field_name("right")
            return iterable is None or not _encloses(iterable, node)
        if step.field != "parameters":
            return step.field == "body"
        return all(
            inner.field not in ("value", "type")
            for inner in _until(self._tree.above(node), step.child)
        )


_ANNOTATED = frozenset({"typed_parameter", "typed_default_parameter", "assignment"})


def _encloses(outer: Node, node: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _until(above: Iterable[Step], end: Node) -> Iterator[Step]:
    """The steps below `end`, and the one to `end` itself where it is no scope but a part of one."""
    for step in above:
        if step.parent.id == end.id and end.type in _FUNCTIONS:
            return
        yield step
        if step.parent.id == end.id:
            return


def _role_of_value(value: Node | None) -> Role:
    while value is not None and value.type in ("await", "parenthesized_expression"):
        value = value.named_children[0] if value.named_children else None
    if value is None:
        return Role.ASSIGNED
    if value.type == "assignment":
        return _role_of_value(value.child_by_field_name("right"))
    if value.type == "call":
        return Role.CALLED
    return Role.LITERAL if value.type in _LITERALS else Role.ASSIGNED
