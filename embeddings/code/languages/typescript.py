"""TypeScript, and TSX, which is a grammar of its own."""

from __future__ import annotations

from dataclasses import replace

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.javascript import ELEMENTS, JAVASCRIPT, USES, definitions

_FIELD = "public_field_definition name"
_WRAPPING = "parenthesized_expression as_expression satisfies_expression"
_DECLARATIONS = """
    (abstract_class_declaration name: (_) @name body: (class_body) @body) @class
    (interface_declaration name: (_) @name body: (_) @body) @interface
    (enum_declaration name: (_) @name body: (_) @body) @enum
    (type_alias_declaration name: (_) @name) @type
    (internal_module name: (_) @name) @scope
    (class_body (method_signature name: (_) @name) @signature)
    (class_body (abstract_method_signature name: (_) @name) @signature)
    (function_signature name: (_) @name) @signature
    (ambient_declaration (_
      (variable_declarator name: (identifier) @name value: (_)? @body) @constant))
    (internal_module body: (statement_block [
      (_ (variable_declarator name: (identifier) @name value: (_)? @body) @constant)
      (export_statement declaration:
        (_ (variable_declarator name: (identifier) @name value: (_)? @body) @constant))]))
    (module body: (statement_block [
      (_ (variable_declarator name: (identifier) @name value: (_)? @body) @constant)
      (export_statement declaration:
        (_ (variable_declarator name: (identifier) @name value: (_)? @body) @constant))]))
    (ambient_declaration (_) @inner) @outer
    (class_body (decorator) @before . (comment)* . [(decorator) (method_definition)] @inner)
"""
_USES = f"""
    {USES}
    [(type_identifier) (nested_type_identifier) (type_query)] @type
    [(required_parameter pattern: (identifier) @bound)
     (optional_parameter pattern: (identifier) @bound)]
"""

TYPESCRIPT = replace(
    JAVASCRIPT,
    name="typescript",
    extensions=(".ts", ".mts", ".cts"),
    interpreters=("bun", "deno", "ts-node", "tsx"),
    grammar=wheel("tree_sitter_typescript", "language_typescript"),
    definitions=definitions(_FIELD, f"{_WRAPPING} type_assertion") + _DECLARATIONS,
    uses=_USES,
    identifiers=JAVASCRIPT.identifiers | {"type_identifier"},
)

TSX = replace(
    TYPESCRIPT,
    name="tsx",
    extensions=(".tsx",),
    interpreters=(),
    grammar=wheel("tree_sitter_typescript", "language_tsx"),
    definitions=definitions(_FIELD, _WRAPPING) + _DECLARATIONS,
    uses=_USES + ELEMENTS,
)
