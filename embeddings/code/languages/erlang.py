"""Erlang. All clauses of a function but the last end with a semicolon: they are signatures, which
belong to the function that follows."""

from __future__ import annotations

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

_HEADS = (
    r"(?P<clause>)(?P<name>[a-z][\w@]*+|'[^']++')\s*+\(",
    r"-(?P<kind>callback|spec)\s*+\(?\s*+(?P<name>[a-z]\w*+)\s*+\(",
)

ERLANG = Language(
    name="erlang",
    extensions=(".erl", ".hrl", ".escript"),
    filenames=("rebar.config",),
    interpreters=("escript",),
    grammar=packed("erlang"),
    definitions="""
        (fun_decl clause: (function_clause name: (atom) @name body: (_) @body) ";") @signature
        (fun_decl clause: (function_clause name: (atom) @name body: (_) @body) ".") @function
        (spec fun: (atom) @name) @signature
        (callback fun: (atom) @name) @signature
        (record_decl name: (atom) @name) @type
        (type_alias name: (type_name name: (atom) @name)) @type
        (opaque name: (type_name name: (atom) @name)) @type
        (nominal name: (type_name name: (atom) @name)) @type
        (pp_define lhs: (macro_lhs name: (_) @name)) @macro
        (module_attribute) @module
        (comment) @comment
    """,
    uses="""
        (call expr: [(atom) @call (remote fun: (atom) @call)])
        [(internal_fun fun: (atom) @call) (external_fun fun: (atom) @call)]
        [(import_attribute) (behaviour_attribute)] @import
        (record_name) @type
    """,
    stub=" -> ok.",
    value=".",
    line_comments=("%",),
    block_comments=(),
    cased=True,
    lowered="x_",
    standalone=kinds("fun_decl"),
    identifiers=kinds("atom var"),
    strings=kinds("string char"),
    texts=kinds(""),
    numbers=kinds("integer float"),
    comments=kinds("comment"),
    heads=_HEADS,
    inner_definitions=False,
    operators=kinds("binary_op_expr unary_op_expr"),
)
