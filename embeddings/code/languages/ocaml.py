"""OCaml: implementations, and interfaces, which have a grammar of their own."""

from __future__ import annotations

from dataclasses import replace

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_NAME = "pattern: [(value_name) @name (parenthesized_operator (_) @name)]"
_COMPUTED = "[(fun_expression) (function_expression)]"
_BINDINGS = "\n".join(
    f"""
    ({place} (value_definition (let_binding {_NAME} . (parameter) body: (_) @body) @function))
    ({place} (value_definition (let_binding {_NAME} body: {_COMPUTED} @body) @function))
    ({place} (value_definition (let_binding {_NAME} body: (_) @body) @constant))
    ({place} (value_definition (attribute_id)
      (let_binding pattern: (string (string_content) @name))) @block)"""
    for place in ("compilation_unit", "structure")
)

OCAML_INTERFACE = Language(
    name="ocaml_interface",
    extensions=(".mli",),
    line_comments=(),
    block_comments=(("(**", "*)"), ("(*", "*)")),
    grammar=wheel("tree_sitter_ocaml", "language_ocaml_interface"),
    definitions="""
        (value_specification [
          (value_name) @name (parenthesized_operator (_) @name)]) @signature
        (external [(value_name) @name (parenthesized_operator (_) @name)]) @signature
        (type_binding name: (type_constructor) @name) @type
        (exception_definition (constructor_declaration (constructor_name) @name)) @type
        (module_binding (module_name) @name) @scope
        (module_type_definition (module_type_name) @name body: (signature) @body) @interface
        (module_type_definition (module_type_name) @name) @interface
        (class_binding (class_name) @name) @class
        (class_type_binding (class_type_name) @name) @interface
        (method_specification (method_name) @name) @signature
        (type_definition . (type_binding) @inner .) @outer
        (class_definition . (class_binding) @inner .) @outer
        (class_type_definition . (class_type_binding) @inner .) @outer
        (module_definition . (module_binding) @inner .) @outer
        (comment) @comment
    """,
    uses="""
        (application_expression function: (value_path (value_name) @call))
        (infix_expression operator: (_) right: (value_path (value_name) @call))
        (method_invocation (method_name) @call)
        (open_module) @import
        [(type_constructor) (class_type_name)] @type
        (value_pattern) @bound
    """,
    stub=" = ()",
    value=" = ()",
    block=(" = sig", "end"),
    empty=" = sig end",
    cased=True,
    documented_below=True,
    prefixes=(
        ("let_binding", "let "),
        ("type_binding", "type "),
        ("class_binding", "class "),
        ("class_type_binding", "class type "),
    ),
    wrappers=(("class type _ = object\n", "\nend"),),
    standalone=kinds(""),
    identifiers=kinds(
        """value_name constructor_name type_constructor module_name module_type_name field_name
        method_name class_name class_type_name instance_variable_name label_name type_variable"""
    ),
    strings=kinds("string quoted_string character"),
    texts=kinds("string_content quoted_string_content character_content"),
    numbers=kinds("number signed_number"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence attribute floating_attribute line_number_directive"),
    operators=kinds(""),
)

_HEADS = (
    r"""(?:let(?:%\w++)?(?:\s++rec)?|and)\s++(?P<name>[a-z_][\w']*+)
        (?:\s++[^\s=:]|\s*+(?::[^=]*)?=\s*+(?:fun|function)\b)(?!.*\sin$)""",
    r"(?P<kind>module)\s++(?!type\b)(?:rec\s++)?(?P<name>[A-Z][\w']*+).*(?:struct|sig|=|:|end\))$",
    r"(?:module\s++type)\s++(?P<name>[A-Z][\w']*+)\s*+=\s*+(?:sig)?$",
    r"(?P<kind>class)\s++(?:virtual\s++)?(?P<name>[a-z_]\w*+)",
    r"method\s++(?:private\s++|virtual\s++)*+(?P<name>[a-z_]\w*+)",
)

OCAML = replace(
    OCAML_INTERFACE,
    name="ocaml",
    extensions=(".ml",),
    interpreters=("ocaml",),
    grammar=wheel("tree_sitter_ocaml", "language_ocaml"),
    definitions=f"""
        {_BINDINGS}
        (method_definition (method_name) @name body: (_)? @body) @method
        (instance_variable_definition (instance_variable_name) @name body: (_)? @body) @constant
        (value_definition . (let_binding) @inner .) @outer
        {OCAML_INTERFACE.definitions}
    """,
    wrappers=(("class c = object\n", "\nend"), *OCAML_INTERFACE.wrappers),
    heads=_HEADS,
    inner_definitions=False,
    indented=True,
)
