"""Corpora: distinct Python functions of many projects with their docstrings, split by project.
`build` writes `functions.jsonl`, shuffled, so that any part of it is a sample, and `manifest.json`:
projects, versions, licences, and what was left out and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from embeddings.training.corpus import near_duplicates, parts, projects
from embeddings.training.corpus.functions import Function, fingerprint, normalised
from embeddings.training.corpus.projects import Project
from embeddings.training.corpus.sources import Source

__all__ = ["Exclusions", "Function", "build", "earlier_splits", "fingerprint", "read", "split"]

HELD_OUT = {"test": 0.10, "validation": 0.05}


@dataclass(slots=True)
class Tally:
    """What was left out of a corpus, by reason."""

    functions: Counter[str] = field(default_factory=Counter)
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What must not be trained on: repositories (`owner/name` in lower case), projects by their
    canonical names, and functions by their code."""

    repositories: frozenset[str] = frozenset()
    packages: frozenset[str] = frozenset()
    functions: tuple[str, ...] = ()

    def reason(self, project: Project) -> str:
        """Why a project must not be trained on; empty if it may be."""
        if not projects.is_permissive(project):
            return "no permissive licence stated"
        if projects.canonical(project.name) in self.packages:
            return "excluded by name"
        if projects.is_made_from(project, self.repositories):
            return "made from a repository that must not be trained on"
        return ""


def build(
    sources: Sequence[Source],
    exclusions: Exclusions,
    out: Path,
    earlier: Mapping[Project, str] | None = None,
) -> None:
    """Writes the corpus of the sources into the folder `out`, which also keeps what was read.
    Projects keep the splits that they had in an `earlier` corpus, by their names."""
    earlier = earlier or {}
    tally = Tally()
    allowed_projects: dict[str, Project] = {}
    allowed = _allowed_functions(sources, exclusions, out / "parts", allowed_projects, tally)
    functions = list(_without_copies(list(allowed), exclusions.functions, tally))
    sizes = Counter(function.package for function in functions)
    families = projects.families([*allowed_projects.values(), *earlier])
    kept = {project.name: name for project, name in earlier.items()}
    splits = split(sizes, families, kept)
    functions.sort(key=lambda function: fingerprint(function.code))
    with (out / "functions.jsonl").open("w", encoding="utf-8") as file:
        for function in functions:
            row = {**asdict(function), "split": splits[function.package]}
            file.write(json.dumps(row, ensure_ascii=True) + "\n")
    manifest = _manifest(allowed_projects, functions, splits, tally)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def earlier_splits(manifest: Path) -> dict[Project, str]:
    """The projects of a corpus with their splits, as its manifest lists them."""
    splits = {}
    for row in json.loads(manifest.read_text(encoding="utf-8"))["packages"]:
        repositories = tuple(row["repositories"])
        project = Project(row["name"], row["version"], row["licence"], repositories)
        splits[project] = row["split"]
    return splits


def read(folder: Path, limit: int | None = None, *, split: str = "") -> list[Function]:
    """The functions of a corpus, in its order: the first `limit`, and only those of a `split` if it
    is given. Lines of other splits are not parsed, since most of a corpus is training data."""
    mark = f'"split": "{split}"' if split else ""
    with (folder / "functions.jsonl").open(encoding="utf-8") as file:
        return [Function(**json.loads(line)) for line in islice(file, limit) if mark in line]


def split(
    sizes: Counter[str],
    families: Mapping[str, str] | None = None,
    kept: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Project → "train", "validation" or "test". `sizes` are numbers of functions, `families` the
    family of each project, by default itself. `kept` are splits of projects that are not chosen
    again; the others of their families join them, where there are several in the order test,
    validation, train. Other families are assigned whole, in the order of a hash of their names. A
    held-out split takes a family that is at most a quarter of its remaining room; if it has none at
    the end, it takes the smallest family."""
    families, kept = families or {}, kept or {}
    held: Counter[str] = Counter()
    for project, size in sizes.items():
        held[families.get(project, project)] += size
    room = {name: share * sizes.total() for name, share in HELD_OUT.items()}
    chosen: dict[str, str] = {}
    for project in sorted(kept, key=lambda project: [*HELD_OUT, "train"].index(kept[project])):
        chosen.setdefault(families.get(project, project), kept[project])
    for family in sorted(held, key=fingerprint):
        fits = (name for name, left in room.items() if held[family] <= left / 4)
        chosen.setdefault(family, next(fits, "train"))
        if chosen[family] in room:
            room[chosen[family]] -= held[family]
    for name in HELD_OUT:
        trained = [family for family in held if chosen[family] == "train"]
        if name not in chosen.values() and len(trained) > 1:
            chosen[min(trained, key=held.__getitem__)] = name
    return {project: kept.get(project, chosen[families.get(project, project)]) for project in sizes}


def _allowed_functions(
    sources: Sequence[Source],
    exclusions: Exclusions,
    folder: Path,
    allowed: dict[str, Project],
    tally: Tally,
) -> Iterator[Function]:
    """The functions of the projects that may be trained on. Adds these projects to `allowed`, and
    the others to the tally, with the reason."""
    progress = tqdm(sources, desc="sources", unit="source")
    for source in progress:
        progress.set_postfix_str(source.name)
        for batch in parts.cached_batches(source, folder):
            project = batch.project
            if reason := exclusions.reason(project):
                tally.packages[project.name] = reason
                continue
            allowed.setdefault(project.name, project)
            tally.functions.update(batch.left_out)
            yield from batch.functions


def _without_copies(
    functions: Iterable[Function], evaluated: Sequence[str], tally: Tally
) -> Iterator[Function]:
    """The functions that are not copies, exact or near, of evaluation data or of another function.
    Of several copies, the first with a docstring is kept."""
    seen = set(map(normalised, evaluated))
    candidates = []
    for function in sorted(functions, key=lambda function: not function.query):
        key = normalised(function.bare)
        if key in seen:
            tally.functions["copy, or in the evaluation data"] += 1
        else:
            seen.add(key)
            candidates.append(function)
    codes = [*evaluated, *(function.bare for function in candidates)]
    signatures = near_duplicates.minhash_signatures(codes)
    near = near_duplicates.near_duplicate_mask(signatures, known=len(evaluated))[len(evaluated) :]
    tally.functions["near duplicate, or nearly in the evaluation data"] = int(near.sum())
    yield from (function for function, copy in zip(candidates, near, strict=True) if not copy)


def _manifest(
    allowed: Mapping[str, Project],
    functions: Sequence[Function],
    splits: dict[str, str],
    tally: Tally,
) -> dict[str, object]:
    sizes = Counter(function.package for function in functions)
    described = Counter(function.package for function in functions if function.query)
    rows = [
        {
            **asdict(project),
            "split": splits[name],
            "functions": sizes[name],
            "with_docstring": described[name],
        }
        for name, project in allowed.items()
        if sizes[name]
    ]
    return {
        "functions": sizes.total(),
        "with_docstring": described.total(),
        "packages": rows,
        "functions_left_out": dict(tally.functions),
        "packages_left_out": tally.packages,
    }
