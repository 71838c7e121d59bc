"""JavaScript, with JSX."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

DEFINITIONS = """
    (function_declaration name: (_) @name body: (_) @body) @function
    (generator_function_declaration name: (_) @name body: (_) @body) @function
    (method_definition name: (_) @name body: (_) @body) @method
    (variable_declarator name: (identifier) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @function
    (pair key: (property_identifier) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @method
    (assignment_expression left: (identifier) @name right: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @function
    (assignment_expression
      left: (member_expression object: (_) @owner property: (_) @name)
      right: [
        (arrow_function body: (_) @body)
        (function_expression body: (_) @body)
        (generator_function body: (_) @body)]) @function
    (export_statement "default" @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
      (generator_function body: (_) @body)]) @function
    (class_declaration name: (_) @name body: (class_body) @body) @class
    (variable_declarator name: (identifier) @name value: (class body: (class_body) @body)) @class
    (variable_declarator name: (identifier) @name value: (object)) @scope
    (assignment_expression left: (_) @name right: (object)) @scope
    (program (lexical_declaration
      (variable_declarator name: (identifier) @name value: (_)? @body) @constant))
    (program (export_statement declaration: (lexical_declaration
      (variable_declarator name: (identifier) @name value: (_)? @body) @constant)))
    (program (variable_declaration
      (variable_declarator name: (identifier) @name value: (_)? @body) @constant))
    (export_statement declaration: (_) @inner) @outer
    (lexical_declaration . (variable_declarator) @inner .) @outer
    (variable_declaration . (variable_declarator) @inner .) @outer
    (expression_statement (assignment_expression) @inner) @outer
    (program (import_statement) @module)
    (comment) @comment
"""

JAVASCRIPT = Language(
    name="javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    interpreters=("node", "nodejs"),
    grammar=wheel("tree_sitter_javascript"),
    definitions=DEFINITIONS
    + """
    (field_definition property: (_) @name value: [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)]) @method
    (field_definition property: (_) @name value: (_)? @body) @constant
    """,
    stub=" {}",
    value=";",
    prefixes=(("variable_declarator", "const "),),
    wrappers=(("class _ {\n", "\n}"), ("({\n", "\n})")),
    standalone=kinds(
        """function_declaration generator_function_declaration method_definition export_statement
        lexical_declaration variable_declaration variable_declarator expression_statement"""
    ),
    identifiers=kinds(
        """identifier property_identifier private_property_identifier statement_identifier
        shorthand_property_identifier shorthand_property_identifier_pattern"""
    ),
    strings=kinds("string template_string regex"),
    texts=kinds("string_fragment regex_pattern jsx_text"),
    numbers=kinds("number"),
    interpolations=kinds("template_substitution"),
    comments=kinds("comment html_comment"),
    ignored=kinds("escape_sequence hash_bang_line"),
    operators=kinds(
        "binary_expression unary_expression update_expression augmented_assignment_expression"
    ),
)
