"""CSS and LESS."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

CSS = Language(
    name="css",
    extensions=(".css",),
    grammar=wheel("tree_sitter_css"),
    definitions="""
        (rule_set (selectors . (_) @name) (block) @body) @type
        (keyframes_statement (keyframes_name) @name (_) @body) @type
        ((declaration (property_name) @name) @constant (#match? @name "^--"))
        (comment) @comment
    """,
    stub=" {}",
    value=";",
    line_comments=(),
    standalone=kinds(""),
    identifiers=kinds(
        """identifier class_name id_name tag_name property_name function_name feature_name
        keyframes_name attribute_name plain_value"""
    ),
    strings=kinds("string_value"),
    texts=kinds("string_content"),
    numbers=kinds("integer_value float_value color_value"),
    comments=kinds("comment js_comment"),
    ignored=kinds("unit"),
    operators=kinds("binary_expression"),
)
