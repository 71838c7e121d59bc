"""Grammars and what they say. Packages that hold grammars are imported when a grammar is used, so
that importing the library loads none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

import tree_sitter

from embeddings.code.languages.language import Kinds, Language


def wheel(package: str, function: str = "language") -> Callable[[], object]:
    """The grammar that a package of its own holds, such as tree_sitter_go."""
    return lambda: getattr(import_module(package), function)()


def packed(name: str) -> Callable[[], object]:
    """A grammar of tree_sitter_language_pack, for languages whose own package is not published."""
    return lambda: import_module("tree_sitter_language_pack").get_binding(name)


@cache
def compiled(language: Language) -> tree_sitter.Language:
    """The grammar, loaded once per process."""
    return tree_sitter.Language(language.grammar())


@cache
def keywords(language: Language) -> Kinds:
    """The keywords in the grammar, such as `return`, or `endif` for `#endif`."""
    grammar = compiled(language)
    unnamed = (
        grammar.node_kind_for_id(kind) or ""
        for kind in range(grammar.node_kind_count)
        if grammar.node_kind_is_visible(kind) and not grammar.node_kind_is_named(kind)
    )
    words = (word.removeprefix("#") for word in unnamed)
    return frozenset(word for word in words if word.isalpha())


@cache
def query(language: Language, pattern: str) -> tree_sitter.Query:
    """A query on the grammar, compiled once per process."""
    return tree_sitter.Query(compiled(language), pattern)
