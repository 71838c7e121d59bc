"""Swift."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_NAME = "name: (pattern bound_identifier: (_) @name)"

_MODIFIERS = r"""(?:@\w++(?:\([^()]*\))?\s++|(?:async|class(?=\s++func)|consuming|convenience
    |dynamic|fileprivate|final|indirect|infix|internal|isolated|mutating|nonisolated|nonmutating|open
    |override|package|postfix|prefix|private|public|required|static|unowned|weak)
    (?:\(\w++\))?\s++)*+"""
_HEADS = (
    rf"{_MODIFIERS}func\s++(?P<name>\w++|`\w++`|[^\s\w(]++)\s*+[<(]",
    rf"{_MODIFIERS}(?P<kind>actor|class|enum|extension|protocol|struct)\s++(?P<name>[\w.]++)\s*+(?:[:<{{]|where\b|$)",
    rf"{_MODIFIERS}(?P<name>init)[?!]?\s*+[<(]",
    rf"{_MODIFIERS}(?P<name>deinit)\b",
)

SWIFT = Language(
    name="swift",
    extensions=(".swift",),
    interpreters=("swift",),
    grammar=wheel("tree_sitter_swift"),
    definitions=f"""
        (function_declaration "func" . name: _ @name body: (_) @body) @function
        (protocol_function_declaration "func" . name: _ @name body: (_)? @body) @signature
        (init_declaration "init" @name body: (_) @body) @method
        (init_declaration "init" @name !body) @signature
        (deinit_declaration "deinit" @name body: (_) @body) @method
        (subscript_declaration "subscript" @name (computed_property) @body) @property
        (property_declaration {_NAME} value: (lambda_literal) @body) @function
        (property_declaration {_NAME} computed_value: (_) @body) @property
        (property_declaration {_NAME} (willset_didset_block)) @property
        (protocol_property_declaration {_NAME} (protocol_property_requirements) @body) @property
        (property_declaration . (modifiers)? . (value_binding_pattern) . {_NAME}
          (type_annotation)? . value: (_) @body) @constant
        (property_declaration {_NAME}) @constant
        (class_declaration declaration_kind: ["class" "struct" "actor" "extension"]
          name: (_) @name body: (_) @body) @class
        (class_declaration declaration_kind: "enum" name: (_) @name body: (_) @body) @enum
        (protocol_declaration name: (_) @name body: (_) @body) @interface
        (typealias_declaration . (modifiers)? . name: (type_identifier) @name) @type
        (associatedtype_declaration . name: (_) @name) @type
        (macro_declaration (simple_identifier) @name) @macro
        (import_declaration) @module
        [(comment) (multiline_comment)] @comment
    """,
    uses="""
        (call_expression . [
          (simple_identifier) @call
          (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call))])
        (import_declaration) @import
        (type_identifier) @type
        [(parameter name: (simple_identifier) @bound)
         (pattern bound_identifier: (simple_identifier) @bound)
         (lambda_parameter name: (simple_identifier) @bound)]
    """,
    separator=".",
    stub=" {}",
    value="",
    wrappers=(("class _ {\n", "\n}"), ("protocol _ {\n", "\n}")),
    standalone=kinds("function_declaration"),
    identifiers=kinds("simple_identifier type_identifier"),
    strings=kinds("line_string_literal multi_line_string_literal raw_string_literal regex_literal"),
    texts=kinds("line_str_text multi_line_str_text raw_str_part raw_str_end_part"),
    numbers=kinds("integer_literal real_literal hex_literal oct_literal bin_literal"),
    interpolations=kinds("interpolated_expression raw_str_interpolation"),
    comments=kinds("comment multiline_comment"),
    ignored=kinds("str_escaped_char shebang_line raw_str_continuing_indicator directive"),
    heads=_HEADS,
    operators=kinds(
        """additive_expression multiplicative_expression comparison_expression equality_expression
        infix_expression prefix_expression postfix_expression range_expression assignment"""
    ),
)
