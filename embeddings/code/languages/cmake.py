"""CMake."""

from __future__ import annotations

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

CMAKE = Language(
    name="cmake",
    extensions=(".cmake",),
    filenames=("cmakelists.txt",),
    grammar=packed("cmake"),
    definitions="""
        (function_def
          (function_command (argument_list . (argument (_) @name))) (body) @body) @function
        (macro_def (macro_command (argument_list . (argument (_) @name)))) @macro
        (normal_command (identifier) @command (argument_list . (argument (unquoted_argument) @name))
          (#match? @command "^(?i:add_executable|add_library|add_custom_target)$")
          (#not-match? @name "[$]")) @function
        (normal_command (identifier) @command
          (argument_list . (argument (_) @key) . (argument (_) @name))
          (#match? @command "^(?i:add_test)$") (#eq? @key "NAME")) @block
        (source_file (normal_command (identifier) @command
          (argument_list . (argument (_) @name) . (_)? @body)
          (#match? @command "^(?i:set|option)$")) @constant)
        (normal_command (identifier) @command
          (argument_list . (_) . (argument (quoted_argument) @content))
          (#match? @command "^(?i:option)$")) @documentation
        (source_file . (_) @module)
        [(line_comment) (bracket_comment)] @comment
    """,
    uses="""
        (normal_command . (identifier) @call)
    """,
    stub="\nendfunction()",
    value=")",
    line_comments=("#",),
    block_comments=(("#[[", "]]"), ("#[=[", "]=]")),
    standalone=kinds("function_def"),
    identifiers=kinds("identifier unquoted_argument variable"),
    strings=kinds("quoted_argument bracket_argument"),
    texts=kinds("quoted_element"),
    numbers=kinds(""),
    interpolations=kinds("variable_ref"),
    comments=kinds("line_comment bracket_comment"),
    operators=kinds(""),
)
