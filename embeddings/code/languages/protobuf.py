"""Protocol Buffers."""

from __future__ import annotations

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

PROTOBUF = Language(
    name="protobuf",
    extensions=(".proto",),
    grammar=packed("proto"),
    definitions="""
        (message (message_name (identifier) @name) (message_body) @body) @type
        (enum (enum_name (identifier) @name) (enum_body) @body) @enum
        (service (service_name (identifier) @name) "{" @body) @interface
        (rpc (rpc_name (identifier) @name)) @signature
        (extend (full_ident) @name (message_body) @body) @type
        (source_file . (comment)* . [(syntax) (edition) (package)] @module)
        (comment) @comment
    """,
    uses="""
        (message_or_enum_type) @type
        (import) @import
    """,
    stub=" {}",
    value=";",
    wrappers=(("service _ {\n", "\n}"),),
    standalone=kinds(""),
    identifiers=kinds("identifier"),
    strings=kinds("string"),
    texts=kinds(""),
    numbers=kinds("decimal_lit octal_lit hex_lit float_lit"),
    comments=kinds("comment"),
    operators=kinds(""),
)
