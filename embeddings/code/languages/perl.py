"""Perl."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_POD = ("pod", "head1", "head2", "head3", "head4", "over", "item", "begin", "for", "encoding")
_NAMED = "[(autoquoted_bareword) @name (string_literal content: (_) @name)]"
_VARIABLE = "(variable_declaration variable: (_ (varname) @name))"

_HEADS = (
    r"(?:my\s++|async\s++)?(?:sub|method)\s++(?P<name>[\w:']++)",
    r"(?P<onward>)(?P<kind>package)\s++(?P<name>[\w:]++)(?:\s++v?[\d.]++)?\s*+;",
    r"(?P<kind>class|package)\s++(?P<name>[\w:]++)(?:\s++[\w.]++)?\s*+\{",
)

PERL = Language(
    name="perl",
    extensions=(".pl", ".pm", ".t", ".psgi", ".cgi"),
    filenames=("makefile.pl", "build.pl", "cpanfile"),
    interpreters=("perl",),
    line_comments=("#",),
    block_comments=tuple((f"={command}", "=cut") for command in _POD),
    grammar=wheel("tree_sitter_perl"),
    definitions=f"""
        (subroutine_declaration_statement name: (_) @name body: (_) @body) @function
        (subroutine_declaration_statement name: (_) @name !body) @signature
        (method_declaration_statement name: (_) @name body: (_) @body) @method
        (source_file (package_statement name: (_) @name . ";") @class @onward)
        (package_statement name: (_) @name (block)) @class
        (class_statement name: (_) @name (block)) @class
        (assignment_expression left: {_VARIABLE}
          right: (anonymous_subroutine_expression body: (_) @body)) @function
        (source_file (expression_statement
          (assignment_expression left: {_VARIABLE} right: (_) @body)) @constant)
        (use_statement module: (package) @_module
          [(list_expression . (autoquoted_bareword) @name) (autoquoted_bareword) @name]
          (#one-of? @_module "constant")) @constant
        (expression_statement (ambiguous_function_call_expression function: (_) @_has
          arguments: (list_expression . {_NAMED} . (_) @body)
          (#one-of? @_has "has"))) @property
        (expression_statement (ambiguous_function_call_expression function: (_) @_modifies
          arguments: (list_expression . {_NAMED}
            . (anonymous_subroutine_expression body: (_) @body))
          (#one-of? @_modifies "around" "before" "after" "override" "augment"))) @method
        (expression_statement (ambiguous_function_call_expression function: (_) @_registers
          arguments: (list_expression . {_NAMED} (anonymous_subroutine_expression))
          (#none-of? @_registers "has" "around" "before" "after" "override" "augment"))) @block
        (expression_statement (assignment_expression) @inner) @outer
        [(comment) (pod)] @comment
    """,
    uses="""
        [(function_call_expression function: (function) @call)
         (ambiguous_function_call_expression function: (function) @call)
         (method_call_expression method: (method) @call)]
        (use_statement) @import
        (varname) @bound
    """,
    stub=" {};",
    value=" = undef;",
    block=("", ""),
    empty="",
    standalone=kinds("subroutine_declaration_statement"),
    identifiers=kinds("bareword varname package function autoquoted_bareword method"),
    strings=kinds("string_literal interpolated_string_literal command_string quoted_word_list"),
    texts=kinds("string_content heredoc_content data_section"),
    numbers=kinds("number version"),
    comments=kinds("comment pod"),
    ignored=kinds("escape_sequence heredoc_token heredoc_end"),
    heads=_HEADS,
    operators=kinds("binary_expression unary_expression assignment_expression"),
)
