"""Corpora: distinct functions and classes of many projects with their docstrings, split by project.
`build` writes `functions.jsonl` and `classes.jsonl`, shuffled, so that any part of them is a
sample, and `manifest.json`: projects, versions, licences, and what was left out and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from embeddings.training.corpus import manifests, near_duplicates, parts, projects
from embeddings.training.corpus.functions import Function, fingerprint, normalised
from embeddings.training.corpus.projects import Project
from embeddings.training.corpus.sources import Source
from embeddings.training.corpus.splits import split

FUNCTIONS, CLASSES = "functions.jsonl", "classes.jsonl"

__all__ = ["CLASSES", "FUNCTIONS", "Exclusions", "Function", "build", "fingerprint", "read"]


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
    most: int | None = None,
) -> None:
    """Writes the corpus of the sources into the folder `out`, which also keeps what was read.
    Projects keep the splits that they had in an `earlier` corpus, by their names. At most `most`
    functions, and as many classes, of each project are taken, those with a docstring first. Classes
    of projects without functions are left out."""
    earlier = earlier or {}
    tally = Tally()
    allowed_projects: dict[str, Project] = {}
    allowed = list(_allowed_functions(sources, exclusions, out / "parts", allowed_projects, tally))
    classes, functions = (
        _chosen([each for each in allowed if each.is_class == is_class], exclusions, most, tally)
        for is_class in (True, False)
    )
    sizes = Counter({function.package: 0 for function in functions})
    sizes.update(function.package for function in functions if function.query)
    families = projects.families([*allowed_projects.values(), *earlier])
    kept = {project.name: name for project, name in earlier.items()}
    splits = split(sizes, families, kept, manifests.main_languages(functions))
    classes = [each for each in classes if each.package in splits]
    _write(functions, splits, out / FUNCTIONS)
    _write(classes, splits, out / CLASSES)
    manifest = {
        **manifests.contents(allowed_projects, functions, splits),
        "classes": len(classes),
        "functions_left_out": dict(tally.functions),
        "packages_left_out": tally.packages,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def read(
    folder: Path, limit: int | None = None, *, split: str = "", name: str = FUNCTIONS
) -> list[Function]:
    """The FUNCTIONS or the CLASSES of a corpus, in its order: the first `limit`, and only those of
    a `split` if it is given. Lines of other splits are not parsed, since most of a corpus is
    training data. Corpora that were built by older versions have no classes."""
    mark = f'"split": "{split}"' if split else ""
    if name == CLASSES and not (folder / name).exists():
        return []
    with (folder / name).open(encoding="utf-8") as file:
        return [Function(**json.loads(line)) for line in islice(file, limit) if mark in line]


def _chosen(
    allowed: Sequence[Function], exclusions: Exclusions, most: int | None, tally: Tally
) -> list[Function]:
    """Functions or classes without copies, at most `most` of each project, shuffled."""
    chosen = list(_without_copies(allowed, exclusions.functions, tally))
    chosen.sort(key=lambda function: fingerprint(function.code))
    return chosen if most is None else _sampled(chosen, most, tally)


def _write(functions: Iterable[Function], splits: Mapping[str, str], path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for function in functions:
            row = {**asdict(function), "split": splits[function.package]}
            file.write(json.dumps(row, ensure_ascii=True) + "\n")


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
    """The functions that are not copies, exact or near, of evaluation data (in Python) or of
    another function. Of several copies, the first with a docstring is kept."""
    known = [(code, "python") for code in evaluated]
    seen = {normalised(code, language) for code, language in known}
    candidates = []
    for function in sorted(functions, key=lambda function: not function.query):
        key = normalised(function.bare, function.language)
        if key in seen:
            tally.functions["copy, or in the evaluation data"] += 1
        else:
            seen.add(key)
            candidates.append(function)
    codes = [*known, *((function.bare, function.language) for function in candidates)]
    signatures = near_duplicates.minhash_signatures(codes)
    near = near_duplicates.near_duplicate_mask(signatures, known=len(known))[len(known) :]
    tally.functions["near duplicate, or nearly in the evaluation data"] += int(near.sum())
    yield from (function for function, copy in zip(candidates, near, strict=True) if not copy)


def _sampled(functions: Sequence[Function], most: int, tally: Tally) -> list[Function]:
    """At most `most` functions of each project, those with a docstring first; in the same order."""
    taken: Counter[str] = Counter()
    kept = []
    for row in sorted(range(len(functions)), key=lambda row: not functions[row].query):
        package = functions[row].package
        if taken[package] < most:
            taken[package] += 1
            kept.append(row)
    tally.functions["beyond the most of a project"] += len(functions) - len(kept)
    return [functions[row] for row in sorted(kept)]
