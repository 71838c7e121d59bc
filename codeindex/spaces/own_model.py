"""An organisation's own model: the checkpoint in use is trained further on what is indexed, and is
compared with the old one on projects that were held out."""

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
from embeddings.training.corpus.json_lines import Export
from embeddings.training.corpus.queries import query_from_docstring
from embeddings.types import Kind

LANGUAGE = "python"
"""What the shipped checkpoints know the structure of, and so are trained further on."""

LEAST_DESCRIBED = 2_000
"""Functions with a docstring. Fewer of them usually teach nothing but noise."""

DEEPEST = 4
"""How many levels of folders may divide a repository, if it has to be divided."""

Naming = Callable[[LiveDefinition], str]


class TooLittle(Exception):
    """What is indexed is too little to train on; the message says why, for users."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The data of training and measuring: a folder that `embeddings.training` reads, its functions,
    and what its projects are: "repositories" or "folders"."""

    folder: Path
    functions: Sequence[Function]
    divided_by: str

    @property
    def described(self) -> int:
        return sum(bool(function.query) for function in self.functions)

    @property
    def held_out(self) -> list[Function]:
        return [function for function in self.functions if function.split == "test"]


def corpus_of(
    repositories: QuerySet[Repository], folder: Path, least_described: int = LEAST_DESCRIBED
) -> Corpus:
    """Collect the live definitions of the repositories in the folder. Raises `TooLittle`, also for
    fewer than `least_described` functions with a docstring."""
    naming, divided_by = _naming(repositories, least_described)
    folder.mkdir(parents=True, exist_ok=True)
    export = folder / "definitions.jsonl"
    with export.open("w", encoding="utf-8") as file:
        for one in exports.definitions(repositories):
            if one.language == LANGUAGE:
                file.write(json.dumps(asdict(replace(one, repository=naming(one)))) + "\n")
    corpora.build([Export(export)], Exclusions(), folder)
    described = sum(bool(function.query) for function in corpora.read(folder))
    _require(described, least_described)
    try:
        return Corpus(folder, adaptation.hold_out(folder), divided_by)
    except ValueError as error:
        raise TooLittle(str(error)) from error


def train(
    corpus: Corpus, checkpoint: str, out: Path, device: str, plan: Adaptation, *, resume: bool
) -> None:
    """Train a checkpoint, given by its name or folder, further, and write the result to `out`."""
    base = checkpoints.load(checkpoint)
    data = adaptation.load_data(corpus.folder, base, device)
    adaptation.adapt(data, base, plan, out, resume=resume)


def figures(encoder: CodeEncoder, functions: Sequence[Function]) -> dict[str, Figure]:
    """How well docstrings find the functions, and how well their names are predicted, with 95%
    intervals."""
    found = measures.docstring_search(encoder, functions) | measures.name_prediction(
        encoder, functions
    )
    if sum(bool(function.query) for function in functions) <= measures.DISTRACTORS:
        found = {name: one for name, one in found.items() if not name.endswith(AMONG)}
    return found


AMONG = f"among {measures.DISTRACTORS}"


def _naming(repositories: QuerySet[Repository], least_described: int) -> tuple[Naming, str]:
    """How to name a definition's project, so that projects can be held out: by its repository, or,
    if there are too few repositories, by a folder of it. Raises `TooLittle`."""
    places = Counter(
        (one.repository, PurePosixPath(one.path).parent.parts[:DEEPEST])
        for one in _described(repositories)
    )
    _require(places.total(), least_described)
    for depth in range(DEEPEST + 1):
        sizes: Counter[str] = Counter()
        for (repository, folders), count in places.items():
            sizes[_project(repository, folders[:depth])] += count
        try:
            adaptation.assign_splits(sizes)
        except ValueError:
            continue
        return _by_folder(depth), "folders" if depth else "repositories"
    raise TooLittle(
        "The functions with a docstring lie in too few repositories and folders to hold some out."
        " Index more repositories."
    )


def _by_folder(depth: int) -> Naming:
    return lambda one: _project(one.repository, PurePosixPath(one.path).parent.parts[:depth])


def _project(repository: str, folders: Sequence[str]) -> str:
    return ":".join([repository, *folders])


def _described(repositories: QuerySet[Repository]) -> Iterator[LiveDefinition]:
    """The definitions to train on, copies included."""
    for one in exports.definitions(repositories):
        is_code = one.language == LANGUAGE and one.kind in (Kind.FUNCTION, Kind.METHOD)
        if is_code and not one.test and query_from_docstring(one.docstring):
            yield one


def _require(described: int, least: int) -> None:
    if described < least:
        raise TooLittle(
            f"{described:,} functions with a docstring are too few to train on: {least:,}"
            " are needed. Distinct functions and methods in Python count, outside tests, whose"
            " docstring begins with a sentence."
        )
