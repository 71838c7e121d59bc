"""Questions about repositories with the places that answer them, read from a file, and how well
search results answer them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from embeddings.evaluation.metrics import (
    LAST_LINE,
    NDCG_DEPTH,
    Figure,
    Place,
    interval,
    overlaps,
    target_ndcg,
)


class MalformedQuestions(ValueError):
    """What is wrong with a file of questions, and where."""


@dataclass(frozen=True, slots=True)
class Question:
    """`targets` are the places that answer it, at least one."""

    text: str
    targets: Sequence[Place]
    category: str


@dataclass(frozen=True, slots=True)
class RepositoryQuestions:
    """The questions about a repository. Only results in the folder `root` count; `revision` is the
    commit that the targets were written for. Either may be empty."""

    name: str
    root: str
    revision: str
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A file of questions: its name, the SHA-256 of its content, and the repositories that it asks
    about."""

    name: str
    hash: str
    repositories: Sequence[RepositoryQuestions]


@dataclass(frozen=True, slots=True)
class Score:
    """How well one question is answered. `recall` is the share of its targets among the first
    NDCG_DEPTH results."""

    ndcg: float
    reciprocal_rank: float
    recall: float


def read(path: Path) -> QuestionFile:
    """The questions in a file. Raises `MalformedQuestions` and `OSError`."""
    content = path.read_bytes()
    try:
        entries = _checked(dict, json.loads(content), str(path))
    except ValueError as error:
        raise MalformedQuestions(f"{path} is not JSON: {error}") from error
    repositories = [_repository_questions(name, entry) for name, entry in entries.items()]
    if not repositories:
        raise MalformedQuestions(f"{path} has no questions.")
    return QuestionFile(path.name, hashlib.sha256(content).hexdigest(), repositories)


def score(question: Question, results: Sequence[Place]) -> Score:
    """How well results, best first, answer a question."""
    relevant = [
        rank
        for rank, result in enumerate(results, start=1)
        if any(overlaps(result, target) for target in question.targets)
    ]
    first = results[:NDCG_DEPTH]
    recalled = [any(overlaps(result, target) for result in first) for target in question.targets]
    return Score(
        ndcg=target_ndcg(results, question.targets),
        reciprocal_rank=1 / relevant[0] if relevant else 0.0,
        recall=sum(recalled) / len(recalled),
    )


def figures(scores: Sequence[Score]) -> dict[str, Figure]:
    """The means of scores with their intervals, by the names of the metrics."""
    return {
        f"nDCG@{NDCG_DEPTH}": _mean([score.ndcg for score in scores]),
        "MRR": _mean([score.reciprocal_rank for score in scores]),
        f"recall@{NDCG_DEPTH}": _mean([score.recall for score in scores]),
    }


def _mean(values: Sequence[float]) -> Figure:
    return interval(np.array(values))


def _folder(path: str) -> str:
    """A folder of a repository, normalised; empty for the whole of it, written as `.` or not at
    all."""
    folder = PurePosixPath(path.strip("/")).as_posix()
    return "" if folder == "." else folder


def _repository_questions(name: str, entry: object) -> RepositoryQuestions:
    fields = _checked(dict, entry, name)
    queries = _checked(list, fields.get("queries"), f'"queries" of {name}')
    if not queries:
        raise MalformedQuestions(f"{name} has no queries.")
    return RepositoryQuestions(
        name=name,
        root=_folder(_checked(str, fields.get("root", ""), f'"root" of {name}')),
        revision=_checked(str, fields.get("revision", ""), f'"revision" of {name}'),
        questions=[
            _question(query, f"query {number} of {name}")
            for number, query in enumerate(queries, start=1)
        ],
    )


def _question(entry: object, where: str) -> Question:
    fields = _checked(dict, entry, where)
    targets = [
        target
        for key in ("relevant", "secondary")
        for target in _checked(list, fields.get(key, []), f'"{key}" of {where}')
    ]
    if not targets:
        raise MalformedQuestions(f"{where} has no relevant places.")
    return Question(
        text=_checked(str, fields.get("query"), f'"query" of {where}'),
        targets=[_target(target, where) for target in targets],
        category=_checked(str, fields.get("category", ""), f'"category" of {where}'),
    )


def _target(entry: object, where: str) -> Place:
    """A path, or a path with its first and last line."""
    if isinstance(entry, str):
        return entry, 1, LAST_LINE
    fields: Mapping[str, Any] = _checked(dict, entry, f"a place of {where}")
    path = _checked(str, fields.get("path"), f'"path" of a place of {where}')
    first = _checked(int, fields.get("start_line"), f'"start_line" of {path} in {where}')
    last = _checked(int, fields.get("end_line"), f'"end_line" of {path} in {where}')
    return path, first, last


NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}


def _checked(kind: type, value: object, where: str) -> Any:
    if not isinstance(value, kind):
        raise MalformedQuestions(f"{where} is not {NAMES[kind]}.")
    return value
