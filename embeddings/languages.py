"""The programming languages that are understood: one entry each, and nowhere else a rule of one
language. An entry names the grammar, the definitions (as a tree-sitter query) and what the leaves
of its syntax trees are; `docs/languages.md` shows how to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

import tree_sitter
import tree_sitter_python


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How sources of one programming language are read.

    `definitions` is a tree-sitter query with the captures `@function` or `@class` (the node of a
    definition), `@name`, `@body`, and optionally `@outer` beside `@inner` (a node that belongs to
    the definition that it encloses, as decorators do) and `@field` (a member of a class, or a
    name of a module, that an outline shows), whose `@body` is its value.

    The sets hold node kinds: `identifiers`, `strings` and `numbers` are leaves of that sort;
    `interpolations` are children that make a string an inner node, whose literal pieces are
    `texts`; `ignored` are no part of the tree, `comments` among them; `operators` are kinds that
    their operators refine. Where docstrings are statements, `docstring_statement` is their kind
    (`joined_strings` that of several in a row), and `documented` are the kinds whose body may
    begin with one. An outline shows a definition up
    to its body, or to the token `opener` before that, and `stub` in place of the body.
    """

    name: str
    extensions: tuple[str, ...]
    grammar: Callable[[], object]
    definitions: str
    identifiers: frozenset[str]
    strings: frozenset[str]
    texts: frozenset[str]
    numbers: frozenset[str]
    interpolations: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset()
    docstring_statement: str = ""
    joined_strings: str = ""
    documented: frozenset[str] = frozenset()
    opener: str = ""
    stub: str = ""


PYTHON = Language(
    name="python",
    extensions=(".py", ".pyi", ".pyw"),
    grammar=tree_sitter_python.language,
    definitions="""
        (function_definition name: (identifier) @name body: (block) @body) @function
        (class_definition name: (identifier) @name body: (block) @body) @class
        (decorated_definition definition: (_) @inner) @outer
        (module (expression_statement (assignment left: (identifier) right: (_)? @body) @field))
        (class_definition body: (block
          (expression_statement (assignment left: (identifier) right: (_)? @body) @field)))
    """,
    identifiers=frozenset({"identifier"}),
    strings=frozenset({"string"}),
    texts=frozenset({"string_content"}),
    numbers=frozenset({"integer", "float"}),
    interpolations=frozenset({"interpolation"}),
    comments=frozenset({"comment"}),
    ignored=frozenset({"comment", "line_continuation", "string_start", "string_end"}),
    operators=frozenset(
        {
            "binary_operator",
            "unary_operator",
            "boolean_operator",
            "comparison_operator",
            "augmented_assignment",
        }
    ),
    docstring_statement="expression_statement",
    joined_strings="concatenated_string",
    documented=frozenset({"module", "function_definition", "class_definition"}),
    opener=":",
    stub=" ...",
)

LANGUAGES: tuple[Language, ...] = (PYTHON,)
_BY_NAME = {language.name: language for language in LANGUAGES}
_BY_EXTENSION = {end: language for language in LANGUAGES for end in language.extensions}


def by_name(name: str) -> Language:
    """The entry called `name`; KeyError if there is none."""
    return _BY_NAME[name]


def by_path(path: str) -> Language | None:
    """The language that a file's extension tells; None if it is unknown."""
    return _BY_EXTENSION.get(PurePosixPath(path).suffix.lower())


@cache
def compiled(language: Language) -> tree_sitter.Language:
    """The grammar, loaded once in a process."""
    return tree_sitter.Language(language.grammar())


@cache
def definitions_query(language: Language) -> tree_sitter.Query:
    """The query for definitions, compiled once in a process."""
    return tree_sitter.Query(compiled(language), language.definitions)
