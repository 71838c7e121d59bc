"""Which scope binds a name, which one an identifier is looked up in, and what a variable is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from tree_sitter import Node

from embeddings.code.own_names import ParsedText
from embeddings.code.parsing import node_text


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


def _above(node: Node) -> Iterator[tuple[Node, Node]]:
    """Each ancestor with the child that leads to the node."""
    child = node
    while (parent := child.parent) is not None:
        yield parent, child
        child = parent


class Rules:
    """The rules of languages whose scopes are not distinguished: a definition is one scope, and
    only parameters have a role of their own."""

    prescribed = frozenset({"self", "this", "_"})

    def definition(self, root: Node) -> Node:
        return root

    def excluded(self, definition: Node, source: bytes) -> set[tuple[int, str]]:
        """Names that a scope binds elsewhere."""
        return set()

    def binding_scope(self, node: Node, definition: Node) -> Node | None:
        return definition

    def scopes_around(self, node: Node, definition: Node) -> Iterator[Node]:
        """The scopes in which a name is looked up, from within."""
        yield definition

    def is_own(self, scope: Node, definition: Node) -> bool:
        """Whether the variables of a scope belong to the definition."""
        return True

    def is_variable(self, node: Node) -> bool:
        """Whether an identifier may stand for a variable."""
        parent = node.parent
        field = parent and _field_of(parent, node)
        return field not in _MEMBERS

    def role(self, node: Node) -> Role:
        is_parameter = any("parameter" in parent.type for parent, _ in _above(node))
        return Role.PARAMETER if is_parameter else Role.ASSIGNED

    def annotation(self, node: Node, parsed: ParsedText) -> str:
        return ""


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


class _PythonRules(Rules):
    """Scopes as in the language reference, section 4.2.2."""

    prescribed = frozenset({"self", "cls", "_"})

    def definition(self, root: Node) -> Node:
        """The outermost function."""
        left = [root]
        while left:
            node = left.pop(0)
            if node.type in _FUNCTIONS:
                return node
            left += node.named_children
        return root

    def excluded(self, definition: Node, source: bytes) -> set[tuple[int, str]]:
        found = set()
        left = [definition]
        while left:
            node = left.pop()
            if node.type in ("global_statement", "nonlocal_statement"):
                scope = next(self.scopes_around(node, definition), definition)
                names = [each for each in node.named_children if each.type == "identifier"]
                found |= {(scope.id, node_text(each, source).decode()) for each in names}
            left += node.named_children
        return found

    def binding_scope(self, node: Node, definition: Node) -> Node | None:
        """A comprehension binds its targets alone: `:=` in it binds in the function around."""
        is_target = any(
            parent.type == "for_in_clause" and _field_of(parent, child) == "left"
            for parent, child in _above(node)
        )
        for scope in self.scopes_around(node, definition):
            if is_target or scope.type not in _COMPREHENSIONS:
                return scope
        return None

    def scopes_around(self, node: Node, definition: Node) -> Iterator[Node]:
        """A class is a scope for what stands in it directly."""
        is_direct = True
        for parent, child in _above(node):
            if _is_scope(node, parent, child, is_direct=is_direct):
                yield parent
                is_direct = False
            if parent.id == definition.id:
                return

    def is_own(self, scope: Node, definition: Node) -> bool:
        if scope.id == definition.id:
            return True
        if scope.type not in _COMPREHENSIONS | {"lambda"}:
            return False
        return all(
            parent.type not in ("function_definition", "class_definition")
            for parent, _ in _until(_above(scope), definition)
        )

    def is_variable(self, node: Node) -> bool:
        parent = node.parent
        if parent is None:
            return False
        field = _field_of(parent, node)
        if parent.type == "attribute":
            return field == "object"
        if parent.type in ("keyword_argument", "function_definition", "class_definition"):
            return field != "name"
        return parent.type not in ("dotted_name", "global_statement", "nonlocal_statement")

    def role(self, node: Node) -> Role:
        child, is_unpacked, splat = node, False, Role.UNPACKED
        for parent, child in _above(node):  # noqa: B007
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

    def annotation(self, node: Node, parsed: ParsedText) -> str:
        parent = node.parent
        if parent is not None and parent.type.endswith("splat_pattern"):
            parent = parent.parent
        if parent is None or parent.type not in _ANNOTATED:
            return ""
        written = parent.child_by_field_name("type")
        return spelling(written, parsed) if written is not None else ""


_ANNOTATED = frozenset({"typed_parameter", "typed_default_parameter", "assignment"})


def _is_scope(node: Node, parent: Node, child: Node, *, is_direct: bool) -> bool:
    if parent.type == "class_definition":
        return is_direct and child.type == "block"
    return parent.type in _FUNCTIONS | _COMPREHENSIONS and _is_inside(node, parent, child)


def _is_inside(node: Node, scope: Node, child: Node) -> bool:
    """Whether a node in the `child` of a scope is looked up in it: defaults and annotations of
    parameters and a comprehension's first iterable are not."""
    if scope.type in _COMPREHENSIONS:
        first = next(each for each in scope.named_children if each.type == "for_in_clause")
        iterable = first.child_by_field_name("right")
        return iterable is None or not _encloses(iterable, node)
    field = _field_of(scope, child)
    if field == "body":
        return True
    if field != "parameters":
        return False
    for parent, inner in _until(_above(node), child):
        if _field_of(parent, inner) in ("value", "type"):
            return False
    return True


def _encloses(outer: Node, node: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def _until(above: Iterable[tuple[Node, Node]], end: Node) -> Iterator[tuple[Node, Node]]:
    """The ancestors below `end`, and `end` itself where it is no scope but a part of one."""
    for parent, child in above:
        if parent.id == end.id and end.type in _FUNCTIONS:
            return
        yield parent, child
        if parent.id == end.id:
            return


def _field_of(parent: Node, child: Node) -> str | None:
    for number, each in enumerate(parent.children):
        if each.id == child.id:
            return parent.field_name_for_child(number)
    return None


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


PYTHON, OTHERS = _PythonRules(), Rules()
