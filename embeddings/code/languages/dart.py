"""Dart, whose grammar makes a function's body, its annotations and its semicolon siblings of it."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.heads import KEYWORD_HEADS
from embeddings.code.languages.language import Language, kinds

_CONSTRUCTORS = """
    (constructor_signature name: (_) @name . parameters: (_))
    (constant_constructor_signature (identifier) @name . (formal_parameter_list))
    (factory_constructor_signature (identifier) @name . (formal_parameter_list))
    (redirecting_factory_constructor_signature (identifier) @name . (formal_parameter_list))
"""
_METHODS = f"""
    (function_signature name: (_) @name)
    (operator_signature "operator" @name . _ @name . (formal_parameter_list))
    {_CONSTRUCTORS}
"""
_ACCESSORS = "(getter_signature name: (_) @name) (setter_signature name: (_) @name)"
_CONSTANTS = """
    (static_final_declaration_list (static_final_declaration (identifier) @name . (_) @body))
    (initialized_identifier_list (initialized_identifier (identifier) @name . (_) @body))
    (initialized_identifier_list (initialized_identifier . (identifier) @name .))
"""
_LISTS = "(static_final_declaration_list) (initialized_identifier_list)"
_TYPE_PARTS = "(type_identifier) (type_arguments) (nullable_type) (function_type)"

_MODIFIERS = r"(?:@\w++(?:\([^()]*\))?\s++|(?:abstract|const|external|factory|static)\s++)*+"
_TYPE = r"""(?!(?:assert|await|case|do|else|in|new|return|throw|yield)\b)
    [\w.]++(?:<[^()=]*>)?\??"""
_HEADS = (
    KEYWORD_HEADS,
    r"""(?P<kind>extension|mixin)\s++(?:type\s++)?(?P<name>\w++)""",
    rf"""{_MODIFIERS}(?:{_TYPE}\s++)?(?!(?:assert|await|catch|for|if|return|super|switch|this|throw|while)\b)
        (?P<name>\w++(?:\.\w++)?)(?:<[^()]*>)?\((?!.*(?:=>|\{{)\s*+[^{{}}]*\($)[^;=]*(?:\{{.*\}}|\{{|=>.*|(?<=\()|(?<=\(\{{))$""",
    rf"{_MODIFIERS}{_TYPE}\s++(?P<name>\w++)(?:<[^()]*>)?\([^;=]*(?:[,(\[{{]|\)|\basync\*?)$",
)

DART = Language(
    name="dart",
    extensions=(".dart",),
    interpreters=("dart",),
    grammar=wheel("tree_sitter_dart"),
    definitions=f"""
        ((method_signature [{_METHODS}]) @method . (function_body) @body)
        ((method_signature [{_ACCESSORS}]) @property . (function_body) @body)
        ((function_signature name: (_) @name) @function . (function_body) @body)
        ([{_ACCESSORS}] @property . (function_body) @body)
        (declaration [{_METHODS}]) @signature
        (declaration [{_ACCESSORS}]) @property
        (declaration [{_CONSTANTS}]) @constant
        (program (static_final_declaration_list . (static_final_declaration
          (identifier) @name . (function_expression))) @function)
        (program [{_CONSTANTS}] @constant)
        (class_definition name: (_) @name body: (_) @body) @class
        (class_definition (mixin_application_class . (identifier) @name)) @class
        (mixin_declaration (identifier) @name (class_body) @body) @trait
        (extension_declaration name: (_)? @name body: (_) @body) @class
        (extension_type_declaration name: (_) @name body: (_) @body) @class
        (enum_declaration name: (_) @name) @enum
        (type_alias (type_identifier) @name . (type_parameters)? . "=") @type
        (type_alias
          (type_identifier) @name . (type_parameters)? . (formal_parameter_list)) @type
        (expression_statement (identifier) (selector (argument_part (arguments
          . (argument (string_literal) @name) . (argument (function_expression) @body))))) @block
        ((declaration) @inner . ";" @after)
        (program [{_LISTS}] @inner . ";" @after)
        (program "late" @before . (_) @inner)
        (program [(const_builtin) (final_builtin) (inferred_type) {_TYPE_PARTS}] @before
          . [{_TYPE_PARTS} {_LISTS}] @inner)
        ((annotation) @before . [(annotation) (method_signature) (declaration) (function_signature)
          (getter_signature) (setter_signature) (const_builtin) (final_builtin) (inferred_type)
          (type_identifier) {_LISTS}] @inner)
        (library_name) @module
        (import_or_export) @module
        [(comment) (documentation_comment)] @comment
    """,
    uses="""
        ((identifier) @call . (selector (argument_part)))
        ((selector (unconditional_assignable_selector (identifier) @call))
          . (selector (argument_part)))
        ((selector (conditional_assignable_selector (identifier) @call))
          . (selector (argument_part)))
        (cascade_section (cascade_selector (identifier) @call) (argument_part))
        (import_or_export) @import
        (type_identifier) @type
        (annotation name: (_) @call)
        [(formal_parameter name: (identifier) @bound)
         (initialized_variable_definition name: (identifier) @bound)]
    """,
    stub=" {}",
    value=" = 0;",
    wrappers=(("class _ {\n", "\n}"),),
    standalone=frozenset(),
    identifiers=kinds("identifier type_identifier identifier_dollar_escaped"),
    strings=kinds("string_literal"),
    texts=frozenset(),
    numbers=kinds("decimal_integer_literal hex_integer_literal decimal_floating_point_literal"),
    interpolations=kinds("template_substitution"),
    comments=kinds("comment documentation_comment"),
    ignored=kinds("escape_sequence"),
    heads=_HEADS,
    operators=kinds("assignment_expression"),
)
