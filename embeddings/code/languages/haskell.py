"""Haskell."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_NAME = "name: [(variable) @name (prefix_id (operator) @name)]"
_COMPUTED = """match: (match expression: [
      (apply) (case) (conditional) (do) (infix) (lambda) (lambda_case) (lambda_cases) (left_section)
      (let_in) (multi_way_if) (parens) (prefix_id) (projection) (qualified) (right_section)
      (variable)]) @body"""
_FUNCTIONS = f"""
    (function {_NAME} match: (match) @body)
    (function (infix operator: [(operator) @name (infix_id (variable) @name)])
      match: (match) @body)"""

_HEADS = (
    r"""(?!(?:case|data|default|deriving|do|else|foreign|if|import|in|infix[lr]?|let|module|of|pattern
        |then|type|where)\b)(?P<name>[a-z_][\w']*+)(?:\s*+(?P<kind>::)|\s*+=(?!=)|\s++[^\s:=]|$)""",
    r"(?P<kind>data|newtype|type)\s++(?:family\s++)?(?:instance\s++)?(?:\([^()]*\)\s*+=>\s*+)?(?P<name>[A-Z][\w']*+)",
    r"""(?:deriving\s++(?:\w++\s++)?)?(?P<kind>instance|class)\s++
        (?:\{-.*?-\}\s*+)?(?:.*?=>\s*+)?(?P<name>[A-Z][\w'.]*+)(?:\s++\(?(?P<owner>[A-Z]\w*+))?""",
)

HASKELL = Language(
    name="haskell",
    extensions=(".hs", ".hsc", ".hs-boot"),
    interpreters=("runhaskell", "runghc", "stack", "cabal"),
    line_comments=("-- |", "-- ^", "-- *", "--"),
    block_comments=(("{- |", "-}"), ("{-", "-}")),
    grammar=wheel("tree_sitter_haskell"),
    definitions=f"""
        (declarations [
          {_FUNCTIONS}
          (bind {_NAME} {_COMPUTED})
          (bind {_NAME} match: (match guards: (_)) @body)] @function)
        (class_declarations [{_FUNCTIONS} (bind {_NAME} match: (match) @body)] @function)
        (instance_declarations [{_FUNCTIONS} (bind {_NAME} match: (match) @body)] @function)
        (declarations (bind {_NAME} match: (match) @body) @constant)
        (declarations (signature {_NAME}) @signature)
        (class_declarations (signature {_NAME}) @signature)
        (foreign_import signature: (signature name: (variable) @name)) @signature
        (pattern_synonym (equation
          synonym: (apply function: [
            (constructor) @name (apply function: (constructor) @name)]))) @macro
        (class name: (_) @name declarations: (_)? @body) @interface
        (instance name: (_) @name
          patterns: (type_patterns . [
            (name) @owner
            (parens (apply . constructor: (name) @owner))])
          declarations: (_)? @body) @class
        (instance name: (_) @name declarations: (_)? @body) @class
        (declarations (data_type name: (_) @name
          constructors: (data_constructors) @body) @type)
        (declarations (data_type name: (_) @name) @type)
        (declarations (newtype name: (_) @name) @type)
        (declarations (type_synonym name: (_) @name) @type)
        (declarations (type_family name: (_) @name) @type)
        (declarations (data_family name: (_) @name) @type)
        (header) @module
        [(comment) (haddock)] @comment
    """,
    uses="""
        (apply function: [(variable) @call (qualified id: (variable) @call)])
        (infix operator: (infix_id (variable) @call))
        (import) @import
        (name) @type
        (patterns (variable) @bound)
    """,
    stub=" = undefined",
    value=" = undefined",
    block=("", ""),
    empty="",
    clauses=True,
    cased=True,
    standalone=kinds(""),
    identifiers=kinds("variable constructor name module_id implicit_variable label"),
    strings=kinds("string char"),
    texts=kinds("string char quasiquote_body"),
    numbers=kinds("integer float"),
    comments=kinds("comment haddock"),
    ignored=kinds("pragma cpp"),
    heads=_HEADS,
    inner_definitions=False,
    indented=True,
    operators=kinds(""),
)
