"""The baseline for names of variables: the most common name in each role, `python -m
benchmarks.variables FOLDER…`.

Each FOLDER holds the sources of one project. For each project in turn the names are those of all
others; what is printed is the share of variables with exactly that name (top 1) and the F1 over
subtokens, by role, with bootstrap intervals over variables."""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from embeddings.code.definitions import extract
from embeddings.code.languages import by_path
from embeddings.code.parsing import UnreadableSource
from embeddings.evaluation.metrics import interval, name_scores
from embeddings.naming.scopes import Role
from embeddings.naming.variables import Variable, most_common_names, variables
from embeddings.paths import CODE


def main() -> None:
    options = _options()
    projects = {folder: _variables(folder) for folder in options.folders}
    pairs: dict[Role, list[tuple[str, str]]] = defaultdict(list)
    for folder, own in projects.items():
        others = (each for other in projects if other != folder for each in projects[other])
        names = most_common_names(others)
        for variable in own:
            pairs[variable.role].append((names.get(variable.role, ""), variable.name))
    print("| role | variables | top 1 | F1 |")
    print("|---|---|---|---|")
    for role in sorted(pairs, key=lambda role: -len(pairs[role])):
        _print(role, pairs[role])
    _print("all", [pair for own in pairs.values() for pair in own])


def _print(role: str, pairs: list[tuple[str, str]]) -> None:
    predicted, actual = zip(*pairs, strict=True)
    right = interval(np.array([one == other for one, other in pairs], np.float64))
    f1 = name_scores(predicted, actual).f1
    print(f"| {role} | {len(pairs):,} | {right} | {f1} |")


def _variables(folder: Path) -> list[Variable]:
    found: list[Variable] = []
    file_type = by_path("a.py")
    assert file_type is not None
    for path in sorted(folder.rglob("*.py")):
        try:
            definitions = extract(path.read_text(errors="replace"), file_type).definitions
        except UnreadableSource:
            continue
        functions = [each.text for each in definitions if each.kind in CODE]
        found += [each for text in functions for each in variables(text)]
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variables", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    main()
