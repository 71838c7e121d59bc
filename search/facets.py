"""How the results of a search are distributed: over repositories, languages, kinds, folders and
labels. They are counted in what the search has compared, so that counting costs no second search,
and tells of nothing beyond what the user may find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from embeddings.files import path_rules
from search.addresses.origins import origins_of
from search.query.filters import IMPLEMENTATION, Field
from search.results import Answer, Compared

MOST_VALUES = 8
"""Values of a facet that are listed."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a filter, as the filter takes it, and how many results it keeps."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of a filter that the most results have, the most frequent first."""

    field: Field
    values: Sequence[Value]


def facets_of(answer: Answer, folder: str = "") -> list[Facet]:
    """Those that tell the compared results apart. Paths are counted by the folders directly below
    `folder`, or by the topmost ones."""
    results = answer.compared
    origins = origins_of(each.branch for each in results)
    names = {branch: origin.full_name for branch, origin in origins.items()}
    facets = [
        _facet(Field.REPOSITORY, (names.get(each.branch, "") for each in results)),
        _facet(Field.LANGUAGE, (each.language for each in results)),
        _facet(Field.KIND, (each.kind for each in results)),
        _facet(Field.PATH, (_folder_below(each.path, folder) for each in results)),
        _facet(Field.LABEL, (label for each in results for label in labels(each))),
    ]
    return [facet for facet in facets if any(each.count < len(results) for each in facet.values)]


def labels(result: Compared) -> Sequence[str]:
    """What a path says of its file, as `label:` takes it."""
    return [kind.value for kind in path_rules.all_kinds(result.path)] or [IMPLEMENTATION]


def _facet(field: Field, values: Iterable[str]) -> Facet:
    counts = Counter(filter(None, values))
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return Facet(field, [Value(value, count) for value, count in ordered[:MOST_VALUES]])


def _folder_below(path: str, folder: str) -> str:
    """The folder directly below another one through which a path leads, as `path:` takes it; empty
    if there is none."""
    above = f"{folder}/" if folder else ""
    name, slash, _ = path.removeprefix(above).partition("/")
    return f"/{above}{name}/**" if path.startswith(above) and slash else ""
