"""From a definition to its path-contexts, the syntactic half of its representation.

This follows code2vec (Alon et al. 2019) and PathMiner/astminer (Kovalenko et al. 2019). They leave
some choices open, which are made as follows:

*Tree.* The named nodes of the tree-sitter syntax tree of the definition's text, without comments
and docstrings (the first statement of a module, class or function, if it is nothing but text) and
without the delimiters of strings. A node's kind is its type in the grammar. An operator belongs to
its node's kind, `binary_operator:+`; a chain names each of its operators once, in order of
appearance, `comparison_operator:<:<=`; an operator of two words is joined, `not_in`. Keywords that
a grammar names, as that of SQL does, count as if it did not. Children count by their place among
these nodes.

*Leaf.* A node of this tree without children that has a token. Punctuation has none: neither `()`,
`...` nor a missing node is a leaf. A string is one leaf, whatever escapes it contains. An
interpolated string is an inner node, whose children are the expressions and those literal pieces
that contain a word. A node of keywords alone, such as `pass` or a bare `return`, is a leaf of these
words. `tokens.token` defines the token: an identifier as written (so that a vocabulary can split it
into subtokens; `tokens.normalised` is its form in code2vec's files), a string's content, and a
normalised number, each of 64 characters at most.

*Path.* From a leaf up to the lowest common ancestor (the top) and down to a later leaf: the kinds
of all nodes on the way, including both leaves and the top. `max_length` limits the number of nodes
below the top on both sides together, `max_width` the distance between the two children of the top
through which the path runs; both limits are inclusive. A context is the path with its two leaves;
each pair of leaves gives one at most, from the earlier to the later leaf.

*Own name.* If a text has exactly one outermost definition, its name is hidden: in every identifier
that equals it (in recursive calls and in `self.name(...)`, too), and as a whole word in strings. A
name may also be a number, or computed (`[Symbol.iterator]`), and then each of its words is hidden.

*Sample.* If there are more than `max_contexts`, a subset of that size is drawn uniformly, seeded by
the bytes of the text.

*Classes and modules.* Their contexts are extracted from their `Definition.text` in the same way:
from a class's signature and its members' signatures, and from a module's outline. A class's name is
hidden like a function's; a module's text does not contain its name.

*SQL.* A scanner finds the definitions of a file, and the grammar parses the text of each. What it
does not know lies under error nodes, with the statements inside that it does know.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from embeddings.code.definitions import extract, indexed_declarations
from embeddings.code.languages import Document, Language, syntax_of
from embeddings.code.outlines import MAX_TEXT, text_of
from embeddings.code.own_names import parse_text
from embeddings.code.syntax import Declaration, ParsedSource, parse_source
from embeddings.paths.forest import Forest, plant
from embeddings.paths.pairs import choose
from embeddings.paths.tables import ContextTable, Subject, tabulate
from embeddings.types import NAMELESS, Definition, Kind, PathContext

MAX_LENGTH = 8
MAX_WIDTH = 2
MAX_CONTEXTS = 200
CODE = (Kind.FUNCTION, Kind.METHOD)
"""The kinds of definitions whose text is their whole source."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on a path's length and width, and on the number of contexts per definition."""

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
    `max_contexts` is None. Any text is accepted: regions with syntax errors contribute what parses.
    `kind` is the definition's, if known. The text of a document has none, unless its type has a
    `syntax`, as SQL has. Raises KeyError for an unknown language."""
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
    """The same contexts for many texts, faster than one call of `contexts` for each."""
    entry, hidden = syntax_of(language), hide_name and kind not in NAMELESS
    if entry is None:
        return ContextTable.empty(len(texts))
    return _table([_text_subject(text, entry, hidden) for text in texts], entry, bounds)


def table_in(
    source: str,
    language: Language,
    *,
    kinds: Collection[Kind] = CODE,
    hide_name: bool = True,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> tuple[ParsedSource, list[Declaration], ContextTable]:
    """The parsed source, its definitions, and the contexts of each, as by `contexts`. Functions are
    not parsed again, so that their leaves have their spans in the source."""
    parsed = parse_source(source, language)
    wanted = [
        declaration for declaration in indexed_declarations(parsed) if declaration.kind in kinds
    ]
    subjects = [
        _declared_subject(declaration, parsed, hide_name)
        if _parses_alike_alone(declaration, parsed)
        else _text_subject(
            text_of(declaration, parsed), language, hide_name and declaration.kind not in NAMELESS
        )
        for declaration in wanted
    ]
    return parsed, wanted, _table(subjects, language, bounds)


def table_in_document(
    source: str,
    document: Document,
    *,
    kinds: Collection[Kind] = CODE,
    hide_name: bool = True,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> tuple[list[Definition], ContextTable]:
    """The definitions of a document, and the contexts of each, as by `contexts`."""
    wanted = [each for each in extract(source, document).definitions if each.kind in kinds]
    syntax = document.syntax
    if syntax is None:
        return wanted, ContextTable.empty(len(wanted))
    subjects = [
        _text_subject(each.text, syntax, hide_name and each.kind not in NAMELESS) for each in wanted
    ]
    return wanted, _table(subjects, syntax, bounds)


def _text_subject(text: str, language: Language, hide_name: bool) -> Subject:
    parsed, name = parse_text(text, language), None
    if hide_name:
        name = parsed.own_name
    return Subject(parsed.root, parsed.source, parsed.start, lambda: _seed(text), name)


def _declared_subject(declaration: Declaration, source: ParsedSource, hide_name: bool) -> Subject:
    name, outer = declaration.name if hide_name else None, declaration.outer
    assert isinstance(outer, Node)
    return Subject(outer, source.data, 0, lambda: _seed(text_of(declaration, source)), name)


def _parses_alike_alone(declaration: Declaration, source: ParsedSource) -> bool:
    """Whether a definition's text has the same syntax tree by itself as in its file."""
    start, end = source.span(declaration)
    whole = declaration.first == declaration.outer and end - start < MAX_TEXT
    kinds = source.language.standalone
    outer = declaration.outer
    return whole and declaration.kind in CODE and isinstance(outer, Node) and outer.type in kinds


def _seed(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _table(subjects: list[Subject], language: Language, bounds: Bounds) -> ContextTable:
    forest = Forest(reach=max(1, bounds.max_length))
    for subject in subjects:
        plant(forest, subject.root, subject.source, language)
    seeds = [subject.seed for subject in subjects]
    pairs = choose(forest, bounds.max_length, bounds.max_width, bounds.max_contexts, seeds)
    return tabulate(forest, pairs, subjects)
