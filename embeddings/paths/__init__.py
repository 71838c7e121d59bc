"""Definition → path-contexts: the syntactic half of what is known about a definition.

After code2vec (Alon et al. 2019) and PathMiner/astminer (Kovalenko et al. 2019), with the choices
that they leave open:

*Tree.* The named nodes of the tree-sitter syntax tree of the definition's text, without comments
and docstrings (the first statement of a module, class or function, if it is nothing but text) and
without the delimiters of strings. A node's kind is its type in the grammar. An operator belongs to
its node's kind, `binary_operator:+`; a chain names each of its operators once, in order of
appearance, `comparison_operator:<:<=`; an operator of two words is joined, `not_in`. Children count
by their place among these nodes.

*Leaf.* A node of this tree without children that carries a token. Punctuation is none: `()`, `...`
and a missing node carry no token. A string is one leaf, whatever escapes it holds; one that
interpolates is an inner node, whose children are the expressions and those literal pieces that
hold a word. A node written in keywords alone, as `pass` or a bare `return`, is a leaf of these
words. `tokens.token` says what the token is: an identifier as it is written (so that a vocabulary
can split it into subtokens; `tokens.normalised` is its form in code2vec's files), a string's
content and a number normalised, each of 64 characters at most.

*Path.* From a leaf up to the lowest common ancestor (the top) and down to a later leaf: the kinds
of all nodes on the way, both leaves and the top included. `max_length` bounds the number of nodes
below the top on both sides together, `max_width` the difference of the places of the two children
of the top that the path runs through; both bounds are inclusive. A context is the path with the
two leaves; each pair of leaves gives one at most, from the earlier to the later leaf.

*Own name.* Where a text holds one definition that no other encloses, its name is hidden: in leaves
that are identifiers wherever one equals it (in recursive calls, and in `self.name(...)` too), and
as a whole word in strings.

*Sample.* Where there are more than `max_contexts`, each subset of that size is equally likely, and
which one it is depends on the bytes of the text alone.

*Classes and modules.* Their contexts arise in the same way from their `Definition.text`: from a
class's signature and its members' signatures, from a module's outline. A class's name is hidden as
a function's is; a module has no name in its text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from embeddings.code.definitions import indexed_declarations
from embeddings.code.languages import Language, by_name
from embeddings.code.outlines import MAX_TEXT, text_of
from embeddings.code.own_names import parse_text
from embeddings.code.syntax import Declaration, ParsedSource, parse_source
from embeddings.paths.forest import Forest, plant
from embeddings.paths.pairs import choose
from embeddings.paths.tables import ContextTable, Subject, tabulate
from embeddings.types import Kind, PathContext

MAX_LENGTH = 8
MAX_WIDTH = 2
MAX_CONTEXTS = 200
CODE = (Kind.FUNCTION, Kind.METHOD)
"""The kinds of definitions that are known by the whole of their source."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which paths are taken: their length, their width, and how many of one definition."""

    max_length: int = MAX_LENGTH
    max_width: int = MAX_WIDTH
    max_contexts: int | None = MAX_CONTEXTS


DEFAULT_BOUNDS = Bounds()


def contexts(
    text: str,
    language: str = "python",
    *,
    kind: str | None = None,
    hide_name: bool = True,
    max_length: int = MAX_LENGTH,
    max_width: int = MAX_WIDTH,
    max_contexts: int | None = MAX_CONTEXTS,
) -> list[PathContext]:
    """The path-contexts of a definition's text, in the order of their first leaf; all of them if
    `max_contexts` is None. Any text is taken: what does not parse gives the contexts of what does.
    `kind` is the definition's, where it is known. KeyError: no such language."""
    bounds = Bounds(max_length, max_width, max_contexts)
    table = table_of([text], language, kind=kind, hide_name=hide_name, bounds=bounds)
    return table.rows()[0]


def table_of(
    texts: Sequence[str],
    language: str = "python",
    *,
    kind: str | None = None,
    hide_name: bool = True,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> ContextTable:
    """What `contexts` gives for each of the texts, in less time than for one after the other."""
    entry, hidden = by_name(language), hide_name and kind != Kind.MODULE
    return _table([_text_subject(text, entry, hidden) for text in texts], entry, bounds)


def table_in(
    source: str,
    language: Language,
    *,
    kinds: Collection[Kind] = CODE,
    hide_name: bool = True,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> tuple[ParsedSource, list[Declaration], ContextTable]:
    """Where the definitions of a decoded source are, and what `contexts` gives for the text of
    each. As the source is not parsed again, leaves of functions have their spans in it."""
    parsed = parse_source(source, language)
    wanted = [
        declaration for declaration in indexed_declarations(parsed) if declaration.kind in kinds
    ]
    subjects = [
        _declared_subject(declaration, parsed, hide_name)
        if _parses_alike_alone(declaration, parsed)
        else _text_subject(
            text_of(declaration, parsed), language, hide_name and declaration.kind != Kind.MODULE
        )
        for declaration in wanted
    ]
    return parsed, wanted, _table(subjects, language, bounds)


def _text_subject(text: str, language: Language, hide_name: bool) -> Subject:
    parsed, name = parse_text(text, language), None
    if hide_name:
        name = parsed.own_name
    return Subject(parsed.root, parsed.source, parsed.start, lambda: _seed(text), name)


def _declared_subject(declaration: Declaration, source: ParsedSource, hide_name: bool) -> Subject:
    name = declaration.name if hide_name else None
    return Subject(
        declaration.outer, source.data, 0, lambda: _seed(text_of(declaration, source)), name
    )


def _parses_alike_alone(declaration: Declaration, source: ParsedSource) -> bool:
    """Whether a definition's text parses to what it is in its file."""
    start, end = source.span(declaration)
    whole = declaration.first == declaration.outer and end - start < MAX_TEXT
    return (
        whole and declaration.kind in CODE and declaration.outer.type in source.language.standalone
    )


def _seed(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _table(subjects: list[Subject], language: Language, bounds: Bounds) -> ContextTable:
    forest = Forest(reach=max(1, bounds.max_length))
    for subject in subjects:
        plant(forest, subject.root, subject.source, language)
    seeds = [subject.seed for subject in subjects]
    pairs = choose(forest, bounds.max_length, bounds.max_width, bounds.max_contexts, seeds)
    return tabulate(forest, pairs, subjects)
