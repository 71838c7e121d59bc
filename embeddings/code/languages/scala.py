"""Scala, in both of its syntaxes."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_EXTENDED = """parameters: (parameters . (parameter type: [
  (type_identifier) {0} (stable_type_identifier) {0} (generic_type type: (_) {0})]))"""
_VARIABLE = "[(identifier) @name (identifiers (identifier) @name)]"

_MODIFIERS = r"""(?:@\w++(?:\([^()]*\))?\s++|(?:abstract|final|implicit|infix|inline|lazy|open
    |opaque|override|private|protected|sealed|transparent)(?:\[\w++\])?\s++)*+"""
_HEADS = (
    rf"{_MODIFIERS}def\s++(?P<name>`[^`]++`|\w++|[^\s\w(\[:=]++)",
    rf"{_MODIFIERS}(?:case\s++)?(?P<kind>class|enum|object|trait)\s++(?P<name>\w++)",
)

SCALA = Language(
    name="scala",
    extensions=(".scala", ".sc", ".sbt", ".mill"),
    interpreters=("scala", "scala-cli", "amm"),
    grammar=wheel("tree_sitter_scala"),
    definitions=f"""
        (extension_definition {_EXTENDED.format("@owner")}
          . body: (function_definition name: (_) @name "=" body: (_) @body) @method .)
        (function_definition name: (_) @name "=" body: (_) @body) @function
        (function_definition name: (_) @name) @function
        (function_declaration name: (_) @name) @signature
        (val_definition pattern: (identifier) @name value: (lambda_expression) @body) @function
        (val_definition pattern: {_VARIABLE} value: (_) @body) @constant
        (var_definition pattern: {_VARIABLE} value: (_) @body) @constant
        (val_declaration name: (_) @name) @constant
        (var_declaration name: (_) @name) @constant
        (class_definition name: (_) @name body: (_)? @body) @class
        (object_definition name: (_) @name body: (_)? @body) @class
        (trait_definition name: (_) @name body: (_)? @body) @trait
        (enum_definition name: (_) @name body: (_) @body) @enum
        (given_definition name: (_) @name body: [(with_template_body) (template_body)] @body) @class
        (given_definition !name return_type: (_) @name
          body: [(with_template_body) (template_body)] @body) @class
        (given_definition name: (_) @name body: (_) @body) @constant
        (given_definition !name return_type: (_) @name body: (_) @body) @constant
        (type_definition name: (_) @name) @type
        (package_object name: (_) @name) @scope
        (extension_definition {_EXTENDED.format("@name")}) @scope
        (extension_definition) @scope
        (extension_definition (parameters) . body: (function_definition) @inner .) @outer
        (call_expression
          function: (call_expression function: (identifier)
            arguments: (arguments . (string) @name .))
          arguments: (block) @body) @block
        (package_clause) @module
        [(comment) (block_comment)] @comment
    """,
    uses="""
        (call_expression function: [
          (identifier) @call
          (field_expression field: (identifier) @call)
          (generic_function function: [
            (identifier) @call (field_expression field: (identifier) @call)])])
        (instance_expression (type_identifier) @call)
        (import_declaration) @import
        (type_identifier) @type
        (annotation name: (_) @type)
        [(parameter name: (identifier) @bound)
         (binding name: (identifier) @bound)
         (val_definition pattern: (identifier) @bound)
         (var_definition pattern: (identifier) @bound)
         (lambda_expression parameters: (identifier) @bound)]
    """,
    stub=" ???",
    value=" = ???",
    wrappers=(("class _ {\n", "\n}"),),
    standalone=kinds("function_definition"),
    identifiers=kinds("identifier type_identifier"),
    strings=kinds("string interpolated_string character_literal"),
    texts=kinds("string character_literal"),
    numbers=kinds("integer_literal floating_point_literal"),
    interpolations=kinds("interpolation"),
    comments=kinds("comment block_comment"),
    ignored=kinds("escape_sequence"),
    heads=_HEADS,
    indented=True,
    operators=frozenset(),
)
