"""Makefiles."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

MAKEFILE = Language(
    name="makefile",
    extensions=(".mk", ".mak", ".make"),
    filenames=("makefile", "gnumakefile", "bsdmakefile"),
    interpreters=("make", "gmake"),
    grammar=wheel("tree_sitter_make"),
    definitions=r"""
        ((rule (targets . (_) @name) (recipe)? @body) @function (#not-match? @name "^\\.[A-Z_]+$"))
        [(rule) (define_directive) (variable_assignment)] @open
        (rule [":" "::" "&:" (targets) (prerequisites)] @part)
        (recipe_line) @part
        (define_directive name: (word) @name) @macro
        (define_directive "endef" @part)
        ((variable_assignment name: (word) @name) @constant)
        (variable_assignment [(word) (text)] @part)
        (comment) @comment
    """,
    stub="",
    value=" =",
    line_comments=("#",),
    block_comments=(),
    wrappers=(("", "\n"),),
    standalone=kinds(""),
    identifiers=kinds("word"),
    strings=kinds("string"),
    texts=kinds("shell_text raw_text text"),
    numbers=kinds(""),
    comments=kinds("comment"),
    operators=kinds(""),
)
