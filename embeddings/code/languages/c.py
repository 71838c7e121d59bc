"""C."""

from __future__ import annotations

from collections.abc import Iterable

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.heads import C_TYPE
from embeddings.code.languages.language import Language, kinds
from embeddings.code.languages.preprocessing import preprocessed

AROUND_FUNCTIONS = (
    "{}",
    "(pointer_declarator {})",
    "(pointer_declarator (pointer_declarator {}))",
    "(pointer_declarator (pointer_declarator (pointer_declarator {})))",
    "(function_declarator (parenthesized_declarator (pointer_declarator {})))",
)
"""What the type of a function's result puts around its declarator."""

AROUND_VARIABLES = (
    "{}",
    "(pointer_declarator {})",
    "(pointer_declarator (pointer_declarator {}))",
    "(array_declarator {})",
    "(array_declarator (array_declarator {}))",
    "(pointer_declarator (array_declarator {}))",
    "(function_declarator (parenthesized_declarator (pointer_declarator {})))",
    "(function_declarator (parenthesized_declarator (pointer_declarator (array_declarator {}))))",
    "(pointer_declarator (function_declarator (parenthesized_declarator (pointer_declarator {}))))",
)
"""What the type of a variable puts around its name."""


def around(shapes: Iterable[str], inside: str) -> str:
    """Patterns for all shapes around a pattern. They stand in one pair of brackets only: of
    alternatives inside alternatives, tree-sitter loses some."""
    return " ".join(shape.format(inside) for shape in shapes)


_FUNCTION = around(
    AROUND_FUNCTIONS,
    """(function_declarator . declarator:
      [(identifier) @name (parenthesized_declarator (identifier) @name)])""",
)
_OLD_STYLE = """(function_declarator
  . declarator: (identifier) @name . parameters: (parameter_list) . (identifier))"""
"""What the grammar makes of a function whose parameters are declared after their names: it takes
the first declaration for attributes, and the others for declarations of their own."""

_VARIABLE = around(AROUND_VARIABLES, "(identifier) @name")

_TYPE = " ".join(
    around(
        (
            *AROUND_VARIABLES,
            "(function_declarator . {})",
            "(function_declarator (parenthesized_declarator {}))",
            "(pointer_declarator (function_declarator . {}))",
        ),
        name,
    )
    for name in ("(type_identifier) @name", "(primitive_type) @name")
)

DEFINITIONS = f"""
    (preproc_function_def name: (identifier) @name value: (_)? @body) @macro
    (preproc_def name: (identifier) @name value: (_)) @constant
    (type_definition declarator: [{_TYPE}]) @type
    (type_definition
      type: (enum_specifier body: (_)) declarator: (type_identifier) @name) @enum
    (enum_specifier name: (type_identifier) @name body: (_) @body) @enum
    ([(struct_specifier) (union_specifier) (enum_specifier)] @inner . ";" @after)
    (preproc_include) @module
    (translation_unit . (comment) . (preproc_ifdef) @module)
    (comment) @comment
"""

FUNCTIONS = f"""
    (function_definition declarator: [{_FUNCTION}] body: (_) @body) @function
    (declaration declarator: [{_FUNCTION}]) @signature
    (declaration declarator: (init_declarator declarator: [{_VARIABLE}] value: (_) @body)) @constant
    (declaration declarator: [{_VARIABLE}]) @constant
    (struct_specifier name: (type_identifier) @name body: (_) @body) @type
    (union_specifier name: (type_identifier) @name body: (_) @body) @type
"""
_HEADS = (
    rf"""{C_TYPE}(?!(?:catch|for|if|return|sizeof|switch|while)\b)(?P<name>\w++)\s*+\((?!\*)[^;=]*(?:\{{.*|[,(]|\))$""",
    r"(?P<decorated>)(?!(?:for|if|switch|while)\b)(?P<name>[a-z_]\w*+)\s*+\([^;=]*(?:\{.*|,|\))$",
    r"(?:typedef\s++)?(?P<kind>enum|struct|union)\s++(?P<name>\w++)\s*+\{?$",
)

C = Language(
    name="c",
    extensions=(".c", ".h"),
    grammar=wheel("tree_sitter_c"),
    definitions=DEFINITIONS
    + FUNCTIONS
    + f"""
    (function_definition type: (type_identifier)
      declarator: (parenthesized_declarator (identifier) @name) body: (_) @body) @function
    (translation_unit ((expression_statement (call_expression function: (identifier)
      arguments: (argument_list . (identifier) @name)) (MISSING ";")) @function
      . (compound_statement) @body))
    ((declaration declarator: [{_OLD_STYLE} (array_declarator {_OLD_STYLE})
      (pointer_declarator {_OLD_STYLE})]) @function
      . (declaration)* . (compound_statement) @body)
    """,
    prepare=preprocessed,
    block=(" {", "};"),
    empty=" {};",
    wrappers=(("", "\n"), ("", ";")),
    uses="""
        (call_expression function: [
          (identifier) @call
          (field_expression field: (field_identifier) @call)])
        (type_identifier) @type
        (preproc_params (identifier) @bound)
        [(parameter_declaration declarator: (identifier) @bound)
         (declaration declarator: (identifier) @bound)
         (init_declarator declarator: (identifier) @bound)
         (pointer_declarator declarator: (identifier) @bound)
         (array_declarator declarator: (identifier) @bound)]
    """,
    stub=" {}",
    value=";",
    standalone=kinds("function_definition"),
    identifiers=kinds("identifier field_identifier type_identifier statement_identifier"),
    strings=kinds("string_literal char_literal system_lib_string"),
    texts=kinds("string_content character preproc_arg"),
    numbers=kinds("number_literal"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence"),
    heads=_HEADS,
    decorators=r"(?![A-Z_\d]+$|(?:do|else|return)\b)[^\W\d][\w\s*]*$",
    inner_definitions=False,
    operators=kinds(
        """binary_expression unary_expression update_expression pointer_expression
        assignment_expression"""
    ),
)
