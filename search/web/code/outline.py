"""The symbols of a file, nested as its definitions are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from codeindex.models import Definition, SourceFile
from search import places
from search.results import Place


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition in an outline, in the order of lines. If `opens`, the next one lies in it; after
    it so many lists end as `closes` has elements."""

    place: Place
    name: str
    opens: bool
    closes: range


def outline(file: SourceFile, definitions: Iterable[Definition]) -> Iterator[Symbol]:
    """Of the definitions of a file, an outer one before what lies in it."""
    ordered = list(definitions)
    nesting = nested(_depths(ordered))
    for definition, (opens, closes) in zip(ordered, nesting, strict=True):
        place = places.place_in_file(file, definition)
        yield Symbol(place, definition.name or place.qualified_name, opens, closes)


def nested(depths: Sequence[int]) -> Iterator[tuple[bool, range]]:
    """For each item of nested lists, by its depth: whether a list begins in it, and a range with an
    element for each list that ends after it."""
    for depth, following in pairwise([*depths, 0]):
        yield following > depth, range(max(0, depth - following))


def _depths(definitions: Sequence[Definition]) -> list[int]:
    depths, around = [], list[int]()
    for definition in definitions:
        while around and definition.end_line > around[-1]:
            around.pop()
        depths.append(len(around))
        around.append(definition.end_line)
    return depths
