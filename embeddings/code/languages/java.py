"""Java."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.heads import KEYWORD_HEADS, MODIFIERS, TYPED_HEADS
from embeddings.code.languages.language import Language, kinds

_SIGNATURE = rf"""{MODIFIERS}(?:<[^()=]*>\s++)?(?!(?:assert|else|new|return|throw|yield)\b)
    [\w.]++(?:<[^()=]*>)?[\[\]]*+\s++(?P<name>\w++)\s*+\([^;=()]*\)[^;=()]*;$"""
_CONSTRUCTOR = r"""(?:(?:public|protected|private)\s++)?+
    (?P<name>[A-Z]\w*+)\s*+\([^;=]*\)[^;=]*\{"""

JAVA = Language(
    name="java",
    extensions=(".java",),
    grammar=wheel("tree_sitter_java"),
    definitions="""
        (method_declaration name: (identifier) @name body: (block) @body) @method
        (constructor_declaration name: (identifier) @name body: (constructor_body) @body) @method
        (compact_constructor_declaration name: (identifier) @name body: (block) @body) @method
        (class_declaration name: (identifier) @name body: (class_body) @body) @class
        (interface_declaration name: (identifier) @name body: (interface_body) @body) @interface
        (record_declaration name: (identifier) @name body: (class_body) @body) @class
        (enum_declaration name: (identifier) @name body: (_) @body) @enum
        (annotation_type_declaration name: (identifier) @name body: (_) @body) @type
        (field_declaration
          declarator: (variable_declarator name: (identifier) @name value: (_)? @body)) @constant
        (constant_declaration
          declarator: (variable_declarator name: (identifier) @name value: (_)? @body)) @constant
        (method_declaration name: (identifier) @name !body) @signature
        (annotation_type_element_declaration name: (identifier) @name) @signature
        (package_declaration) @module
        [(line_comment) (block_comment)] @comment
    """,
    uses="""
        (method_invocation name: (identifier) @call)
        (object_creation_expression type: [
          (type_identifier) @call
          (scoped_type_identifier (type_identifier) @call .)
          (generic_type . (type_identifier) @call)])
        [(import_declaration) (package_declaration)] @import
        (type_identifier) @type
        [(marker_annotation name: (_) @type) (annotation name: (_) @type)]
        [(formal_parameter name: (identifier) @bound)
         (catch_formal_parameter name: (identifier) @bound)
         (resource name: (identifier) @bound)
         (enhanced_for_statement name: (identifier) @bound)
         (lambda_expression parameters: (identifier) @bound)
         (inferred_parameters (identifier) @bound)
         (instanceof_expression name: (identifier) @bound)]
        (local_variable_declaration declarator: (variable_declarator name: (identifier) @bound))
    """,
    stub=" {}",
    value=";",
    modules=False,
    wrappers=(("class _ {\n", "\n}"), ("@interface _ {\n", "\n}")),
    standalone=kinds("method_declaration constructor_declaration compact_constructor_declaration"),
    identifiers=kinds("identifier type_identifier"),
    strings=kinds("string_literal character_literal"),
    texts=kinds("string_fragment multiline_string_fragment"),
    numbers=kinds(
        """decimal_integer_literal hex_integer_literal octal_integer_literal
        binary_integer_literal decimal_floating_point_literal hex_floating_point_literal"""
    ),
    interpolations=kinds("string_interpolation"),
    comments=kinds("line_comment block_comment"),
    ignored=kinds("escape_sequence"),
    heads=(KEYWORD_HEADS, TYPED_HEADS, _CONSTRUCTOR, _SIGNATURE),
    operators=kinds("binary_expression unary_expression update_expression assignment_expression"),
)
