"""The supported programming languages, one entry each. All rules that are specific to a language
are here: its grammar, its definitions (as a tree-sitter query), and the roles of its leaves.
CONTRIBUTING.md shows how to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePosixPath

import tree_sitter
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_typescript

Kinds = frozenset[str]
"""Kinds of nodes, by their names in a grammar."""


@dataclass(frozen=True, slots=True, eq=False)
class Language:
    """How sources of one programming language are read.

    `definitions` is a tree-sitter query. It captures each definition's node as

    - `@function`, or `@method` if it is always one (a `@function` in a class is a method, too),
      with its `@name` and `@body`;
    - `@class`, with the same captures; its text is an outline;
    - `@type`, with its `@name` and perhaps `@body`: a class whose text is the whole source;

    and, where the language has them,

    - `@owner` beside a function: the start of its qualified name, such as the receiver's type;
    - `@scope`, with its `@name`: not a definition, but it qualifies the names inside;
    - `@field`: a member of a class or a name in a module, which outlines show up to its `@body`;
    - `@outer` beside `@inner`: a node that belongs to the definition inside it;
    - `@before` beside `@inner`: a node before a definition that belongs to it;
    - `@module`: the node that the documentation of the module precedes;
    - `@comment`, where documentation is the comment above instead of a docstring.

    In an outline `stub` replaces the body of a function or class and `value` that of a field, and
    `block` encloses the members. `modules` says whether a file is itself a definition. The texts of
    some kinds of nodes get one of the `prefixes`, without which they would parse as something else.
    A text that does not parse by itself, such as a method, may parse inside one of the `wrappers`;
    `standalone` are the kinds of nodes that parse alike in a text and in a file.

    `identifiers`, `strings` and `numbers` are kinds of leaves. `interpolations` are children that
    make a string an inner node, whose literal pieces are `texts`. `comments` and `ignored` are not
    part of the tree; `operators` are kinds that are refined by their operators. Where docstrings
    are statements, `docstring_statement` is their kind (`joined_strings` that of several in a row),
    and `documented` are the kinds whose body may begin with one. `line_comment` starts a comment
    that ends with the line.
    """

    name: str
    extensions: tuple[str, ...]
    grammar: Callable[[], object]
    definitions: str
    stub: str
    value: str
    identifiers: Kinds
    strings: Kinds
    texts: Kinds
    numbers: Kinds
    comments: Kinds
    standalone: Kinds
    operators: Kinds
    line_comment: str = "//"
    block: tuple[str, str] = (" {", "}")
    modules: bool = True
    prefixes: tuple[tuple[str, str], ...] = ()
    wrappers: tuple[tuple[str, str], ...] = ()
    interpolations: Kinds = frozenset()
    ignored: Kinds = frozenset()
    docstring_statement: str = ""
    joined_strings: str = ""
    documented: Kinds = frozenset()


def _kinds(names: str) -> Kinds:
    return frozenset(names.split())


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
    stub=" ...",
    value=" = ...",
    line_comment="#",
    block=("", ""),
    standalone=_kinds("function_definition decorated_definition"),
    identifiers=_kinds("identifier"),
    strings=_kinds("string"),
    texts=_kinds("string_content"),
    numbers=_kinds("integer float"),
    interpolations=_kinds("interpolation"),
    comments=_kinds("comment"),
    ignored=_kinds("line_continuation string_start string_end"),
    operators=_kinds(
        "binary_operator unary_operator boolean_operator comparison_operator augmented_assignment"
    ),
    docstring_statement="expression_statement",
    joined_strings="concatenated_string",
    documented=_kinds("module function_definition class_definition"),
)

JAVA = Language(
    name="java",
    extensions=(".java",),
    grammar=tree_sitter_java.language,
    definitions="""
        (method_declaration name: (identifier) @name body: (block) @body) @method
        (constructor_declaration name: (identifier) @name body: (constructor_body) @body) @method
        (compact_constructor_declaration name: (identifier) @name body: (block) @body) @method
        (class_declaration name: (identifier) @name body: (class_body) @body) @class
        (interface_declaration name: (identifier) @name body: (interface_body) @body) @class
        (record_declaration name: (identifier) @name body: (class_body) @body) @class
        (enum_declaration name: (identifier) @name body: (_) @body) @type
        (annotation_type_declaration name: (identifier) @name body: (_) @body) @type
        (field_declaration declarator: (variable_declarator value: (_)? @body)) @field
        (method_declaration !body) @field
        [(line_comment) (block_comment)] @comment
    """,
    stub=" {}",
    value=";",
    modules=False,
    wrappers=(("class _ {\n", "\n}"),),
    standalone=_kinds("method_declaration constructor_declaration compact_constructor_declaration"),
    identifiers=_kinds("identifier type_identifier"),
    strings=_kinds("string_literal character_literal"),
    texts=_kinds("string_fragment multiline_string_fragment"),
    numbers=_kinds(
        """decimal_integer_literal hex_integer_literal octal_integer_literal
        binary_integer_literal decimal_floating_point_literal hex_floating_point_literal"""
    ),
    interpolations=_kinds("string_interpolation"),
    comments=_kinds("line_comment block_comment"),
    ignored=_kinds("escape_sequence"),
    operators=_kinds("binary_expression unary_expression update_expression assignment_expression"),
)

_JAVASCRIPT_DEFINITIONS = """
    (function_declaration name: (_) @name body: (_) @body) @function
    (generator_function_declaration name: (_) @name body: (_) @body) @function
    (method_definition name: (_) @name body: (_) @body) @method
    (variable_declarator name: (identifier) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @function
    (pair key: (property_identifier) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @method
    (assignment_expression left: (identifier) @name right: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @function
    (assignment_expression
      left: (member_expression object: (_) @owner property: (_) @name)
      right: [
        (arrow_function body: (_) @body)
        (function_expression body: (_) @body)
        (generator_function body: (_) @body)]) @function
    (export_statement "default" @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @function
    (class_declaration name: (_) @name body: (class_body) @body) @class
    (variable_declarator name: (identifier) @name value: (class body: (class_body) @body)) @class
    (variable_declarator name: (identifier) @name value: (object)) @scope
    (assignment_expression left: (_) @name right: (object)) @scope
    (program (lexical_declaration . (variable_declarator value: (_)? @body)) @field)
    (program (export_statement declaration:
      (lexical_declaration . (variable_declarator value: (_)? @body))) @field)
    (export_statement declaration: (_) @inner) @outer
    (lexical_declaration . (variable_declarator) @inner .) @outer
    (variable_declaration . (variable_declarator) @inner .) @outer
    (expression_statement (assignment_expression) @inner) @outer
    (program (import_statement) @module)
    (comment) @comment
"""

JAVASCRIPT = Language(
    name="javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    grammar=tree_sitter_javascript.language,
    definitions=_JAVASCRIPT_DEFINITIONS
    + """
    (field_definition property: (_) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)]) @method
    (field_definition value: (_)? @body) @field
    """,
    stub=" {}",
    value=";",
    prefixes=(("variable_declarator", "const "),),
    wrappers=(("class _ {\n", "\n}"), ("({\n", "\n})")),
    standalone=_kinds(
        """function_declaration generator_function_declaration method_definition export_statement
        lexical_declaration variable_declaration variable_declarator expression_statement"""
    ),
    identifiers=_kinds(
        """identifier property_identifier private_property_identifier statement_identifier
        shorthand_property_identifier shorthand_property_identifier_pattern"""
    ),
    strings=_kinds("string template_string regex"),
    texts=_kinds("string_fragment regex_pattern jsx_text"),
    numbers=_kinds("number"),
    interpolations=_kinds("template_substitution"),
    comments=_kinds("comment html_comment"),
    ignored=_kinds("escape_sequence hash_bang_line"),
    operators=_kinds(
        "binary_expression unary_expression update_expression augmented_assignment_expression"
    ),
)

TYPESCRIPT = replace(
    JAVASCRIPT,
    name="typescript",
    extensions=(".ts", ".mts", ".cts"),
    grammar=tree_sitter_typescript.language_typescript,
    definitions=_JAVASCRIPT_DEFINITIONS
    + """
    (public_field_definition name: (_) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)]) @method
    (abstract_class_declaration name: (_) @name body: (class_body) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @type
    (enum_declaration name: (_) @name body: (_) @body) @type
    (type_alias_declaration name: (_) @name) @type
    (internal_module name: (_) @name) @scope
    (public_field_definition value: (_)? @body) @field
    (class_body [(method_signature) (abstract_method_signature)] @field)
    (program [(function_signature) (ambient_declaration)] @field)
    (class_body (decorator) @before . (method_definition) @inner)
    (class_body (decorator) @before . (decorator) . (method_definition) @inner)
    (class_body (decorator) @before . (decorator) . (decorator) . (method_definition) @inner)
    """,
    identifiers=JAVASCRIPT.identifiers | {"type_identifier"},
)

TSX = replace(
    TYPESCRIPT,
    name="tsx",
    extensions=(".tsx",),
    grammar=tree_sitter_typescript.language_tsx,
)

GO = Language(
    name="go",
    extensions=(".go",),
    grammar=tree_sitter_go.language,
    definitions="""
        (function_declaration name: (identifier) @name body: (block) @body) @function
        (method_declaration
          receiver: (parameter_list (parameter_declaration type: [
            (type_identifier) @owner
            (pointer_type (type_identifier) @owner)
            (generic_type type: (type_identifier) @owner)
            (pointer_type (generic_type type: (type_identifier) @owner))]))
          name: (field_identifier) @name body: (block) @body) @method
        (type_spec name: (_) @name
          type: [(struct_type (field_declaration_list) @body) (_)]) @type
        (type_alias name: (_) @name) @type
        (type_declaration . [(type_spec) (type_alias)] @inner .) @outer
        (source_file (const_declaration . (const_spec value: (_)? @body)) @field)
        (source_file (const_declaration "(") @field)
        (source_file (var_declaration (var_spec value: (_)? @body)) @field)
        (source_file (var_declaration (var_spec_list)) @field)
        (package_clause) @module
        (comment) @comment
    """,
    stub="",
    value=" = nil",
    prefixes=(("type_spec", "type "), ("type_alias", "type ")),
    wrappers=(("", "\n"),),
    standalone=_kinds("function_declaration method_declaration"),
    identifiers=_kinds(
        "identifier field_identifier type_identifier package_identifier label_name blank_identifier"
    ),
    strings=_kinds("interpreted_string_literal raw_string_literal rune_literal"),
    texts=_kinds("interpreted_string_literal_content raw_string_literal_content"),
    numbers=_kinds("int_literal float_literal imaginary_literal"),
    comments=_kinds("comment"),
    ignored=_kinds("escape_sequence"),
    operators=_kinds("binary_expression unary_expression assignment_statement"),
)

LANGUAGES: tuple[Language, ...] = (PYTHON, JAVA, JAVASCRIPT, TYPESCRIPT, TSX, GO)
_BY_NAME = {language.name: language for language in LANGUAGES}
_BY_EXTENSION = {end: language for language in LANGUAGES for end in language.extensions}


def by_name(name: str) -> Language:
    """The entry called `name`; KeyError if there is none."""
    return _BY_NAME[name]


def by_path(path: str) -> Language | None:
    """The language of a file by its extension; None if it is unknown."""
    return _BY_EXTENSION.get(PurePosixPath(path).suffix.lower())


@cache
def compiled(language: Language) -> tree_sitter.Language:
    """The grammar, loaded once per process."""
    return tree_sitter.Language(language.grammar())


@cache
def keywords(language: Language) -> Kinds:
    """The keywords in the grammar."""
    grammar = compiled(language)
    unnamed = (
        grammar.node_kind_for_id(kind) or ""
        for kind in range(grammar.node_kind_count)
        if grammar.node_kind_is_visible(kind) and not grammar.node_kind_is_named(kind)
    )
    return frozenset(word for word in unnamed if word.isalpha())


@cache
def query(language: Language, pattern: str) -> tree_sitter.Query:
    """A query on the grammar, compiled once per process."""
    return tree_sitter.Query(compiled(language), pattern)
