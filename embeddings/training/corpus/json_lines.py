"""Functions in files of JSON lines: CodeSearchNet's, as published (Husain et al. 2019), and an
organisation's own index, as `python manage.py export-definitions` writes it."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path, PurePath
from typing import Any

from tqdm import tqdm

from embeddings.code.languages import LANGUAGES
from embeddings.training.corpus.functions import UnsuitableCode, function_in_text
from embeddings.training.corpus.projects import OWN_CODE, Project
from embeddings.training.corpus.sources import Batch, SourceUnavailable, is_own_source
from embeddings.types import Kind

IN_TEST_CLASS = re.compile(r"(^|\.)Test\w*\.")

Row = dict[str, Any]
_KNOWN = {language.name for language in LANGUAGES}


@dataclass(frozen=True, slots=True)
class CodeSearchNet:
    """A file of CodeSearchNet, such as `python_train_0.jsonl.gz`. Rows of its test and validation
    partitions are left out, since others measure with them."""

    path: Path
    licence: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def version(self) -> str:
        return f"{self.licence} {_digest(self.path)}"

    def batches(self) -> Iterator[Batch]:
        for repository, rows in groupby(_rows(self.path, ["code", "repo"]), itemgetter("repo")):
            yield self._batch(repository, list(rows))

    def _batch(self, repository: str, rows: Sequence[Row]) -> Batch:
        commit = rows[0].get("sha", "")
        batch = Batch(Project(repository, commit, self.licence, (repository.lower(),)))
        for row in rows:
            if row.get("partition", "train") != "train":
                batch.leave_out("held out by its publisher")
            elif row.get("language", "python") not in _KNOWN:
                batch.leave_out("language unknown")
            elif not is_own_source(PurePath(row["path"])) or IN_TEST_CLASS.search(row["func_name"]):
                batch.leave_out("test")
            else:
                name = row["func_name"].rpartition(".")[2]
                _add(batch, row["code"], row.get("language", "python"), name, row["docstring"])
        return batch


@dataclass(frozen=True, slots=True)
class Export:
    """An export of what an organisation has indexed, which it may train on whatever the licences.
    The index that it comes from knows the commits."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def version(self) -> str:
        return _digest(self.path)

    def batches(self) -> Iterator[Batch]:
        rows = _rows(self.path, ["repository", "text"])
        for repository, group in groupby(rows, itemgetter("repository")):
            batch = Batch(Project(repository, "index", OWN_CODE, (repository.lower(),)))
            for row in group:
                if row["language"] not in _KNOWN:
                    batch.leave_out("language unknown")
                elif row["test"] or IN_TEST_CLASS.search(row["qualified_name"]):
                    batch.leave_out("test")
                elif row["kind"] in (Kind.FUNCTION, Kind.METHOD):
                    _add(batch, row["text"], row["language"], row["name"], row["docstring"])
            yield batch


def _add(batch: Batch, code: str, language: str, name: str, docstring: str) -> None:
    """Adds a function of which a row says more than its code does."""
    try:
        function = function_in_text(code, language)
        batch.add(replace(function, name=name, docstring=docstring))
    except UnsuitableCode as reason:
        batch.leave_out(str(reason))


def _rows(path: Path, required: list[str]) -> Iterator[Row]:
    """The rows of a file, compressed or not. Raises SourceUnavailable for one without the required
    fields."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(tqdm(file, desc=path.name, unit="row", leave=False), 1):
            row = json.loads(line)
            if missing := [name for name in required if name not in row]:
                raise SourceUnavailable(f"{path}, line {number}: it has no {missing[0]!r}")
            yield row


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
