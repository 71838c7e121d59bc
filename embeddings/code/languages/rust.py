"""Rust."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_ITEMS = """
    (function_item) (function_signature_item) (struct_item) (enum_item) (union_item) (trait_item)
    (impl_item) (mod_item) (type_item) (associated_type) (const_item) (static_item)
    (macro_definition) (foreign_mod_item)
"""
_TYPE = "(type_identifier) @name (scoped_type_identifier) @name"

_VISIBILITY = r"(?:pub(?:\s*+\([^()]*\))?\s++)?"
_HEADS = (
    rf"""{_VISIBILITY}(?:(?:default|const|async|unsafe|extern(?:\s*+"[^"]*")?)\s++)*+
        fn\s++(?P<name>(?:r\#)?\w++)\s*+[<(]""",
    rf"""{_VISIBILITY}(?:(?:unsafe|auto)\s++)*+
        (?P<kind>enum|mod|struct|trait|type|union)\s++(?P<name>\w++)(?!\s*+;)""",
    r"""(?:default\s++|unsafe\s++)*+(?P<kind>impl)\b
        (?:.*\sfor\s++|(?:<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>)?\s++)
        (?:&(?:'\w++\s++)?(?:mut\s++)?)?+(?:\w++::)*(?P<name>\w++)""",
    r"macro_rules!\s*+(?P<name>\w++)",
)

RUST = Language(
    name="rust",
    extensions=(".rs",),
    interpreters=("rust-script",),
    grammar=wheel("tree_sitter_rust"),
    definitions=f"""
        (impl_item body: (_ (function_item name: (_) @name body: (_) @body) @method))
        (trait_item body: (_ (function_item name: (_) @name body: (_) @body) @method))
        (function_item name: (_) @name body: (_) @body) @function
        (function_signature_item name: (_) @name) @signature
        (impl_item type: [{_TYPE} (generic_type type: [{_TYPE}])
          (reference_type type: [{_TYPE} (generic_type type: [{_TYPE}])])]) @scope
        (impl_item) @scope
        (mod_item name: (_) @name body: (_)) @scope
        (foreign_mod_item) @scope
        (struct_item name: (_) @name body: (_)? @body) @type
        (union_item name: (_) @name body: (_) @body) @type
        (enum_item name: (_) @name body: (_) @body) @enum
        (trait_item name: (_) @name body: (_) @body) @trait
        (type_item name: (_) @name) @type
        (associated_type name: (_) @name) @type
        (const_item name: (_) @name value: (_)? @body) @constant
        (static_item name: (_) @name value: (_)? @body) @constant
        (macro_definition name: (_) @name) @macro
        ((attribute_item) @before . [(attribute_item) {_ITEMS}] @inner)
        [(line_comment) (block_comment)] @comment
    """,
    inner_comments=("//!", "/*!"),
    members_need_object=True,
    uses="""
        (call_expression function: [
          (identifier) @call
          (field_expression field: (field_identifier) @call)
          (scoped_identifier name: (identifier) @call)
          (generic_function function: [
            (identifier) @call
            (field_expression field: (field_identifier) @call)
            (scoped_identifier name: (identifier) @call)])])
        (macro_invocation macro: [
          (identifier) @call
          (scoped_identifier name: (identifier) @call)])
        (struct_expression name: [
          (type_identifier) @call
          (scoped_type_identifier name: (type_identifier) @call)])
        [(use_declaration) (mod_item !body) (extern_crate_declaration)] @import
        (type_identifier) @type
        [(parameter pattern: (identifier) @bound)
         (closure_parameters (identifier) @bound)
         (let_declaration pattern: (identifier) @bound)
         (for_expression pattern: (identifier) @bound)
         (tuple_pattern (identifier) @bound)
         (tuple_struct_pattern (identifier) @bound .)
         (mut_pattern (identifier) @bound)
         (ref_pattern (identifier) @bound)]
    """,
    stub=" {}",
    value=";",
    standalone=kinds("function_item"),
    identifiers=kinds(
        """identifier field_identifier type_identifier shorthand_field_identifier metavariable
        primitive_type"""
    ),
    strings=kinds("string_literal raw_string_literal char_literal"),
    texts=kinds("string_content"),
    numbers=kinds("integer_literal float_literal"),
    comments=kinds("line_comment block_comment"),
    ignored=kinds("escape_sequence shebang"),
    heads=_HEADS,
    decorators=r"#!?\[",
    operators=kinds("binary_expression unary_expression compound_assignment_expr"),
)
