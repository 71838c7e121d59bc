"""The local variables and parameters of a definition, with the path-contexts of their occurrences,
from which their names can be predicted (Alon et al. 2018, section 5.1).

A variable is what a language's entry captures as `@bound` in the definition's text. In Python it
belongs to the function, or to a comprehension or lambda in it; the variables of an inner function
belong to that function's own definition. Names in other scopes, attributes and keywords of calls
are not occurrences, and neither are names that the language prescribes, such as `self`. In other
languages, all identifiers in the definition with the variable's name are its occurrences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node, QueryCursor

from embeddings.code.languages import Language, query, syntax_of
from embeddings.code.own_names import ParsedText, parse_text
from embeddings.naming.scopes import OTHERS, PYTHON, Role, Rules, spelling
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
    rules = PYTHON if language.name == "python" else OTHERS
    definition = rules.definition(parsed.root)
    bindings: dict[tuple[int, str], list[Node]] = defaultdict(list)
    scopes = {definition.id: definition}
    excluded = rules.excluded(definition, parsed.source)
    for node in nodes:
        scope, name = rules.binding_scope(node, definition), spelling(node, parsed)
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
    rules: Rules,
    definition: Node,
    bindings: Mapping[tuple[int, str], Sequence[Node]],
) -> dict[tuple[int, str], list[Span]]:
    names = {name for _, name in bindings}
    found: dict[tuple[int, str], list[Span]] = defaultdict(list)
    any_of = " ".join(f"({kind})" for kind in sorted(language.identifiers))
    captured = QueryCursor(query(language, f"[{any_of}] @name")).captures(definition)
    for node in sorted(captured.get("name", []), key=lambda node: node.start_byte):
        name = spelling(node, parsed)
        if name not in names or not rules.is_variable(node):
            continue
        for scope in rules.scopes_around(node, definition):
            if (scope.id, name) in bindings:
                span = node.start_byte - parsed.start, node.end_byte - parsed.start
                found[scope.id, name].append(span)
                break
    return found
