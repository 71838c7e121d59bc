"""Julia."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_CALL = """(call_expression . [
    (identifier) @name
    (operator) @name
    (field_expression value: (_) @owner (identifier) @name .)
    (parametrized_type_expression . (identifier) @name)])"""
_HEAD = f"""[
    {_CALL}
    (typed_expression . {_CALL})
    (where_expression . [
      {_CALL} (typed_expression . {_CALL}) (where_expression . {_CALL})])]"""
_TYPE_HEAD = """(type_head [
    (identifier) @name
    (parametrized_type_expression . (identifier) @name)
    (binary_expression . (identifier) @name)
    (binary_expression . (parametrized_type_expression . (identifier) @name))])"""
_ASSIGNED = """(assignment . [
    (identifier) @name
    (typed_expression . (identifier) @name)] . (operator) . (_) @body)"""
_CONSTANTS = "\n".join(
    f"""
    ({place} {_ASSIGNED} @constant)
    ({place} (const_statement {_ASSIGNED}) @constant)
    ({place} (global_statement {_ASSIGNED}) @constant)"""
    for place in ("source_file", "module_definition")
)
_DOCUMENTED = """[
    (function_definition) (assignment) (macro_definition) (macrocall_expression) (const_statement)
    (struct_definition) (abstract_definition) (primitive_definition)]"""

_HEADS = (
    r"""(?:@\w++\s++)*+function\s++(?:(?P<owner>[\w.]+)\.)?(?P<name>[^\W\d][\w!]*+|[^\s\w(]++)
        \s*+(?:\{|\(|$)""",
    r"(?P<kind>macro)\s++(?P<name>[\w!]++)\s*+\(",
    r"(?:@\w++\s++)*+(?:mutable\s++)?(?P<kind>struct)\s++(?P<name>\w++)",
    r"(?:bare)?(?P<kind>module)\s++(?P<name>\w++)$",
    r"""(?:@\w++\s++)*+(?:(?P<owner>[\w.]+)\.)?(?P<name>[^\W\d][\w!]*+)(?:\{[^()]*\})?
        \([^=]*(?:=[^=()]*,?[^=()]*)*\)(?:::[^=]*|\s*+where\b[^=]*)?\s*+=(?!=)""",
)

JULIA = Language(
    name="julia",
    extensions=(".jl",),
    interpreters=("julia",),
    line_comments=("#",),
    block_comments=(("#=", "=#"),),
    grammar=wheel("tree_sitter_julia"),
    definitions=f"""
        (function_definition (signature {_HEAD}) . (_)? @body) @function
        (assignment . {_HEAD} . (operator) . (_) @body) @function
        (function_definition (signature (identifier) @name)) @function
        (assignment . (identifier) @name . (operator)
          . [(arrow_function_expression) (function_definition)] @body) @function
        (macro_definition (signature (call_expression . (identifier) @name)) . (_)? @body) @macro
        (struct_definition {_TYPE_HEAD}) @type
        (abstract_definition {_TYPE_HEAD}) @type
        (primitive_definition {_TYPE_HEAD}) @type
        (macrocall_expression (macro_identifier (identifier) @_enum)
          (macro_argument_list . [
            (identifier) @name
            (typed_expression . (identifier) @name)])
          (#one-of? @_enum "enum")) @enum
        (module_definition name: (identifier) @name) @scope
        {_CONSTANTS}
        (macrocall_expression (macro_identifier (identifier) @_test)
          (macro_argument_list (string_literal (content) @name))
          (#one-of? @_test "testset" "testitem")) @block
        (macrocall_expression (macro_argument_list
          [(function_definition) (assignment) (struct_definition)] @inner .)) @outer
        ((string_literal) @before . {_DOCUMENTED} @inner)
        ((string_literal) @documentation @content . {_DOCUMENTED})
        [(line_comment) (block_comment)] @comment
    """,
    uses="""
        [(call_expression . [(identifier) @call (field_expression (identifier) @call .)])
         (broadcast_call_expression . [(identifier) @call (field_expression (identifier) @call .)])
         (macrocall_expression (macro_identifier (identifier) @call))]
        [(using_statement) (import_statement)] @import
        (typed_expression (_) . [(identifier) (parametrized_type_expression)] @type)
        (assignment . (identifier) @bound)
        (signature (call_expression (argument_list [
          (identifier) @bound (typed_expression . (identifier) @bound)])))
    """,
    stub=" end",
    value=" = nothing",
    block=("", "end"),
    empty=" end",
    standalone=kinds("function_definition"),
    identifiers=kinds("identifier"),
    strings=kinds("string_literal command_literal character_literal prefixed_string_literal"),
    texts=kinds("content"),
    numbers=kinds("integer_literal float_literal"),
    interpolations=kinds("string_interpolation"),
    comments=kinds("line_comment block_comment"),
    ignored=kinds("escape_sequence"),
    heads=_HEADS,
    decorators=r"@|\"\"\"$|\"[^\"].*\"$",
    operators=kinds(""),
)
