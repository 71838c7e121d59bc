"""A definition's own name: finding it in the definition's text and hiding it there, so that it can
be predicted."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node, QueryCursor

from embeddings.code.candidates import MAX_NAME
from embeddings.code.languages import Language, query, syntax_of
from embeddings.code.parsing import UnreadableSource, node_text, parse
from embeddings.code.syntax import outermost
from embeddings.code.tokens import NAME_PLACEHOLDER, parts_of, spellings, without_name
from embeddings.types import NAMELESS

_HIDDEN_NUMBER = "0"
"""Replaces a number that is a definition's name: it must stay a number."""

_NESTING = 6
"""How many nodes below the root the text's definition may begin, for instance under a decorator."""

_QUOTES = '`"['
"""What a name may be quoted with."""

_MARKS = "#$@%&?!="
"""What tells the kind of a name, as in `#private`, `$global`, `empty?` and `owner=`."""


@dataclass(frozen=True, slots=True)
class ParsedText:
    """A parsed text. `source` is the text, perhaps in a wrapper; `root` is the node under which the
    text lies, and `start` the byte at which it begins. `own_name` is the name of the only
    definition in the text, with its overloads and clauses; None if there are several or none, or if
    the name is too long."""

    root: Node
    source: bytes
    start: int
    own_name: str | None


def parse_text(text: str, language: Language) -> ParsedText:
    """Parses a text by itself or, if it then has errors or is not a definition, inside the first of
    the language's wrappers that makes it a valid one: a method needs a class around it. An
    unreadable text counts as empty."""
    try:
        return _parse_best(text, language)
    except UnreadableSource:
        return ParsedText(parse(b"", language).root_node, b"", 0, None)


def _parse_best(text: str, language: Language) -> ParsedText:
    alone = _parse_wrapped(text, language, "", "")
    if alone.own_name is None or alone.root.has_error:
        for prefix, suffix in language.wrappers:
            wrapped = _parse_wrapped(text, language, prefix, suffix)
            better = alone.root.has_error or wrapped.own_name is not None
            if better and not wrapped.root.has_error:
                return wrapped
    return alone


def masked(text: str, language: str = "python", *, kind: str | None = None) -> str:
    """`text` with its definition's own name replaced by the placeholder, as in `paths.contexts`:
    wherever it is an identifier, and as a whole word in strings, docstrings and comments. A number
    is replaced by 0. A text of several definitions or none, or whose `kind` is one of NAMELESS,
    stays as it is."""
    entry = syntax_of(language)
    if entry is None:
        return text
    parsed = parse_text(text, entry)
    if parsed.own_name is None or kind in NAMELESS:
        return text
    source, end, pieces = parsed.source, parsed.start, []
    text_end = parsed.start + len(text.encode("utf-8", "replace"))
    for node in _may_hold_names(parsed.root, entry):
        if not parsed.start <= node.start_byte < text_end:
            continue
        pieces += [
            source[end : node.start_byte].decode(),
            _hidden(node_text(node, source), node.type, parsed.own_name, entry),
        ]
        end = node.end_byte
    return "".join(pieces) + source[end:text_end].decode()


def _parse_wrapped(text: str, language: Language, prefix: str, suffix: str) -> ParsedText:
    source = (prefix + text + suffix).encode("utf-8", "replace")
    root, start = parse(source, language).root_node, len(prefix.encode())
    definitions = outermost(root, source, language, _NESTING, start)
    names = {definition.name for definition in definitions}  # overloads share theirs
    if prefix and definitions and not root.has_error:
        begin, end = definitions[0].first.start_byte, definitions[-1].outer.end_byte
        root = root.descendant_for_byte_range(begin, end) or root
    name = names.pop() if len(names) == 1 else None
    is_short = name is not None and len(name) < MAX_NAME
    return ParsedText(root, source, start, name if is_short else None)


def _hidden(spelt: bytes, kind: str, name: str, language: Language) -> str:
    text = spelt.decode()
    if kind in language.numbers:
        return _HIDDEN_NUMBER if text in parts_of(name) else text
    if kind not in language.identifiers:
        return without_name(text, name)
    if text not in spellings(name):
        return text
    if text[0] in _QUOTES:
        return NAME_PLACEHOLDER
    word = text.strip(_MARKS)
    is_lower = language.cased and not word[:1].isupper()
    return text.replace(word, language.lowered + NAME_PLACEHOLDER if is_lower else NAME_PLACEHOLDER)


def _may_hold_names(root: Node, language: Language) -> list[Node]:
    kinds = language.identifiers | language.numbers | language.texts | language.strings
    any_of = " ".join(f"({kind})" for kind in sorted(kinds | language.comments))
    nodes = QueryCursor(query(language, f"[{any_of}] @holder")).captures(root).get("holder", [])
    holders: list[Node] = []
    for node in sorted(nodes, key=lambda node: (node.start_byte, -node.end_byte)):
        is_inside = holders and node.start_byte < holders[-1].end_byte
        if not is_inside and _is_whole(node, language):
            holders.append(node)
    return holders


def _is_whole(node: Node, language: Language) -> bool:
    """Whether a node has no pieces that are nodes themselves, as an interpolated string has."""
    pieces = language.texts | language.interpolations
    return node.type not in language.strings or all(
        child.type not in pieces for child in node.named_children
    )
