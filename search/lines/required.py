"""What every text that matches a regular expression contains: its grams, as far as they can be
told from the pattern. Files without them need not be read.

The pattern is one that RE2 accepts. It is read without regard to case, flags and greediness, since
grams are the same in any case. What this module does not know, and what would make the answer
too large, requires nothing: an answer may say too little, and never too much. The method is that of
R. Cox, *Regular Expression Matching with a Trigram Index* (2012)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from embeddings.files.grams import LONGEST, SHORTEST, grams_of_length, symbols
from search.lines import syntax
from search.lines.syntax import Alternatives, Node, OneOf, Repetition, Sequence

MAX_STRINGS = 16
"""Strings that are followed as alternatives to each other."""

MAX_GRAMS = 12
"""Of one string: more hardly leave out any further file."""

MAX_MENTIONED = 48
"""Grams of a whole pattern."""

MAX_REPETITIONS = 3
"""Of a repeated part; what follows is unknown."""

LONG = 8
"""Symbols of a string from which its grams of three leave out nothing that those of four do not."""


@dataclass(frozen=True, slots=True)
class Required:
    """All of the `grams`, and at least one of each group of `alternatives`. Without any, nothing
    is required."""

    grams: frozenset[int] = frozenset()
    alternatives: frozenset[frozenset[Required]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.grams or self.alternatives)

    def all_grams(self) -> frozenset[int]:
        """Those that are mentioned anywhere."""
        mentioned = (each.all_grams() for group in self.alternatives for each in group)
        return self.grams.union(*mentioned)


NOTHING = Required()


def by_literal(text: str) -> Required:
    """What every text contains that contains `text` in any case."""
    return _of_string(symbols(text))


def by_pattern(pattern: str) -> Required:
    """What every text contains that matches a `pattern` of RE2."""
    try:
        return _bounded(_facts(syntax.parse(pattern)).total())
    except syntax.Unknown:
        return NOTHING


def _bounded(required: Required) -> Required:
    """The same with at most MAX_MENTIONED grams: with fewer alternatives, the longest left out
    first."""
    mentioned = frozenset(sorted(required.grams)[:MAX_MENTIONED])
    kept = set[frozenset[Required]]()
    for group in sorted(required.alternatives, key=_size):
        more = mentioned.union(*(each.all_grams() for each in group))
        if len(more) <= MAX_MENTIONED:
            mentioned, kept = more, kept | {group}
    return Required(required.grams & mentioned, frozenset(kept))


def _size(group: frozenset[Required]) -> int:
    return sum(len(each.all_grams()) for each in group)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of all strings that a part of a pattern matches. They are those in `exact`, if
    that is known. Each begins with one of `first`, ends with one of `last`, and contains what is
    `required`."""

    exact: frozenset[bytes] | None
    first: frozenset[bytes]
    last: frozenset[bytes]
    required: Required = NOTHING

    def total(self) -> Required:
        if self.exact is not None:
            return _any_of(map(_of_string, self.exact))
        ends = (_any_of(map(_of_string, self.first)), _any_of(map(_of_string, self.last)))
        return _all_of([self.required, *ends])

    def inexact(self) -> _Facts:
        return _Facts(None, self.first, self.last, self.total())


EMPTY = frozenset([b""])
_ANYTHING = _Facts(None, EMPTY, EMPTY)


def _exactly(strings: frozenset[bytes]) -> _Facts:
    if len(strings) > MAX_STRINGS:
        return _inexactly(strings, strings, _any_of(map(_of_string, strings)))
    return _Facts(strings, strings, strings)


def _inexactly(first: Iterable[bytes], last: Iterable[bytes], required: Required) -> _Facts:
    """Facts with `first` and `last` cut to what a gram across their ends needs."""
    return _Facts(
        None,
        _few(string[: LONGEST - 1] for string in first),
        _few(string[1 - LONGEST :] for string in last),
        required,
    )


def _few(strings: Iterable[bytes]) -> frozenset[bytes]:
    distinct = frozenset(strings)
    return distinct if len(distinct) <= MAX_STRINGS else EMPTY


def _facts(node: Node) -> _Facts:
    match node:
        case OneOf(characters):
            return _exactly(frozenset(map(symbols, characters)))
        case Sequence(parts):
            return _joined(map(_facts, parts))
        case Alternatives(parts):
            return _either([_facts(part) for part in parts])
        case Repetition(part, least, most):
            return _repeated(_facts(part), least, most)
    return _ANYTHING


def _joined(parts: Iterable[_Facts]) -> _Facts:
    whole = _exactly(EMPTY)
    for part in parts:
        whole = _followed(whole, part)
    return whole


def _followed(left: _Facts, right: _Facts) -> _Facts:
    if left.exact is not None and right.exact is not None:
        exact = _crossed(left.exact, right.exact)
        if exact is not None:
            return _exactly(exact)
    across = _crossed(left.last, right.first) or EMPTY
    return _inexactly(
        _crossed(left.exact, right.first) or left.first if left.exact is not None else left.first,
        _crossed(left.last, right.exact) or right.last if right.exact is not None else right.last,
        _all_of([left.total(), right.total(), _any_of(map(_of_string, across))]),
    )


def _crossed(left: frozenset[bytes], right: frozenset[bytes]) -> frozenset[bytes] | None:
    """Each string of `left` before each of `right`; None if they are too many."""
    if len(left) * len(right) > MAX_STRINGS:
        return None
    return frozenset(before + after for before, after in product(left, right))


def _either(parts: list[_Facts]) -> _Facts:
    if all(part.exact is not None for part in parts):
        return _exactly(frozenset().union(*(part.exact or EMPTY for part in parts)))
    return _inexactly(
        _few(string for part in parts for string in part.first),
        _few(string for part in parts for string in part.last),
        _any_of(part.total() for part in parts),
    )


def _repeated(part: _Facts, least: int, most: int | None) -> _Facts:
    if least == 0:
        return _either([part, _exactly(EMPTY)]) if most == 1 else _ANYTHING
    if least == most and least <= MAX_REPETITIONS:
        return _joined([part] * least)
    begin = _joined([part] * min(least, MAX_REPETITIONS))
    return (
        _Facts(None, begin.first, part.last, begin.total())
        if begin.exact is None
        else (_inexactly(begin.exact, part.last, begin.total()))
    )


def _of_string(string: bytes) -> Required:
    """The grams of a string, or some of them, evenly."""
    if len(string) < SHORTEST:
        return NOTHING
    threes = grams_of_length(string, SHORTEST) if len(string) < LONG else []
    own = [*threes, *grams_of_length(string, LONGEST)]
    step = -(-len(own) // MAX_GRAMS)
    return Required(frozenset(own[::step]))


def _all_of(parts: Iterable[Required]) -> Required:
    together = list(parts)
    return Required(
        frozenset().union(*(part.grams for part in together)),
        frozenset().union(*(part.alternatives for part in together)),
    )


def _any_of(parts: Iterable[Required]) -> Required:
    distinct = frozenset(parts)
    if len(distinct) == 1:
        return next(iter(distinct))
    if len(distinct) > MAX_STRINGS or not all(distinct):
        return NOTHING
    return Required(alternatives=frozenset([distinct]))
