"""PHP, with the HTML around it."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.heads import MODIFIERS
from embeddings.code.languages.language import Language, kinds

_CALLBACK = """(arguments . (argument [(string (string_content) @name)
      (encapsed_string . (string_content) @name .)])
      (argument [(anonymous_function) (arrow_function)]))"""

_HEADS = (
    rf"{MODIFIERS}function\s*+&?\s*+(?P<name>\w++)\s*+\(",
    rf"{MODIFIERS}(?P<kind>class|enum|interface|trait)\s++(?P<name>\w++)(?!\s*+[;(,)])",
    r"\$(?P<name>\w++)\s*+=\s*+(?:static\s++)?(?:function|fn)\b",
)

PHP = Language(
    name="php",
    extensions=(".php", ".phtml", ".php3", ".php4", ".php5", ".phps", ".inc"),
    interpreters=("php",),
    line_comments=("//", "#"),
    grammar=wheel("tree_sitter_php", "language_php"),
    definitions=f"""
        (function_definition name: (name) @name body: (_) @body) @function
        (method_declaration name: (name) @name body: (_) @body) @method
        (method_declaration name: (name) @name !body) @signature
        (class_declaration name: (name) @name body: (_) @body) @class
        (interface_declaration name: (name) @name body: (_) @body) @interface
        (trait_declaration name: (name) @name body: (_) @body) @trait
        (enum_declaration name: (name) @name body: (_) @body) @enum
        (namespace_definition name: (_) @name body: (_)) @scope
        (assignment_expression left: (variable_name (name) @name)
          right: (anonymous_function body: (_) @body)) @function
        (assignment_expression left: (variable_name (name) @name)
          right: (arrow_function) @body) @function
        (assignment_expression left: (variable_name (name) @name)
          right: (object_creation_expression
            (anonymous_class body: (_) @body))) @class
        (program (expression_statement (assignment_expression
          left: (variable_name (name) @name) right: (_) @body) @constant))
        (const_declaration . (visibility_modifier)? (const_element . (name) @name (_) @body .) .)
          @constant
        (const_declaration (const_element . (name) @name (_) @body)) @constant
        (property_declaration (property_element
          name: (variable_name (name) @name) default_value: (_)? @body)) @constant
        (property_declaration (property_element name: (variable_name (name) @name))
          (property_hook_list)) @property
        (enum_case name: (name) @name value: (_)? @body) @constant
        (program (expression_statement (function_call_expression function: (name) @_define
          arguments: (arguments . (argument (string (string_content) @name)))
          (#one-of? @_define "define"))) @constant)
        (expression_statement (function_call_expression arguments: {_CALLBACK}) @block)
        (expression_statement (scoped_call_expression arguments: {_CALLBACK}) @block)
        (expression_statement (member_call_expression arguments: {_CALLBACK}) @block)
        (expression_statement (_ object: [
          (scoped_call_expression arguments: {_CALLBACK})
          (member_call_expression arguments: {_CALLBACK})]) @block)
        (expression_statement [
          (assignment_expression) (function_call_expression) (scoped_call_expression)
          (member_call_expression)] @inner) @outer
        (namespace_definition) @module
        (comment) @comment
    """,
    members_need_object=True,
    uses="""
        (function_call_expression function: [(name) @call (qualified_name (name) @call .)])
        [(member_call_expression name: (name) @call)
         (nullsafe_member_call_expression name: (name) @call)
         (scoped_call_expression name: (name) @call)]
        (object_creation_expression [(name) @call (qualified_name (name) @call .)])
        [(namespace_use_declaration) (namespace_definition)] @import
        [(named_type) (base_clause) (class_interface_clause) (use_declaration) (attribute)] @type
        [(variable_name (name) @bound)]
    """,
    stub=" {}",
    value=" = null;",
    wrappers=(("<?php\n", "\n;"), ("<?php\nclass _ {\n", "\n}"), ("<?php\nenum _ {\n", "\n}")),
    standalone=kinds(""),
    identifiers=kinds("name"),
    strings=kinds("string encapsed_string heredoc nowdoc shell_command_expression"),
    texts=kinds("string_content nowdoc_string text"),
    numbers=kinds("integer float"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence php_tag php_end_tag heredoc_start heredoc_end"),
    heads=_HEADS,
    decorators=r"#\[",
    operators=kinds(
        "binary_expression unary_op_expression update_expression augmented_assignment_expression"
    ),
)
