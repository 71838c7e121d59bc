"""File formats of path-contexts: JSON lines, and the files of code2vec's tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain, pairwise, repeat
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from embeddings.code.tokens import NAME_PLACEHOLDER, normalised
from embeddings.code.words import parts
from embeddings.paths.mining import Mined

Row = tuple[int, int, int]
Step = tuple[str, str]


class Writer(Protocol):
    """Writes the contexts of one file after the other."""

    def write(self, mined: Mined) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class JsonLines:
    """One definition per line: its position and name, and its contexts as lists of start token,
    path (kinds of nodes, the top in brackets) and end token."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, mined: Mined) -> None:
        tokens = [json.dumps(token) for token in mined.tokens]
        paths = [json.dumps(_in_words(kinds, top)) for kinds, top in mined.paths]
        for entry, rows in zip(mined.entries, _rows(mined), strict=True):
            head = {"path": mined.path, "language": mined.language, **asdict(entry)}
            contexts = ", ".join(f"[{tokens[a]}, {paths[p]}, {tokens[b]}]" for a, p, b in rows)
            self._file.write(f'{json.dumps(head)[:-1]}, "contexts": [{contexts}]}}\n')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.flush()


class Code2Vec:
    """A folder in the format of astminer's code2vec storage, which code2vec's preprocessing reads.
    `path_contexts.c2s` has one definition per line: its label (the subtokens of its name) and its
    contexts as `start,path,end`, all three ids. `tokens.csv` and `paths.csv` define these ids, and
    `node_types.csv` those in a path. Definitions without contexts are left out."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = (folder / "path_contexts.c2s").open("w", encoding="utf-8")
        self._as_written: dict[str, int] = {}
        self._tokens: dict[str, int] = {}
        self._paths: dict[tuple[tuple[str, ...], int], int] = {}

    def write(self, mined: Mined) -> None:
        known = self._paths
        paths = [known.setdefault(path, len(known) + 1) for path in mined.paths]
        tokens = [self._as_written.get(token) or self._number(token) for token in mined.tokens]
        for entry, rows in zip(mined.entries, _rows(mined), strict=True):
            contexts = " ".join([f"{tokens[a]},{paths[p]},{tokens[b]}" for a, p, b in rows])
            if contexts:
                self._file.write(f"{_as_label(entry.name)} {contexts}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        steps = _Steps()
        paths = [" ".join(map(steps.__getitem__, _steps(*path))) for path in self._paths]
        self._write_vocabulary("tokens.csv", "token", [*self._tokens])
        self._write_vocabulary("paths.csv", "path", paths)
        node_types = [f"{kind} {direction}" for kind, direction in steps]
        self._write_vocabulary("node_types.csv", "node_type", node_types)

    def _number(self, token: str) -> int:
        """The id of a token that has not been written in this spelling before."""
        word = token if token == NAME_PLACEHOLDER else normalised(token)
        return self._as_written.setdefault(
            token, self._tokens.setdefault(word, len(self._tokens) + 1)
        )

    def _write_vocabulary(self, name: str, what: str, words: list[str]) -> None:
        lines = (f"{number},{word}\n" for number, word in enumerate(words, start=1))
        with (self._folder / name).open("w", encoding="utf-8") as file:
            file.writelines([f"id,{what}\n", *lines])


def _rows(mined: Mined) -> Iterator[Iterator[Row]]:
    """The contexts of each entry."""
    columns = mined.starts.tolist(), mined.numbers.tolist(), mined.ends.tolist()
    for begin, end in pairwise(mined.bounds.tolist()):
        yield zip(*(column[begin:end] for column in columns), strict=True)


def _in_words(kinds: tuple[str, ...], top: int) -> str:
    return " ".join([*kinds[:top], f"[{kinds[top]}]", *kinds[top + 1 :]])


class _Steps(dict[Step, str]):
    """Ids of steps, assigned on first use."""

    def __missing__(self, step: Step) -> str:
        return self.setdefault(step, str(len(self) + 1))


def _steps(kinds: tuple[str, ...], top: int) -> Iterator[Step]:
    """The nodes of a path with the direction in which each is passed."""
    return zip(kinds, chain(repeat("UP", top), ["TOP"], repeat("DOWN")), strict=False)


def _as_label(name: str) -> str:
    return "|".join(filter(str.isalnum, parts(name))) or normalised(name)
