"""The local variables and parameters of a definition, with the path-contexts of their occurrences,
from which their names can be predicted (Alon et al. 2018, section 5.1).

A variable is what a language's entry captures as `@bound` in the definition's text. In Python it
belongs to the function, or to a comprehension or lambda inside; a function inside has its own,
which belong to its own definition. Names of other scopes, attributes and keywords of calls are no
occurrences, and neither is what the language prescribes, such as `self`. In other languages all
identifiers of the name in the definition are occurrences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node, QueryCursor

from embeddings.code.languages import Language, query, syntax_of
from embeddings.code.own_names import ParsedText, parse_text
from embeddings.code.parsing import node_text
from embeddings.paths import contexts
from embeddings.paths.sampling import sample
from embeddings.types import Leaf, PathContext

HIDDEN = "VARIABLE"
"""The token of a variable's own occurrences."""

MOST_CHARACTERS = 20_000
"""Of a definition: larger ones have too many paths."""

MOST_CONTEXTS = 200
"""Of a variable."""

Span = tuple[int, int]
"""First byte and the one after the last, in the UTF-8 form of the text."""


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


@dataclass(frozen=True, slots=True)
class Variable:
    """`annotation` is its type as written, "" without one. `contexts` are the path-contexts that
    begin or end at one of the `occurrences`, at most MOST_CONTEXTS, with HIDDEN for each of
    these."""

    name: str
    role: Role
    annotation: str
    occurrences: Sequence[Span]
    contexts: Sequence[PathContext]


def variables(text: str, language: str = "python") -> list[Variable]:
    """The variables of a definition's text, in the order in which they are bound. None of a text
    that is too long, or of a language without a syntax tree."""
    entry = syntax_of(language)
    if entry is None or len(text) > MOST_CHARACTERS:
        return []
    parsed = parse_text(text, entry)
    found = list(_bound(parsed, entry))
    if not found:
        return []
    every = contexts(text, language, max_contexts=None)
    return [
        Variable(name, role, annotation, spans, _of_variable(every, spans, name))
        for name, role, annotation, spans in found
    ]


def most_common_names(known: Iterable[Variable]) -> Mapping[Role, str]:
    """role → the most common name of variables in that role: what a prediction must beat."""
    names: dict[Role, Counter[str]] = defaultdict(Counter)
    for variable in known:
        names[variable.role][variable.name] += 1
    return {role: counted.most_common(1)[0][0] for role, counted in names.items()}


def _of_variable(
    every: Sequence[PathContext], spans: Sequence[Span], name: str
) -> list[PathContext]:
    own = set(spans)

    def hidden(leaf: Leaf) -> Leaf:
        span = leaf.start_byte, leaf.end_byte
        return leaf._replace(token=HIDDEN) if span in own else leaf

    masked = [each._replace(start=hidden(each.start), end=hidden(each.end)) for each in every]
    theirs = [each for each in masked if HIDDEN in (each.start.token, each.end.token)]
    if len(theirs) <= MOST_CONTEXTS:
        return theirs
    return [theirs[number] for number in sample(len(theirs), MOST_CONTEXTS, name.encode())]


Bound = tuple[str, Role, str, Sequence[Span]]


def _bound(parsed: ParsedText, language: Language) -> Iterator[Bound]:
    """The variables without their contexts."""
    cursor = QueryCursor(query(language, language.uses))
    captured = cursor.captures(parsed.root).get("bound", [])
    nodes = sorted(captured, key=lambda node: node.start_byte)
    rules = _PYTHON if language.name == "python" else _OTHERS
    definition = rules.definition(parsed.root)
    bindings: dict[tuple[int, str], list[Node]] = defaultdict(list)
    scopes = {definition.id: definition}
    excluded = rules.excluded(definition, parsed.source)
    for node in nodes:
        scope, name = rules.binding_scope(node, definition), _spelling(node, parsed)
        if scope is not None and (scope.id, name) not in excluded:
            bindings[scope.id, name].append(node)
            scopes[scope.id] = scope
    places = _occurrences(parsed, language, rules, definition, bindings)
    for (scope_id, name), binding in bindings.items():
        if rules.is_own(scopes[scope_id], definition) and name not in rules.prescribed:
            annotation = next(
                filter(None, (rules.annotation(node, parsed) for node in binding)), ""
            )
            yield name, rules.role(binding[0]), annotation, places[scope_id, name]


def _occurrences(
    parsed: ParsedText,
    language: Language,
    rules: _Rules,
    definition: Node,
    bindings: Mapping[tuple[int, str], Sequence[Node]],
) -> dict[tuple[int, str], list[Span]]:
    names = {name for _, name in bindings}
    found: dict[tuple[int, str], list[Span]] = defaultdict(list)
    any_of = " ".join(f"({kind})" for kind in sorted(language.identifiers))
    captured = QueryCursor(query(language, f"[{any_of}] @name")).captures(definition)
    for node in sorted(captured.get("name", []), key=lambda node: node.start_byte):
        name = _spelling(node, parsed)
        if name not in names or not rules.is_variable(node):
            continue
        for scope in rules.scopes_around(node, definition):
            if (scope.id, name) in bindings:
                span = node.start_byte - parsed.start, node.end_byte - parsed.start
                found[scope.id, name].append(span)
                break
    return found


def _spelling(node: Node, parsed: ParsedText) -> str:
    return node_text(node, parsed.source).decode("utf-8", "replace")


def _above(node: Node) -> Iterator[tuple[Node, Node]]:
    """Each ancestor with the child that leads to the node."""
    child = node
    while (parent := child.parent) is not None:
        yield parent, child
        child = parent


class _Rules:
    """Languages whose scopes are not told apart: a definition is one scope, and only parameters
    have a role of their own."""

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


_MEMBERS = frozenset({"field", "property", "attribute", "name_of_member"})
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


class _PythonRules(_Rules):
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
        return _spelling(written, parsed) if written is not None else ""


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


_OTHERS, _PYTHON = _Rules(), _PythonRules()
