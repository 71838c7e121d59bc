"""TypeScript, and TSX, which is a grammar of its own."""

from __future__ import annotations

from dataclasses import replace

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.javascript import DEFINITIONS, JAVASCRIPT

TYPESCRIPT = replace(
    JAVASCRIPT,
    name="typescript",
    extensions=(".ts", ".mts", ".cts"),
    interpreters=("bun", "deno", "ts-node", "tsx"),
    grammar=wheel("tree_sitter_typescript", "language_typescript"),
    definitions=DEFINITIONS
    + """
    (public_field_definition name: (_) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)]) @method
    (abstract_class_declaration name: (_) @name body: (class_body) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @interface
    (enum_declaration name: (_) @name body: (_) @body) @enum
    (type_alias_declaration name: (_) @name) @type
    (internal_module name: (_) @name) @scope
    (public_field_definition name: (_) @name value: (_)? @body) @constant
    (class_body (method_signature name: (_) @name) @signature)
    (class_body (abstract_method_signature name: (_) @name) @signature)
    (function_signature name: (_) @name) @signature
    (ambient_declaration (_) @inner) @outer
    (class_body (decorator) @before . [(decorator) (method_definition)] @inner)
    """,
    identifiers=JAVASCRIPT.identifiers | {"type_identifier"},
)

TSX = replace(
    TYPESCRIPT,
    name="tsx",
    extensions=(".tsx",),
    interpreters=(),
    grammar=wheel("tree_sitter_typescript", "language_tsx"),
)
