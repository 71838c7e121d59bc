"""Elixir, where definitions are calls and documentation is a module attribute."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_HEAD = """[
    (identifier) @name
    (call target: (identifier) @name)
    (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "when")
    (binary_operator operator: [
      "+" "-" "*" "/" "++" "--" "<>" "|>" "=~" "&&&" "|||" "<<<" ">>>" "~>>" "<<~" "~>" "<~" "<~>"
      "==" "and" "or"] @name)]"""
_OWN_ATTRIBUTES = """"doc" "moduledoc" "typedoc" "shortdoc" "spec" "impl" "deprecated" "since"
      "type" "typep" "opaque" "callback" "macrocallback" "behaviour" "derive" "enforce_keys"
      "before_compile" "after_compile" "on_load" "compile" "dialyzer" "tag" "moduletag\""""

_HEADS = (
    r"def(?:p|delegate|guardp?|n|np)?\s++(?P<name>[^\W\d]\w*+[?!]?)",
    r"(?P<kind>defmacrop?)\s++(?P<name>[^\W\d]\w*+[?!]?)",
    r"(?P<kind>defmodule|defprotocol|defimpl)\s++(?P<name>[\w.]++)",
    r"(?P<kind>describe|test)\s++\"(?P<name>[^\"]++)\"",
)

ELIXIR = Language(
    name="elixir",
    extensions=(".ex", ".exs"),
    interpreters=("elixir", "iex"),
    line_comments=("#",),
    block_comments=(),
    grammar=wheel("tree_sitter_elixir"),
    definitions=f"""
        (call target: (identifier) @_defines (arguments . {_HEAD}) (do_block)? @body
          (#one-of? @_defines "def" "defp" "defdelegate" "defguard" "defguardp" "defn" "defnp"))
          @function
        (call target: (identifier) @_defines (arguments . {_HEAD}) (do_block)? @body
          (#one-of? @_defines "defmacro" "defmacrop")) @macro
        (call target: (identifier) @_defines
          (arguments . (alias) @name) (do_block) @body
          (#one-of? @_defines "defmodule")) @class
        (call target: (identifier) @_defines
          (arguments . (alias) @name) (do_block) @body
          (#one-of? @_defines "defprotocol")) @interface
        (call target: (identifier) @_defines
          (arguments . (alias) @name (keywords (pair value: (alias) @owner))?)
          (do_block) @body
          (#one-of? @_defines "defimpl")) @class
        (call target: (identifier) @_defines
          (#one-of? @_defines "defstruct" "defexception")) @field
        (unary_operator operator: "@" operand: (call target: (identifier) @_attribute
          (arguments . (binary_operator left: [
            (identifier) @name (call target: (identifier) @name)]))
          (#one-of? @_attribute "type" "typep" "opaque"))) @type
        (unary_operator operator: "@" operand: (call target: (identifier) @_attribute
          (arguments . (binary_operator left: [
            (identifier) @name (call target: (identifier) @name)]))
          (#one-of? @_attribute "callback" "macrocallback"))) @signature
        (unary_operator operator: "@" operand: (call target: (identifier) @name
          (arguments . (_) @body)
          (#none-of? @name {_OWN_ATTRIBUTES}))) @constant
        (call target: (identifier) @_registers
          (arguments . [(string . (quoted_content) @name .) (atom) @name]) (do_block)
          (#none-of? @_registers "if" "unless" "case" "for" "with")) @block
        ((unary_operator operator: "@" operand: (call target: (identifier) @_attribute)
          (#one-of? @_attribute
            "doc" "typedoc" "spec" "impl" "deprecated" "since" "tag" "decorate" "dialyzer"))
          @before . [(unary_operator) (call)] @inner)
        (unary_operator operator: "@" operand: (call target: (identifier) @_attribute
          (arguments . [(string) (sigil)] @content))
          (#one-of? @_attribute "doc" "moduledoc" "typedoc")) @documentation
        (comment) @comment
    """,
    uses="""
        (call target: [(identifier) @call (dot right: (identifier) @call)])
        (call target: (identifier) (arguments . (alias) @import .))
        (struct (alias) @call)
    """,
    separator=".",
    stub=" do end",
    value=" nil",
    block=(" do", "end"),
    empty=" do end",
    modules=False,
    clauses=True,
    cased=True,
    sigils=":",
    standalone=kinds("call"),
    identifiers=kinds("identifier alias operator_identifier"),
    strings=kinds("string charlist sigil quoted_atom"),
    texts=kinds("quoted_content atom keyword"),
    numbers=kinds("integer float char"),
    interpolations=kinds("interpolation"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence"),
    heads=_HEADS,
    decorators=r"@(?:doc|typedoc|spec|impl|deprecated|since|tag|decorate|dialyzer)\b",
    operators=kinds("binary_operator unary_operator"),
)
