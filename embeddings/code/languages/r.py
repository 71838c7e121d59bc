"""R."""

from __future__ import annotations

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

_ASSIGNS = 'operator: ["<-" "<<-" "=" ":="]'
_NAME = """lhs: [
    (identifier) @name
    (string content: (_) @name)
    (extract_operator lhs: (identifier) @owner rhs: (identifier) @name)]"""
_TITLE = "(arguments . (argument value: (string content: (_) @name))"
_MAKER = """function: [
    (identifier) @_makes (namespace_operator rhs: (identifier) @_makes)]"""
_CLASSES = """(#one-of? @_makes "R6Class" "setRefClass" "setClass" "ggproto" "new_class")"""

_HEADS = (
    r"(?P<quote>[`\"']?)(?:(?P<owner>[\w.]++)\$)?(?P<name>[\w.<\[\]%+-]+?)(?P=quote)\s*+(?:<<?-|:?=)\s*+function\s*+\(",
    r"(?P<name>[\w.]++)\s*+(?:<-|=)\s*+(?:\w++::)?(?:R6Class|ggproto|new_class|setClass|setRefClass)\(",
    r"""(?P<kind>describe|it|test)(?:_that)?\(\s*+(?P<quote>["'])(?P<name>.*?)(?P=quote)\s*+,""",
)

R = Language(
    name="r",
    extensions=(".r",),
    filenames=(".rprofile",),
    interpreters=("rscript", "r", "littler"),
    line_comments=("#'", "#"),
    block_comments=(),
    grammar=packed("r"),
    definitions=f"""
        (binary_operator {_NAME} {_ASSIGNS} rhs: (function_definition body: (_) @body)) @function
        (argument name: (identifier) @name value: (function_definition body: (_) @body)) @method
        (binary_operator {_NAME} {_ASSIGNS} rhs: (call {_MAKER} {_CLASSES})) @class
        (program (call {_MAKER} arguments: {_TITLE}) {_CLASSES}) @class)
        (call function: (identifier) @_makes
          arguments: {_TITLE} . (comma) . (argument value: (string content: (_) @owner)))
          (#one-of? @_makes "setMethod")) @method
        (call function: (identifier) @_makes arguments: {_TITLE})
          (#one-of? @_makes "setGeneric" "setMethod")) @function
        (program (binary_operator {_NAME} {_ASSIGNS} rhs: (_) @body) @constant)
        (call arguments: {_TITLE} . (comma) . (argument value: (braced_expression)))) @block
        (comment) @comment
    """,
    uses="""
        (call function: [(identifier) @call (namespace_operator rhs: (identifier) @call)])
        (call function: (extract_operator rhs: (identifier) @call))
        (parameter name: (identifier) @bound)
        (binary_operator lhs: (identifier) @bound operator: ["<-" "="])
    """,
    stub=" NULL",
    value=" <- NULL",
    sigils="`",
    standalone=kinds(""),
    identifiers=kinds("identifier dots dot_dot_i"),
    strings=kinds("string"),
    texts=kinds("string_content"),
    numbers=kinds("integer float complex"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence comma"),
    heads=_HEADS,
    operators=kinds("binary_operator unary_operator extract_operator namespace_operator"),
)
