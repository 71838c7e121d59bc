"""Splits by project: which projects are trained on, chosen by, and measured with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from embeddings.training.corpus.functions import fingerprint
from embeddings.training.corpus.projects import Project

HELD_OUT = {"test": 0.10, "validation": 0.05}
_HELD_OUT_FIRST = [*HELD_OUT, "train"]

LARGEST = 0.25
"""A family is at most this part of what a held-out split has room for, so that it has several."""

LEAST = 0.5
"""How much of its share a held-out split must hold, even if that takes larger families."""


def earlier_splits(manifest: Path) -> dict[Project, str]:
    """The projects of a corpus with their splits, as its manifest lists them."""
    splits = {}
    for row in json.loads(manifest.read_text(encoding="utf-8"))["packages"]:
        repositories = tuple(row["repositories"])
        project = Project(row["name"], row["version"], row["licence"], repositories)
        splits[project] = row["split"]
    return splits


def split(
    sizes: Counter[str],
    families: Mapping[str, str] | None = None,
    kept: Mapping[str, str] | None = None,
    languages: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Project → "train", "validation" or "test". `sizes` are numbers of functions, `families` the
    family of each project, by default itself. `kept` are splits of projects that are not chosen
    again; the others of their families join them, where there are several in the order test,
    validation, train. Other families are assigned whole, for each of the `languages` of projects
    apart, so that there is something of each to measure with. The language of most of a family's
    functions counts as the family's."""
    families, kept, languages = families or {}, kept or {}, languages or {}
    held: Counter[str] = Counter()
    spoken: dict[str, Counter[str]] = {}
    for project, size in sizes.items():
        family = families.get(project, project)
        held[family] += size
        spoken.setdefault(family, Counter())[languages.get(project, "")] += size
    chosen: dict[str, str] = {}
    for project in sorted(kept, key=lambda project: _HELD_OUT_FIRST.index(kept[project])):
        chosen.setdefault(families.get(project, project), kept[project])
    by_language: dict[str, Counter[str]] = {}
    for family, size in held.items():
        ((language, _),) = spoken[family].most_common(1)
        by_language.setdefault(language, Counter())[family] = size
    for group in by_language.values():
        _assign(group, chosen)
    return {project: kept.get(project, chosen[families.get(project, project)]) for project in sizes}


def _assign(held: Counter[str], chosen: dict[str, str]) -> None:
    """Chooses splits for the families of one language that have none yet. `held` are their numbers
    of functions. They come in the order of a hash of their names, and a held-out split takes one if
    it is small beside its room. If too little came together, it takes the family that is nearest to
    its room, at most twice as large unless it is the first."""
    room = {name: share * held.total() for name, share in HELD_OUT.items()}
    own = held.keys() - chosen.keys()
    for family in sorted(held, key=fingerprint):
        fits = (name for name, left in room.items() if held[family] <= left * LARGEST)
        chosen.setdefault(family, next(fits, "train"))
        if chosen[family] in room:
            room[chosen[family]] -= held[family]
    for name, share in HELD_OUT.items():
        while room[name] > (1 - LEAST) * share * held.total():
            trained = sorted(family for family in own if chosen[family] == "train")
            distances = {family: abs(held[family] - room[name]) for family in trained}
            nearest = min(distances, key=distances.__getitem__, default="")
            has_some = any(chosen[family] == name for family in held)
            if len(trained) < 2 or (has_some and held[nearest] > 2 * room[name]):
                break
            chosen[nearest] = name
            room[name] -= held[nearest]
