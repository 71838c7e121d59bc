"""GraphQL: schemas, and the operations of clients."""

from __future__ import annotations

import re

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

_EXTENDED_SCHEMA = re.compile(rb"\bextend(?=\s++schema\b)")


def _prepared(source: bytes) -> bytes:
    """The grammar knows no extension of a schema by directives alone, but one of a scalar."""
    return _EXTENDED_SCHEMA.sub(b"scalar", source)


GRAPHQL = Language(
    name="graphql",
    extensions=(".graphql", ".graphqls", ".gql"),
    grammar=packed("graphql"),
    definitions="""
        [(interface_type_definition (name) @name)
         (interface_type_extension (name) @name)] @interface
        [(object_type_definition (name) @name)
         (object_type_extension (name) @name)
         (input_object_type_definition (name) @name)
         (input_object_type_extension (name) @name)
         (union_type_definition (name) @name)
         (union_type_extension (name) @name)] @type
        ((scalar_type_definition (name) @name) @type (#not-eq? @name "schema"))
        [(enum_type_definition (name) @name) (enum_type_extension (name) @name)] @enum
        (directive_definition (name) @name) @macro
        ([(object_type_definition (name) @root
            (fields_definition (field_definition (name) @name) @signature))
          (object_type_extension (name) @root
            (fields_definition (field_definition (name) @name) @signature))]
          (#any-of? @root "Query" "Mutation" "Subscription"))
        (operation_definition (name) @name (selection_set) @body) @function
        (fragment_definition (fragment_name (name) @name) (selection_set) @body) @function
        (_ (description (string_value) @content)) @documentation
        (document . (_) @module)
        (comment) @comment
    """,
    prepare=_prepared,
    uses="""
        (named_type) @type
        (fragment_spread) @call
        (directive (name) @call)
    """,
    stub=" { __typename }",
    value="",
    line_comments=("#",),
    block_comments=(),
    wrappers=(("type Query {\n", "\n}"),),
    standalone=kinds("operation_definition fragment_definition"),
    identifiers=kinds("name"),
    strings=kinds("string_value"),
    texts=kinds(""),
    numbers=kinds("int_value float_value"),
    comments=kinds("comment description"),
    ignored=kinds("comma"),
    operators=kinds(""),
)
