"""Bash and the other shells of its family: sh, dash, ksh and zsh."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_HEADS = (
    r"(?:function\s++)?(?P<name>[\w:.@+-]++)\s*+\(\s*+\)",
    r"function\s++(?P<name>[\w:.@+-]++)\s*+(?:\{|$)",
)

BASH = Language(
    name="bash",
    extensions=(".sh", ".bash", ".zsh", ".ksh", ".bats", ".ebuild", ".eclass", ".command"),
    filenames=(
        *(".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases"),
        *(".profile", ".kshrc", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout"),
        *("pkgbuild", "apkbuild", ".envrc", "configure"),
    ),
    interpreters=("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "bats"),
    line_comments=("#",),
    block_comments=(),
    grammar=wheel("tree_sitter_bash"),
    definitions="""
        (function_definition name: (word) @name body: (_) @body) @function
        (program (variable_assignment name: (variable_name) @name value: (_) @body) @constant)
        (program (declaration_command
          . (variable_assignment name: (variable_name) @name value: (_) @body) .) @constant)
        (program (declaration_command . (word)
          . (variable_assignment name: (variable_name) @name value: (_) @body) .) @constant)
        (program (command name: (command_name) @_alias
          argument: (concatenation . (word) @name . (_) @body)
          (#one-of? @_alias "alias")) @macro)
        (comment) @comment
    """,
    uses="""
        (command_name (word) @name @call)
    """,
    stub=" { :; }",
    value="=''",
    sigils="=",
    standalone=kinds("function_definition"),
    identifiers=kinds("variable_name special_variable_name"),
    strings=kinds("string raw_string ansi_c_string translated_string"),
    texts=kinds("word string_content heredoc_body heredoc_content regex"),
    numbers=kinds("number"),
    interpolations=kinds("simple_expansion expansion command_substitution arithmetic_expansion"),
    comments=kinds("comment"),
    ignored=kinds("heredoc_start heredoc_end"),
    heads=_HEADS,
    operators=kinds(
        "binary_expression unary_expression postfix_expression ternary_expression list"
    ),
)
