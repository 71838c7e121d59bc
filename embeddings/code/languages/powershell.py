"""PowerShell."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_PRECEDENCE = (
    *("logical", "bitwise", "comparison", "additive", "multiplicative"),
    *("format", "range", "array_literal", "unary"),
)


def _alone(value: str) -> str:
    """A pattern of the expression that consists of one value: it lies in a node of each level of
    precedence."""
    for level in reversed(_PRECEDENCE):
        value = f"({level}_expression . {value} .)"
    return value


_HEADS = (
    r"(?i:function|filter)\s++(?P<name>[\w:-]++)",
    r"(?P<kind>class|enum)\s++(?P<name>\w++)",
    r"(?:hidden\s++|static\s++)*+\[[\w.\[\]]+\]\s*+(?P<name>\w++)\s*+\([^()]*\)\s*+\{?$",
    r"(?i:(?P<kind>context|describe|it))\s++(?P<quote>['\"])(?P<name>.*?)(?P=quote)",
)

POWERSHELL = Language(
    name="powershell",
    extensions=(".ps1", ".psm1", ".psd1"),
    interpreters=("pwsh", "powershell"),
    line_comments=("#",),
    block_comments=(("<#", "#>"),),
    grammar=wheel("tree_sitter_powershell"),
    definitions=f"""
        (function_statement (function_name) @name (script_block)? @body) @function
        (class_statement . (simple_name) @name) @class
        (class_method_definition (simple_name) @name (script_block)? @body) @method
        (class_property_definition (variable) @name) @constant
        (enum_statement . (simple_name) @name) @enum
        (program (statement_list (pipeline (assignment_expression
          (left_assignment_expression {_alone("(variable) @name")}) value: (_) @body)) @constant))
        (pipeline (pipeline_chain (command command_name: (_) @_registers
          command_elements: (command_elements (array_literal_expression (unary_expression
            (string_literal) @name)))
          (#one-of? @_registers
            "Describe" "Context" "It" "describe" "context" "it" "Task" "task")))) @block
        (function_statement (function_name) . (comment) @content) @documentation
        (comment) @comment
    """,
    uses="""
        (command command_name: (command_name) @call)
        (invokation_expression (member_name (simple_name) @call))
        (variable) @bound
    """,
    stub=" }",
    value=" = $null",
    sigils="\"'",
    wrappers=(("class _ {\n", "\n}"),),
    standalone=kinds(""),
    identifiers=kinds(
        """variable simple_name type_identifier function_name command_name member_name
        braced_variable generic_token command_parameter
        comparison_operator format_operator"""
    ),
    strings=kinds("string_literal"),
    texts=kinds(
        """expandable_string_literal verbatim_string_characters expandable_here_string_literal
        verbatim_here_string_characters"""
    ),
    numbers=kinds("decimal_integer_literal hexadecimal_integer_literal real_literal"),
    comments=kinds("comment"),
    ignored=kinds("command_argument_sep"),
    heads=_HEADS,
    operators=kinds(""),
)
