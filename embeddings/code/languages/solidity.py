"""Solidity."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_HEADS = (
    r"(?:function|modifier)\s++(?P<name>\w++)",
    r"(?P<name>constructor|fallback|receive)\s*+\(",
    r"(?:abstract\s++)?(?P<kind>contract|enum|interface|library|struct)\s++(?P<name>\w++)",
)

SOLIDITY = Language(
    name="solidity",
    extensions=(".sol",),
    grammar=wheel("tree_sitter_solidity"),
    definitions="""
        (contract_declaration name: (identifier) @name body: (_) @body) @class
        (library_declaration name: (identifier) @name body: (_) @body) @class
        (interface_declaration name: (identifier) @name body: (_) @body) @interface
        (function_definition name: (identifier) @name body: (_) @body) @function
        (function_definition name: (identifier) @name !body) @signature
        (modifier_definition name: (identifier) @name body: (_)? @body) @method
        (constructor_definition "constructor" @name body: (_) @body) @method
        (fallback_receive_definition ["fallback" "receive"] @name body: (_)? @body) @method
        (struct_declaration name: (identifier) @name) @type
        (user_defined_type_definition name: (identifier) @name) @type
        (event_definition name: (identifier) @name) @type
        (error_declaration name: (identifier) @name) @type
        (enum_declaration name: (identifier) @name) @enum
        (constant_variable_declaration name: (identifier) @name value: (_) @body) @constant
        (state_variable_declaration name: (identifier) @name value: (_)? @body) @constant
        [(pragma_directive) (import_directive)] @module
        (comment) @comment
    """,
    uses="""
        (call_expression function: (expression [
          (identifier) @call
          (member_expression property: (identifier) @call)
          (new_expression name: (type_name (user_defined_type (identifier) @call)))]))
        (emit_statement name: (expression (identifier) @call))
        (revert_statement error: (expression (identifier) @call))
        (modifier_invocation (identifier) @call)
        (import_directive) @import
        (user_defined_type) @type
        [(parameter name: (identifier) @bound) (variable_declaration name: (identifier) @bound)]
    """,
    stub=" {}",
    value=" = 0;",
    line_comments=("///", "//"),
    wrappers=(("contract _ {\n", "\n}"),),
    standalone=kinds("function_definition"),
    identifiers=kinds("identifier primitive_type yul_identifier"),
    strings=kinds("string string_literal hex_string_literal unicode_string_literal"),
    texts=kinds(""),
    numbers=kinds("number_literal yul_decimal_number yul_hex_number"),
    comments=kinds("comment"),
    ignored=kinds("number_unit"),
    heads=_HEADS,
    inner_definitions=False,
    operators=kinds("binary_expression unary_expression update_expression"),
)
