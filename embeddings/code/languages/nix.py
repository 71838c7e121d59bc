"""Nix. Functions are found wherever they are bound; other values in `let`, in the set that a file
or function returns, and where they are options."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

NIX = Language(
    name="nix",
    extensions=(".nix",),
    grammar=wheel("tree_sitter_nix"),
    definitions=r"""
        (binding attrpath: (_) @name expression: (function_expression) @body) @function
        (let_expression (binding_set (binding attrpath: (_) @name expression: (_) @body) @constant))
        (_ body: [(attrset_expression (binding_set
             (binding attrpath: (_) @name expression: (_) @body) @constant))
           (rec_attrset_expression (binding_set
             (binding attrpath: (_) @name expression: (_) @body) @constant))])
        (source_code expression: [(attrset_expression (binding_set
             (binding attrpath: (_) @name expression: (_) @body) @constant))
           (rec_attrset_expression (binding_set
             (binding attrpath: (_) @name expression: (_) @body) @constant))])
        ((binding attrpath: (_) @name expression: (apply_expression function: (_) @callee) @body)
          @constant (#match? @callee "^(?:[\\w.]*\\.)?mk\\w*Option\\b"))
        (binding expression: (apply_expression argument: (attrset_expression (binding_set
          (binding attrpath: (_) @key expression: (string_expression) @content))))
          (#eq? @key "description")) @documentation
        (comment) @comment
    """,
    uses="""
        (apply_expression function: [
          (variable_expression name: (identifier) @call)
          (select_expression attrpath: (attrpath attr: (identifier) @call .))])
        (formal name: (identifier) @bound)
    """,
    separator=".",
    stub="",
    value=" = null;",
    modules=False,
    line_comments=("#",),
    wrappers=(("{\n", "\n}"),),
    standalone=kinds(""),
    identifiers=kinds("identifier"),
    strings=kinds("string_expression indented_string_expression"),
    texts=kinds("string_fragment path_fragment"),
    numbers=kinds("integer_expression float_expression"),
    interpolations=kinds("interpolation"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence ellipses"),
    operators=kinds("binary_expression unary_expression"),
)
