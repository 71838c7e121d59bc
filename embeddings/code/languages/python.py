"""Python."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_NAME = "(identifier) @name"
_NAMES = f"[{_NAME} (list_splat_pattern {_NAME}) (tuple_pattern {_NAME})]"
_ASSIGNED = f"""
    (assignment left: {_NAME} right: (_)? @body) @constant
    (assignment
      left: [(pattern_list {_NAMES}) (tuple_pattern {_NAMES}) (list_pattern {_NAMES})]
      right: (_) @body) @constant
    (assignment right: (assignment left: {_NAME} right: (_) @body)) @constant
"""

PYTHON = Language(
    name="python",
    extensions=(".py", ".pyi", ".pyw"),
    interpreters=("python", "pypy"),
    grammar=wheel("tree_sitter_python"),
    definitions=f"""
        (function_definition name: (identifier) @name body: (block) @body) @function
        (class_definition name: (identifier) @name body: (block) @body) @class
        (decorated_definition definition: (_) @inner) @outer
        (module (expression_statement (assignment left: (identifier) @name
          right: (lambda body: (_) @body)) @function))
        (class_definition body: (block (expression_statement (assignment left: (identifier) @name
          right: (lambda body: (_) @body)) @function)))
        (type_alias_statement left: (type (identifier) @name)) @type
        (type_alias_statement left: (type (generic_type . (identifier) @name))) @type
        (module (expression_statement [{_ASSIGNED}]))
        (class_definition body: (block (expression_statement [{_ASSIGNED}])))
        (comment) @comment
    """,
    members_need_object=True,
    uses="""
        (call function: [(identifier) @call (attribute attribute: (identifier) @call)])
        (decorator [(identifier) @call (attribute attribute: (identifier) @call)])
        [(import_statement) (import_from_statement)] @import
        (type) @type
        (class_definition superclasses: (argument_list) @type)
        [(parameters (identifier) @bound) (lambda_parameters (identifier) @bound)]
        (default_parameter name: (identifier) @bound)
        (typed_parameter . (identifier) @bound)
        (typed_default_parameter name: (identifier) @bound)
        [(list_splat_pattern (identifier) @bound) (dictionary_splat_pattern (identifier) @bound)]
        (assignment left: (identifier) @bound)
        (named_expression name: (identifier) @bound)
        [(pattern_list (identifier) @bound) (tuple_pattern (identifier) @bound)]
        [(for_statement left: (identifier) @bound) (for_in_clause left: (identifier) @bound)]
        (as_pattern_target (identifier) @bound)
    """,
    stub=" ...",
    value=" = ...",
    line_comments=("#",),
    block_comments=(),
    block=("", ""),
    empty=" ...",
    standalone=kinds("function_definition decorated_definition"),
    identifiers=kinds("identifier"),
    strings=kinds("string"),
    texts=kinds("string_content"),
    numbers=kinds("integer float"),
    interpolations=kinds("interpolation"),
    comments=kinds("comment"),
    ignored=kinds("line_continuation string_start string_end"),
    heads=(r"(?:async\s++)?(?:def|(?P<kind>class))\s++(?P<name>\w++)\s*+(?:[(:\[]|$)",),
    indented=True,
    operators=kinds(
        "binary_operator unary_operator boolean_operator comparison_operator augmented_assignment"
    ),
    docstring_statement="expression_statement",
    joined_strings="concatenated_string",
    documented=kinds("module function_definition class_definition"),
)
