"""Zig."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_HEADS = (
    r"""(?:pub\s++)?(?:(?:export|extern(?:\s++"[^"]*")?|inline|noinline)\s++)*+
        fn\s++(?P<name>\w++|@"[^"]++")\s*+\(""",
    r"""(?:pub\s++)?const\s++(?P<name>\w++)\s*+=\s*+(?:(?:extern|packed)\s++)?
        (?P<kind>enum|opaque|struct|union)\b""",
    r"(?P<kind>test)\s++(?P<quote>\"?)(?P<name>[^\"]+?)(?P=quote)\s*+\{",
)

ZIG = Language(
    name="zig",
    extensions=(".zig", ".zon"),
    line_comments=("///", "//!", "//"),
    block_comments=(),
    grammar=wheel("tree_sitter_zig"),
    definitions="""
        (function_declaration name: (identifier) @name body: (block) @body) @function
        (function_declaration name: (identifier) @name !body) @signature
        (variable_declaration (identifier) @name
          (struct_declaration (function_declaration)) @body) @class
        (variable_declaration (identifier) @name (struct_declaration)) @type
        (variable_declaration (identifier) @name (enum_declaration)) @enum
        (variable_declaration (identifier) @name (error_set_declaration)) @enum
        (variable_declaration (identifier) @name [(union_declaration) (opaque_declaration)]) @type
        (source_file (variable_declaration (identifier) @name (_) @body .) @constant)
        (struct_declaration (variable_declaration (identifier) @name (_) @body .) @constant)
        (enum_declaration (variable_declaration (identifier) @name (_) @body .) @constant)
        (union_declaration (variable_declaration (identifier) @name (_) @body .) @constant)
        (opaque_declaration (variable_declaration (identifier) @name (_) @body .) @constant)
        (test_declaration [(string (string_content) @name) (identifier) @name]) @block
        (comment) @comment
    """,
    uses="""
        (call_expression function: [
          (identifier) @call (field_expression member: (identifier) @call)])
        (struct_initializer . (identifier) @call)
        [(parameter type: (_) @type) (function_declaration type: (_) @type)
         (variable_declaration type: (_) @type)]
        [(parameter name: (identifier) @bound) (variable_declaration . (identifier) @bound)]
    """,
    stub=" {}",
    value=" = undefined;",
    block=(" = struct {", "};"),
    empty=" = type;",
    standalone=kinds("function_declaration"),
    identifiers=kinds("identifier builtin_identifier builtin_type"),
    strings=kinds("string multiline_string character"),
    texts=kinds("string_content multiline_string character_content"),
    numbers=kinds("integer float"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence"),
    heads=_HEADS,
    operators=kinds("binary_expression unary_expression assignment_expression"),
)
