"""Definition → path-contexts: the syntactic half of what is known about a definition.

After code2vec (Alon et al. 2019) and PathMiner/astminer (Kovalenko et al. 2019), with the choices
that they leave open:

*Tree.* The named nodes of the tree-sitter syntax tree of the definition's text, without comments
and docstrings (the first statement of a module, class or function, if it is nothing but text) and
without the delimiters of strings. A node's kind is its type in the grammar. An operator belongs to
its node's kind, `binary_operator:+`; a chain names each of its operators once, in order of
appearance, `comparison_operator:<:<=`; an operator of two words is joined, `not_in`. Children count
by their place among these nodes.

*Leaf.* A node of this tree without children that carries a token. Punctuation is none: `()`, `...`
and a missing node carry no token. A string is one leaf, whatever escapes it holds; one that
interpolates is an inner node, whose children are the expressions and those literal pieces that
hold a word. A node written in keywords alone, as `pass` or a bare `return`, is a leaf of these
words. `tokens.token` says what the token is: an identifier as it is written (so that a vocabulary
can split it into subtokens; `tokens.normalised` is its form in code2vec's files), a string's
content and a number normalised, each of 64 characters at most.

*Path.* From a leaf up to the lowest common ancestor (the top) and down to a later leaf: the kinds
of all nodes on the way, both leaves and the top included. `max_length` bounds the number of nodes
below the top on both sides together, `max_width` the difference of the places of the two children
of the top that the path runs through; both bounds are inclusive. A context is the path with the
two leaves; each pair of leaves gives one at most, from the earlier to the later leaf.

*Own name.* Where a text holds one definition that no other encloses, its name is hidden: in leaves
that are identifiers wherever one equals it (in recursive calls, and in `self.name(...)` too), and
as a whole word in strings.

*Sample.* Where there are more than `max_contexts`, each subset of that size is equally likely, and
which one it is depends on the bytes of the text alone.

*Classes and modules.* Their contexts arise in the same way from their `Definition.text`: from a
class's signature and its members' signatures, from a module's outline. A class's name is hidden as
a function's is; a module has no name in its text.
"""

from __future__ import annotations

from embeddings.languages import by_name
from embeddings.names import own_name
from embeddings.pairs import Pairs, choose
from embeddings.syntax import Flat, flatten, parse
from embeddings.tokens import token
from embeddings.types import Kind, Leaf, PathContext

MAX_LENGTH = 8
MAX_WIDTH = 2
MAX_CONTEXTS = 200


def contexts(
    text: str,
    language: str = "python",
    *,
    kind: str | None = None,
    hide_name: bool = True,
    max_length: int = MAX_LENGTH,
    max_width: int = MAX_WIDTH,
    max_contexts: int | None = MAX_CONTEXTS,
) -> list[PathContext]:
    """The path-contexts of a definition's text, in the order of their first leaf; all of them if
    `max_contexts` is None. Any text is taken: what does not parse gives the contexts of what does.
    `kind` is the definition's, where it is known. KeyError: no such language."""
    entry, source = by_name(language), text.encode("utf-8", "replace")
    root = parse(source, entry).root_node
    flat = flatten(root, source, entry)
    name = own_name(root, entry) if hide_name and kind != Kind.MODULE else None
    pairs = choose(flat, max_length, max_width, max_contexts, seed=source)
    return _assembled(flat, pairs, name, max_length)


def _assembled(
    flat: Flat, pairs: Pairs, own_name: str | None, max_length: int
) -> list[PathContext]:
    starts, ends = pairs.starts.tolist(), pairs.ends.tolist()
    used = {*starts, *ends}
    leaves = {i: Leaf(token(flat, i, own_name), flat.starts[i], flat.ends[i]) for i in used}
    climbs = {i: _climb(flat, flat.leaves[i], max_length) for i in used}
    return [
        PathContext(leaves[a], climbs[a][: up + 1] + climbs[b][down - 1 :: -1], leaves[b], up)
        for a, up, b, down in zip(
            starts, pairs.start_heights.tolist(), ends, pairs.end_heights.tolist(), strict=True
        )
    ]


def _climb(flat: Flat, node: int, steps: int) -> tuple[str, ...]:
    """The kinds of a node and of its nearest ancestors, upwards."""
    kinds: list[str] = []
    while node >= 0 and len(kinds) < steps:
        kinds.append(flat.kinds[node])
        node = flat.parents[node]
    return tuple(kinds)
