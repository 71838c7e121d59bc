"""Makefiles."""

from __future__ import annotations

import re

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_TOKEN = re.compile(
    rb"""
      (?P<name> ^ (?:define[ \t]++)?+ (?: [\w.-] | \$\([\w.-]++\) )++
        (?= [ \t]*+ (?: [:+?!]?+= | $ ) ) )
    | (?P<condition> ^[ \t]*+ (?:else[ \t]++)?+ ifn?eq[ \t]*+ \( )
    | \$\( | \$\$ | [():] | \\\n | \n
    """,
    re.VERBOSE | re.MULTILINE,
)
_REFERENCE = bytes.maketrans(b"$()", b"___")


def _prepared(source: bytes) -> bytes:
    """The grammar knows no references to variables in names, parentheses in values only after a
    dollar, and no colons in conditions."""
    prepared = bytearray(source)
    opened: list[bool] = []
    in_condition = False
    for match in _TOKEN.finditer(source):
        token, place = match[0], match.start()
        if match["name"]:
            prepared[place : match.end()] = token.translate(_REFERENCE)
        elif token == b"\n":
            opened, in_condition = [], False
        elif match["condition"] or token == b"$(":
            opened.append(True)
            in_condition |= token != b"$("
        elif token == b"(":
            opened.append(False)
            prepared[place] = ord("_")
        elif (token == b")" and not (opened and opened.pop())) or (token == b":" and in_condition):
            prepared[place] = ord("_")
    return bytes(prepared)


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
    prepare=_prepared,
    uses="""
        (prerequisites (word) @call)
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
