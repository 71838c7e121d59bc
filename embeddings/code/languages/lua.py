"""Lua."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_NAME = """[
    (identifier) @name
    (dot_index_expression table: (_) @owner field: (identifier) @name)]"""

_HEADS = (
    r"(?:local\s++)?function\s++(?:(?P<owner>[\w.]+)[.:])?(?P<name>\w++)\s*+\(",
    r"(?:local\s++)?(?:(?P<owner>[\w.]+)\.)?(?P<name>\w++)\s*+=\s*+function\s*+\(",
    r"""(?P<kind>context|describe|it|test)\s*+\(\s*+(?P<quote>["'])(?P<name>.*?)(?P=quote)\s*+,""",
)

LUA = Language(
    name="lua",
    extensions=(".lua", ".rockspec"),
    filenames=(".luacheckrc",),
    interpreters=("lua", "luajit", "texlua"),
    line_comments=("---", "--"),
    block_comments=(("--[[", "]]"), ("--[=[", "]=]"), ("--[==[", "]==]")),
    grammar=wheel("tree_sitter_lua"),
    definitions=f"""
        (function_declaration name: {_NAME} body: (_)? @body) @function
        (function_declaration
          name: (method_index_expression table: (_) @owner method: (identifier) @name)
          body: (_)? @body) @method
        (assignment_statement
          (variable_list . name: {_NAME} .)
          (expression_list . value: (function_definition body: (_)? @body) .)) @function
        (field name: [(identifier) @name (string content: (_) @name)]
          value: (function_definition body: (_)? @body)) @method
        (chunk (variable_declaration (assignment_statement
          (variable_list name: (identifier) @name)
          (expression_list . value: (_) @body)) @constant))
        (chunk (assignment_statement
          (variable_list name: {_NAME})
          (expression_list . value: (_) @body)) @constant)
        (function_call arguments: (arguments
          . (string content: (_) @name) . (function_definition) .)) @block
        (variable_declaration (assignment_statement) @inner) @outer
        (comment) @comment
    """,
    members_need_object=True,
    uses="""
        (function_call name: [
          (identifier) @call
          (dot_index_expression field: (identifier) @call)
          (method_index_expression method: (identifier) @call)])
        [(parameters name: (identifier) @bound)
         (variable_declaration (assignment_statement (variable_list name: (identifier) @bound)))
         (for_generic_clause (variable_list name: (identifier) @bound))
         (for_numeric_clause name: (identifier) @bound)]
    """,
    stub=" end",
    value=" = nil",
    block=("", "end"),
    empty=" end",
    wrappers=(("_ = {\n", "\n}"),),
    standalone=kinds("function_declaration variable_declaration assignment_statement"),
    identifiers=kinds("identifier"),
    strings=kinds("string"),
    texts=kinds("string_content"),
    numbers=kinds("number"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence hash_bang_line"),
    heads=_HEADS,
    operators=kinds("binary_expression unary_expression"),
)
