"""Questions about repositories with the places that answer them, read from a file, and how
well results meet them."""

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
    meets,
    target_ndcg,
)


class Malformed(ValueError):
    """What is wrong with a file of questions, and where."""


@dataclass(frozen=True, slots=True)
class Question:
    """`targets` are the places that answer it, at least one."""

    text: str
    targets: Sequence[Place]
    category: str


@dataclass(frozen=True, slots=True)
class About:
    """The questions about a repository. Results count from the folder `root` alone; `revision` is
    the commit that the targets were written for. Either may be empty."""

    repository: str
    root: str
    revision: str
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Questions:
    """A file of questions. `hash` is its content's."""

    file: str
    hash: str
    about: Sequence[About]


@dataclass(frozen=True, slots=True)
class Score:
    """Of one question. `recall` is the share of its targets among the first NDCG_DEPTH results."""

    ndcg: float
    reciprocal_rank: float
    recall: float


def read(path: Path) -> Questions:
    """The questions in a file. Raises `Malformed` and `OSError`."""
    content = path.read_bytes()
    try:
        repositories = _is(dict, json.loads(content), str(path))
    except ValueError as error:
        raise Malformed(f"{path} is not JSON: {error}") from error
    about = [_about(name, entry) for name, entry in repositories.items()]
    if not about:
        raise Malformed(f"{path} has no questions.")
    return Questions(path.name, hashlib.sha256(content).hexdigest(), about)


def score(question: Question, results: Sequence[Place]) -> Score:
    """How well results, best first, meet the question's targets."""
    met = [
        rank
        for rank, result in enumerate(results, start=1)
        if any(meets(result, target) for target in question.targets)
    ]
    first = results[:NDCG_DEPTH]
    found = [any(meets(result, target) for result in first) for target in question.targets]
    return Score(
        ndcg=target_ndcg(results, question.targets),
        reciprocal_rank=1 / met[0] if met else 0.0,
        recall=sum(found) / len(found),
    )


def figures(scores: Sequence[Score]) -> dict[str, Figure]:
    """Means with their intervals, by what was measured."""
    return {
        f"nDCG@{NDCG_DEPTH}": _mean([one.ndcg for one in scores]),
        "MRR": _mean([one.reciprocal_rank for one in scores]),
        f"recall@{NDCG_DEPTH}": _mean([one.recall for one in scores]),
    }


def _mean(values: Sequence[float]) -> Figure:
    return interval(np.array(values))


def _folder(path: str) -> str:
    """A folder of a repository; the whole of it, whether written as `.` or not at all, is empty."""
    folder = PurePosixPath(path.strip("/")).as_posix()
    return "" if folder == "." else folder


def _about(name: str, entry: object) -> About:
    fields = _is(dict, entry, name)
    queries = _is(list, fields.get("queries"), f'"queries" of {name}')
    if not queries:
        raise Malformed(f"{name} has no queries.")
    return About(
        repository=name,
        root=_folder(_is(str, fields.get("root", ""), f'"root" of {name}')),
        revision=_is(str, fields.get("revision", ""), f'"revision" of {name}'),
        questions=[
            _question(query, f"query {number} of {name}")
            for number, query in enumerate(queries, start=1)
        ],
    )


def _question(entry: object, where: str) -> Question:
    fields = _is(dict, entry, where)
    named = [
        target
        for key in ("relevant", "secondary")
        for target in _is(list, fields.get(key, []), f'"{key}" of {where}')
    ]
    if not named:
        raise Malformed(f"{where} has no relevant places.")
    return Question(
        text=_is(str, fields.get("query"), f'"query" of {where}'),
        targets=[_target(target, where) for target in named],
        category=_is(str, fields.get("category", ""), f'"category" of {where}'),
    )


def _target(entry: object, where: str) -> Place:
    """A path, or a path with its first and last line."""
    if isinstance(entry, str):
        return entry, 1, LAST_LINE
    fields: Mapping[str, Any] = _is(dict, entry, f"a place of {where}")
    path = _is(str, fields.get("path"), f'"path" of a place of {where}')
    first = _is(int, fields.get("start_line"), f'"start_line" of {path} in {where}')
    last = _is(int, fields.get("end_line"), f'"end_line" of {path} in {where}')
    return path, first, last


NAMES = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}


def _is(kind: type, value: object, where: str) -> Any:
    if not isinstance(value, kind):
        raise Malformed(f"{where} is not {NAMES[kind]}.")
    return value
