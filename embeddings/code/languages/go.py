"""Go."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

GO = Language(
    name="go",
    extensions=(".go",),
    grammar=wheel("tree_sitter_go"),
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
        (type_spec name: (_) @name type: (interface_type)) @interface
        (type_alias name: (_) @name) @type
        (source_file (var_declaration (var_spec name: (_) @name
          value: (expression_list . (func_literal body: (block) @body) .)) @function))
        (source_file (var_declaration (var_spec_list (var_spec name: (_) @name
          value: (expression_list . (func_literal body: (block) @body) .)) @function)))
        (call_expression arguments: (argument_list
          . [(interpreted_string_literal) (raw_string_literal)] @name (func_literal))) @block
        (source_file (const_declaration
          (const_spec (identifier) @name value: (_)? @body) @constant))
        (source_file (var_declaration (var_spec name: (_) @name value: (_)? @body) @constant))
        (source_file (var_declaration (var_spec_list
          (var_spec name: (_) @name value: (_)? @body) @constant)))
        (type_declaration "("? @grouped . [(type_spec) (type_alias)] @inner .) @outer
        (const_declaration "("? @grouped . (const_spec) @inner .) @outer
        (var_declaration . (var_spec) @inner .) @outer
        (expression_statement (call_expression) @inner) @outer
        (package_clause) @module
        (comment) @comment
    """,
    members_need_object=True,
    uses="""
        (call_expression function: [
          (identifier) @call
          (selector_expression field: (field_identifier) @call)])
        [(import_spec) (package_clause)] @import
        [(type_identifier) (qualified_type)] @type
        (composite_literal type: (type_identifier) @call)
        [(parameter_declaration name: (identifier) @bound)
         (variadic_parameter_declaration name: (identifier) @bound)
         (var_spec name: (identifier) @bound)
         (const_spec name: (identifier) @bound)]
        [(short_var_declaration left: (expression_list (identifier) @bound))
         (range_clause left: (expression_list (identifier) @bound))]
    """,
    stub="",
    value=" = nil",
    prefixes=(
        ("type_spec", "type "),
        ("type_alias", "type "),
        ("const_spec", "const "),
        ("var_spec", "var "),
    ),
    wrappers=(("", "\n"),),
    standalone=kinds("function_declaration method_declaration"),
    identifiers=kinds(
        "identifier field_identifier type_identifier package_identifier label_name blank_identifier"
    ),
    strings=kinds("interpreted_string_literal raw_string_literal rune_literal"),
    texts=kinds("interpreted_string_literal_content raw_string_literal_content"),
    numbers=kinds("int_literal float_literal imaginary_literal"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence"),
    heads=(
        r"""func\s++(?:\((?:\w++\s++)?\*?(?P<owner>\w++)(?:\[[^\]]*+\])?\)\s*+)?
            (?P<name>\w++)\s*+[(\[]""",
        r"type\s++(?P<name>\w++)(?:\[[^\]]*+\])?\s++(?P<kind>interface|struct)\b",
        r"(?P<kind>type)\s++(?P<name>\w++)\b",
        r"var\s++(?P<name>\w++)\s*+=\s*+func\b",
    ),
    operators=kinds("binary_expression unary_expression assignment_statement"),
)
