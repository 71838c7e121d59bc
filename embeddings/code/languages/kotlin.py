"""Kotlin."""

from __future__ import annotations

import re

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_TYPE = "(user_type (identifier) @owner . (type_arguments)? .)"
_RECEIVER = f"[{_TYPE} (nullable_type {_TYPE})]"
_COMPARISON = re.compile(rb" < ")
_LIKE_A_KEYWORD = re.compile(rb"^([ \t]*(?:as|by|catch|else|finally|get|in|set|where))[0-9_]", re.M)
_VARIABLE_LIKE_AN_ACCESSOR = re.compile(rb"^([ \t]*[gs])e(?=t[ \t]*[^\s\w(])", re.M)


def _readable(source: bytes) -> bytes:
    """A source of which the grammar can read three things that confuse it: comparisons, which it
    takes for the beginning of type arguments; and lines that begin with a name like in1, or with a
    variable called set, which it takes for keywords."""
    source = _LIKE_A_KEYWORD.sub(rb"\1x", _COMPARISON.sub(b" <=", source))
    return _VARIABLE_LIKE_AN_ACCESSOR.sub(rb"\1x", source)


_MODIFIERS = r"""(?:@[\w.:]++(?:\([^()]*\))?\s++|(?:abstract|actual|annotation|companion|const
    |data|enum|expect|external|final|fun(?=\s++interface)|infix|inline|inner|internal|lateinit|open
    |operator|override|private|protected|public|sealed|suspend|tailrec|value)\s++)*+"""
_PARAMETERS = r"(?:<(?:[^<>]|<[^<>]*>)*>)?"
_HEADS = (
    rf"""{_MODIFIERS}fun\s*+{_PARAMETERS}\s*+(?:(?:\w++(?:<[^()]*?>)?\??\.)+)?
        (?P<name>\w++|`[^`]++`)\s*+(?:\(|$)""",
    rf"{_MODIFIERS}(?P<kind>class|interface|object)\s++(?P<name>\w++)(?!\s*+[=).,])",
    rf"{_MODIFIERS}(?P<name>constructor)\s*+\(",
)

KOTLIN = Language(
    name="kotlin",
    extensions=(".kt", ".kts"),
    interpreters=("kotlin", "kotlinc"),
    grammar=wheel("tree_sitter_kotlin"),
    prepare=_readable,
    definitions=f"""
        (class_body (function_declaration
          {_RECEIVER}? . name: (_) @name (function_body) @body) @method)
        (function_declaration {_RECEIVER}? . name: (_) @name (function_body) @body) @function
        (function_declaration {_RECEIVER}? . name: (_) @name) @signature
        (secondary_constructor "constructor" @name (block)? @body) @method
        (property_declaration (variable_declaration (identifier) @name)
          [(lambda_literal) (anonymous_function)] @body) @function
        (property_declaration {_RECEIVER}? . (variable_declaration (identifier) @name)
          [(getter (function_body) @body) (setter (function_body) @body)]) @property
        (property_declaration (variable_declaration (identifier) @name) "=" . (_) @body) @constant
        (property_declaration (variable_declaration (identifier) @name)) @constant
        (class_declaration "class" name: (_) @name (class_body)? @body) @class
        (class_declaration name: (_) @name (enum_class_body) @body) @enum
        (class_declaration "interface" name: (_) @name (class_body)? @body) @interface
        (object_declaration name: (_) @name (class_body)? @body) @class
        (companion_object) @scope
        (enum_entry (identifier) @name (class_body)) @scope
        (type_alias type: (identifier) @name) @type
        (package_header) @module
        [(line_comment) (block_comment)] @comment
    """,
    uses="""
        (call_expression . [
          (identifier) @call
          (navigation_expression (identifier) @call .)])
        [(import) (package_header)] @import
        [(user_type) (delegation_specifier) (annotation)] @type
        [(parameter . (identifier) @bound)
         (variable_declaration . (identifier) @bound)]
    """,
    stub=" {}",
    value="",
    wrappers=(("class _ {\n", "\n}"),),
    standalone=kinds("function_declaration"),
    identifiers=kinds("identifier"),
    strings=kinds("string_literal multiline_string_literal character_literal"),
    texts=kinds("string_content"),
    numbers=kinds("number_literal float_literal"),
    interpolations=kinds("interpolation"),
    comments=kinds("line_comment block_comment"),
    ignored=kinds("escape_sequence shebang"),
    heads=_HEADS,
    operators=kinds("binary_expression unary_expression assignment"),
)
