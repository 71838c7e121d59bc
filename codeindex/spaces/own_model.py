"""An organisation's own model: the checkpoint in use goes on learning from what is indexed, and is
measured beside the old one on projects that were kept back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from django.db.models import QuerySet

from codeindex.models import Repository
from codeindex.spaces import exports
from codeindex.spaces.exports import LiveDefinition
from embeddings import CodeEncoder, checkpoints
from embeddings.evaluation.metrics import Figure
from embeddings.training import adaptation, measures
from embeddings.training.adaptation import Adaptation
from embeddings.training.corpus import corpora
from embeddings.training.corpus.corpora import Exclusions, Function
from embeddings.training.corpus.functions import query_from_docstring
from embeddings.training.corpus.json_lines import Export
from embeddings.types import Kind

LEAST_DESCRIBED = 2_000
"""Functions with a docstring. From fewer, nothing is learnt that is not noise."""

DEEPEST = 4
"""Folders below each other by which a repository is divided, if that has to be."""

Naming = Callable[[LiveDefinition], str]


class TooLittle(Exception):
    """Why nothing can be trained on what is indexed, in words for whoever asked for it."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is trained and measured on: a folder as `embeddings.training` reads it, its functions,
    and what its projects are, "repositories" or "folders"."""

    folder: Path
    functions: Sequence[Function]
    divided_by: str

    @property
    def described(self) -> int:
        return sum(bool(function.query) for function in self.functions)

    @property
    def held_out(self) -> list[Function]:
        return [function for function in self.functions if function.split == "test"]


def corpus_of(repositories: QuerySet[Repository], folder: Path) -> Corpus:
    """Collects what is live in the repositories into the folder. Raises TooLittle."""
    naming, divided_by = _naming(repositories)
    folder.mkdir(parents=True, exist_ok=True)
    export = folder / "definitions.jsonl"
    with export.open("w", encoding="utf-8") as file:
        for one in exports.definitions(repositories):
            file.write(json.dumps(asdict(replace(one, repository=naming(one)))) + "\n")
    corpora.build([Export(export)], Exclusions(), folder)
    _require(sum(bool(function.query) for function in corpora.read(folder)))
    try:
        return Corpus(folder, adaptation.hold_out(folder), divided_by)
    except ValueError as error:
        raise TooLittle(str(error)) from error


def train(
    corpus: Corpus, checkpoint: str, out: Path, device: str, plan: Adaptation, *, resume: bool
) -> None:
    """Writes a checkpoint into `out` that goes on from another one, by its name or folder."""
    base = checkpoints.load(checkpoint)
    data = adaptation.load_data(corpus.folder, base, device)
    adaptation.adapt(data, base, plan, out, resume=resume)


def figures(encoder: CodeEncoder, functions: Sequence[Function]) -> dict[str, Figure]:
    """How well docstrings find the functions, and how well these are named, with 95% intervals."""
    found = measures.docstring_search(encoder, functions) | measures.name_prediction(
        encoder, functions
    )
    if sum(bool(function.query) for function in functions) <= measures.DISTRACTORS:
        found = {name: one for name, one in found.items() if not name.endswith(AMONG)}
    return found


AMONG = f"among {measures.DISTRACTORS}"


def _naming(repositories: QuerySet[Repository]) -> tuple[Naming, str]:
    """What a definition's project is called, so that projects can be kept back: its repository, or
    where these are too few, a folder of it. Raises TooLittle."""
    places = Counter(
        (one.repository, PurePosixPath(one.path).parent.parts[:DEEPEST])
        for one in _described(repositories)
    )
    _require(places.total())
    for depth in range(DEEPEST + 1):
        sizes: Counter[str] = Counter()
        for (repository, folders), count in places.items():
            sizes[_project(repository, folders[:depth])] += count
        try:
            adaptation.assign_splits(sizes)
        except ValueError:
            continue
        return _by_folder(depth), "folders" if depth else "repositories"
    raise TooLittle("What is described lies in too few repositories and folders to keep some back.")


def _by_folder(depth: int) -> Naming:
    return lambda one: _project(one.repository, PurePosixPath(one.path).parent.parts[:depth])


def _project(repository: str, folders: Sequence[str]) -> str:
    return ":".join([repository, *folders])


def _described(repositories: QuerySet[Repository]) -> Iterator[LiveDefinition]:
    """What can be trained on, but for what is left out as a copy."""
    for one in exports.definitions(repositories):
        is_code = one.language == "python" and one.kind in (Kind.FUNCTION, Kind.METHOD)
        if is_code and not one.test and query_from_docstring(one.docstring):
            yield one


def _require(described: int) -> None:
    if described < LEAST_DESCRIBED:
        raise TooLittle(
            f"{described:,} described functions are too few to train on: {LEAST_DESCRIBED:,} are"
            " needed. Counted are distinct functions and methods in Python, tests left out, whose"
            " docstring begins with a sentence."
        )
