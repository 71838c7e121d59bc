"""The role of each kind of node in path-contexts: an inner node, a kind of leaf, or ignored."""

from __future__ import annotations

from functools import cache

from embeddings.code.languages import Language, compiled

# Plain numbers, since they are compared at every node. All but SKIPPED and INNER are leaves, and so
# is an INNER node without children that carries a token. From QUOTED on, the role depends on the
# node.
SKIPPED, INNER, TEXT, IDENTIFIER, NUMBER, STRING, QUOTED, OPERATOR, STATEMENT = range(9)

_KIND_IDS = 1 << 16


@cache
def tables(language: Language) -> tuple[bytes, list[str]]:
    """The role and the name of each kind of node, by `kind_id`. The last one is the error node."""
    grammar = compiled(language)
    roles = bytearray([INNER]) * _KIND_IDS
    names = ["ERROR"] * _KIND_IDS
    for kind in range(grammar.node_kind_count):
        names[kind] = grammar.node_kind_for_id(kind) or ""
        named = grammar.node_kind_is_named(kind)
        roles[kind] = _role(names[kind], language) if named else SKIPPED
    return bytes(roles), names


def _role(kind: str, language: Language) -> int:
    if kind == language.docstring_statement:
        return STATEMENT
    for kinds, role in (
        (language.comments | language.ignored, SKIPPED),
        (language.operators, OPERATOR),
        (language.strings, QUOTED),
        (language.identifiers, IDENTIFIER),
        (language.texts, TEXT),
        (language.numbers, NUMBER),
    ):
        if kind in kinds:
            return role
    return SKIPPED if is_named_keyword(kind, language) else INNER


def is_named_keyword(kind: str, language: Language) -> bool:
    """Whether a kind is a keyword that the grammar names, as few do, and not an identifier."""
    prefix = language.keyword_prefix
    return bool(prefix) and kind.startswith(prefix) and kind not in language.identifiers
