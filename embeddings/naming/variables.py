"""The local variables and parameters of a definition, with the path-contexts of their occurrences,
from which their names can be predicted (Alon et al. 2018, section 5.1).

A variable is what a language's entry captures as `@bound` in the definition's text. In Python it
belongs to the function, or to a comprehension or lambda in it; the variables of an inner function
belong to that function's own definition. Names in other scopes, attributes and keywords of calls
are not occurrences, and neither are names that the language prescribes, such as `self`. In other
languages, all identifiers in the definition with the variable's name are its occurrences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from tree_sitter import Node, QueryCursor

from embeddings.code.languages import Language, query, syntax_of
from embeddings.code.own_names import ParsedText, parse_text
from embeddings.naming.scopes import PythonRules, Role, Rules, spelling
from embeddings.paths import contexts
from embeddings.paths.sampling import sample
from embeddings.types import Leaf, PathContext

HIDDEN = "VARIABLE"
"""The token of a variable's own occurrences."""

MOST_CHARACTERS = 20_000
"""Of a definition: larger ones have too many paths."""

MOST_DEPTH = 200
"""Of nested nodes: in deeper texts each look-up is a long way up."""

MOST_CONTEXTS = 200
"""Of a variable."""

MOST_VARIABLES = 200
"""Of a definition: the first ones."""

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
    found = _bound(parse_text(text, entry), entry)[:MOST_VARIABLES]
    if not found:
        return []
    every = contexts(text, language, max_contexts=None)
    theirs = _by_variable(every, [spans for _, _, _, spans in found])
    return [
        Variable(name, role, annotation, spans, _sampled(own, name))
        for (name, role, annotation, spans), own in zip(found, theirs, strict=True)
    ]


def most_common_names(known: Iterable[Variable]) -> Mapping[Role, str]:
    """role → the most common name of variables in that role: what a prediction must beat."""
    names: dict[Role, Counter[str]] = defaultdict(Counter)
    for variable in known:
        names[variable.role][variable.name] += 1
    return {role: counted.most_common(1)[0][0] for role, counted in names.items()}


def _by_variable(
    every: Iterable[PathContext], occurrences: Sequence[Sequence[Span]]
) -> list[list[PathContext]]:
    """For each variable the contexts with an end at one of its occurrences, which they hide."""
    variable_at = {span: number for number, own in enumerate(occurrences) for span in own}
    found: list[list[PathContext]] = [[] for _ in occurrences]
    for each in every:
        start, end = variable_at.get(_span(each.start)), variable_at.get(_span(each.end))
        if start is not None:
            last = _hidden(each.end) if end == start else each.end
            found[start].append(each._replace(start=_hidden(each.start), end=last))
        if end is not None and end != start:
            found[end].append(each._replace(end=_hidden(each.end)))
    return found


def _span(leaf: Leaf) -> Span:
    return leaf.start_byte, leaf.end_byte


def _hidden(leaf: Leaf) -> Leaf:
    return leaf._replace(token=HIDDEN)


def _sampled(every: Sequence[PathContext], name: str) -> Sequence[PathContext]:
    if len(every) <= MOST_CONTEXTS:
        return every
    return [every[number] for number in sample(len(every), MOST_CONTEXTS, name.encode())]


Bound = tuple[str, Role, str, Sequence[Span]]


def _bound(parsed: ParsedText, language: Language) -> list[Bound]:
    """The variables without their contexts."""
    cursor = QueryCursor(query(language, language.uses))
    captured = cursor.captures(parsed.root).get("bound", [])
    rules = PythonRules(parsed) if language.name == "python" else Rules(parsed)
    if rules.depth > MOST_DEPTH:
        return []
    bindings: dict[tuple[int, str], list[Node]] = defaultdict(list)
    scopes = {rules.definition.id: rules.definition}
    excluded = rules.excluded()
    for node in sorted(captured, key=lambda node: node.start_byte):
        scope, name = rules.binding_scope(node), spelling(node, parsed)
        if scope is not None and (scope.id, name) not in excluded:
            bindings[scope.id, name].append(node)
            scopes[scope.id] = scope
    places = _occurrences(parsed, language, rules, bindings.keys())
    return [
        (name, rules.role(binding[0]), _annotation(rules, binding), places[scope_id, name])
        for (scope_id, name), binding in bindings.items()
        if rules.is_own(scopes[scope_id]) and name not in rules.prescribed
    ]


def _annotation(rules: Rules, binding: Iterable[Node]) -> str:
    return next(filter(None, map(rules.annotation, binding)), "")


def _occurrences(
    parsed: ParsedText, language: Language, rules: Rules, bound: Set[tuple[int, str]]
) -> dict[tuple[int, str], list[Span]]:
    """The occurrences of the variables, each given by the id of its scope and its name."""
    names = {name for _, name in bound}
    found: dict[tuple[int, str], list[Span]] = defaultdict(list)
    any_of = " ".join(f"({kind})" for kind in sorted(language.identifiers))
    captured = QueryCursor(query(language, f"[{any_of}] @name")).captures(rules.definition)
    for node in sorted(captured.get("name", []), key=lambda node: node.start_byte):
        name = spelling(node, parsed)
        if name not in names or not rules.is_variable(node):
            continue
        for scope in rules.scopes_around(node):
            if (scope.id, name) in bound:
                span = node.start_byte - parsed.start, node.end_byte - parsed.start
                found[scope.id, name].append(span)
                break
    return found
