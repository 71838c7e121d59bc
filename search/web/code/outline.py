"""The symbols of a file, nested as its definitions are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

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
    depths = _depths(ordered)
    for definition, depth, following in zip(ordered, depths, [*depths[1:], 0], strict=True):
        place = places.place_in_file(file, definition)
        closes = range(max(0, depth - following))
        yield Symbol(place, definition.name or place.qualified_name, following > depth, closes)


def _depths(definitions: Sequence[Definition]) -> list[int]:
    depths, around = [], list[int]()
    for definition in definitions:
        while around and definition.end_line > around[-1]:
            around.pop()
        depths.append(len(around))
        around.append(definition.end_line)
    return depths
