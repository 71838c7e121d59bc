"""How well definitions fit a name, in SQL: by their own names, those that enclose them, and their
paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from embeddings.code.words import folded
from search.query.names import Name

TWO_PARTS = 4
"""The least degree for two parts."""

MARKS = ("", "?", "!", "=")
"""At the end of names in Ruby; in a query they may be marks of the sentence."""

_BARE, _QUALIFIED = (f"rtrim(definition.{column}, '?!=')" for column in ("name", "qualified_name"))
_FOLDED_BARE, _FOLDED_QUALIFIED = (
    f"replace(lower({column}), '_', '')" for column in (_BARE, _QUALIFIED)
)


@dataclass(frozen=True, slots=True)
class Fit:
    """`degree` is an SQL expression: 0 for a definition in a file that is not called so, otherwise
    twice the number of the name's parts, counted from its end, that it fits, and one more where
    this is no guess. `condition` keeps those that fit one part at least. Both have `parameters`.
    """

    condition: str
    degree: str
    parameters: dict[str, object]


def fit(name: Name, prefix: str = "name") -> Fit:
    """A definition fits `shop.cart.Cart.add` if its qualified name is this or ends so; as Cart.add
    in shop/cart, as cart.Cart.add in shop, …; and, as a guess, since packages export what lies
    deeper in them, and variables are called like their classes, as Cart.add anywhere below
    shop/cart or shop, and `cart.add` as Cart.add. `prefix` sets the parameters of several names
    apart."""
    builder = _Builder(name.parts, prefix, _QUALIFIED, "~")
    bare = builder.parameter([name.parts[-1] + mark for mark in MARKS])
    return builder.fit(f"definition.name = ANY({bare})")


def folded_fit(name: Name, prefix: str = "name") -> Fit:
    """The same, whether in upper or lower case, with or without underscores."""
    parts = [folded(part) for part in name.parts]
    builder = _Builder(parts, prefix, _FOLDED_QUALIFIED, "~*")
    return builder.fit(f"{_FOLDED_BARE} = {builder.parameter(parts[-1])}")


@dataclass(frozen=True, slots=True)
class _Builder:
    parts: Sequence[str]
    prefix: str
    qualified: str
    matches: str
    parameters: dict[str, object] = field(default_factory=dict)

    def parameter(self, value: object) -> str:
        name = f"{self.prefix}_{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def fit(self, condition: str) -> Fit:
        cases = "".join(
            f" WHEN {case} THEN {degree}"
            for fitting in range(len(self.parts), 0, -1)
            for degree, case in self._cases(fitting)
        )
        degree = f"CASE WHEN NOT ({condition}) THEN 0{cases} ELSE 0 END"
        return Fit(condition, f"({degree})", self.parameters)

    def _cases(self, fitting: int) -> Iterator[tuple[int, str]]:
        """The conditions for the last `fitting` parts, each with its degree."""
        parts = self.parts[-fitting:]
        dotted, ending = ".".join(parts), "." + ".".join(parts)
        by_name = (
            f"{self.qualified} = {self.parameter(dotted)}"
            f" OR right({self.qualified}, {len(ending)}) = {self.parameter(ending)}"
        )
        by_module = self._in_path(parts, r"(/__init__)?\.[^/.]+$")
        yield 2 * fitting + 1, f"({' OR '.join([by_name, *by_module])})"
        if fitting > 1:
            spelt = self.parameter(folded(ending))
            as_variable = f"right('.' || {_FOLDED_QUALIFIED}, {len(folded(ending))}) = {spelt}"
            yield 2 * fitting, f"({' OR '.join([as_variable, *self._in_path(parts, '/')])})"

    def _in_path(self, parts: Sequence[str], end: str) -> list[str]:
        """That some parts are the path, up to its `end`, and the rest the qualified name."""
        return [
            f"{self.qualified} = {self.parameter('.'.join(parts[modules:]))} AND"
            f" file.path {self.matches} {self.parameter(_path_pattern(parts[:modules]) + end)}"
            for modules in range(1, len(parts))
        ]


def _path_pattern(parts: Sequence[str]) -> str:
    return "(^|/)" + "/".join(map(re.escape, parts))
