"""Clojure. Its definitions are lists that begin with a symbol such as `defn`; macros of projects
often define things under names that begin in the same way."""

from __future__ import annotations

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

_HEADS = (
    r"\((?:[\w.]++/)?>?(?:defn-?|defmulti|defmethod)\s++(?:\^(?:\{[^{}]*\}|\S++)\s++)*+(?P<name>[^\s()\[\]{}\"]++)",
    r"\((?P<kind>defmacro)\s++(?:\^\S++\s++)*+(?P<name>[^\s()\[\]{}\"]++)",
    r"\(def(?P<kind>type|record|protocol)\s++(?P<name>[^\s()\[\]{}\"]++)",
    r"\(def(?P<kind>test)\s++(?P<name>[^\s()\[\]{}\"]++)",
)

CLOJURE = Language(
    name="clojure",
    extensions=(".clj", ".cljs", ".cljc", ".cljd", ".bb", ".edn"),
    interpreters=("bb", "clojure", "clj"),
    grammar=packed("clojure"),
    definitions="""
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name)
          . (str_lit)? . (map_lit)? . [(vec_lit) (list_lit . (vec_lit)) @body] . (_)? @body
          (#match? @keyword "^>?defn-?$")) @function
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name) . (_)? @body
          (#any-of? @keyword "defmulti" "defmethod")) @function
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name)
          . (str_lit)? . (map_lit)? . [(vec_lit) (list_lit . (vec_lit)) @body] . (_)? @body
          (#eq? @keyword "defmacro")) @macro
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name) . (_)? @body
          (#any-of? @keyword "defrecord" "deftype" "defprotocol" "definterface")) @type
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name)
          (#any-of? @keyword "extend-type" "extend-protocol")) @scope
        (list_lit . (sym_lit (sym_name) @keyword)
          (list_lit . (sym_lit (sym_name) @name) . (vec_lit) . (_)? @body) @method
          (#any-of? @keyword "defrecord" "deftype" "extend-type" "extend-protocol"))
        (list_lit . (sym_lit (sym_name) @keyword)
          (list_lit . (sym_lit (sym_name) @name) . (vec_lit)) @signature
          (#any-of? @keyword "defprotocol" "definterface"))
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name)
          (#eq? @keyword "deftest")) @block
        (source (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit (sym_name) @name) . (_)? @body
          (#match? @keyword "^def(?!test$)")) @constant)
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit) . (str_lit) @content . (_)
          (#match? @keyword "^>?def")) @documentation
        (list_lit . (sym_lit (sym_name) @keyword) . (sym_lit) . (str_lit) @content
          (#eq? @keyword "ns")) @documentation
        (source . (comment)* . (list_lit) @module)
        (comment) @comment
    """,
    uses="""
        (list_lit . value: (sym_lit name: (sym_name) @call))
    """,
    stub=")",
    value=")",
    block=("", ")"),
    empty=")",
    line_comments=(";",),
    block_comments=(),
    wrappers=(("(deftype _\n", "\n)"), ("(defprotocol _\n", "\n)")),
    standalone=kinds(""),
    identifiers=kinds("sym_name sym_ns kwd_name kwd_ns"),
    strings=kinds("str_lit regex_lit char_lit"),
    texts=kinds(""),
    numbers=kinds("num_lit"),
    comments=kinds("comment dis_expr"),
    heads=_HEADS,
    operators=kinds(""),
)
