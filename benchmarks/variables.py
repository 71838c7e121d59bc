"""How well names of variables are predicted, beside the most common name in each role: `python -m
benchmarks.variables FOLDER… --checkpoint CHECKPOINT`.

Each FOLDER holds the sources of one project. For the baseline, the names for each project in turn
are those of all others. What is printed is the share of variables with exactly the predicted name
(top 1) and the F1 over subtokens, by role, with bootstrap intervals over variables."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from operator import eq
from pathlib import Path

import numpy as np
from more_itertools import sliced

from embeddings import checkpoints, variable_namer
from embeddings.code.definitions import extract
from embeddings.code.languages import by_path
from embeddings.code.parsing import UnreadableSource
from embeddings.evaluation.metrics import interval, name_scores
from embeddings.naming.scopes import Role
from embeddings.naming.variables import Variable, most_common_names, variables
from embeddings.paths import CODE
from embeddings.variable_namer import VariableNamer

BATCH = 512

Pairs = dict[Role, list[tuple[str, str]]]
"""role → predicted and true names."""


def main() -> None:
    options = _options()
    projects = {folder: _variables(folder) for folder in options.folders}
    _print("the most common name", _baseline(projects))
    if options.checkpoint:
        namer = variable_namer.load(checkpoints.load(options.checkpoint))
        assert namer is not None, f"{options.checkpoint} has no network for variables"
        _print("predicted", _predicted(namer, list(chain.from_iterable(projects.values()))))


def _baseline(projects: Mapping[Path, Sequence[Variable]]) -> Pairs:
    pairs: Pairs = defaultdict(list)
    for folder, own in projects.items():
        others = (each for other in projects if other != folder for each in projects[other])
        names = most_common_names(others)
        for variable in own:
            pairs[variable.role].append((names.get(variable.role, ""), variable.name))
    return pairs


def _predicted(namer: VariableNamer, variables: Sequence[Variable]) -> Pairs:
    pairs: Pairs = defaultdict(list)
    for batch in sliced(variables, BATCH):
        for variable, names in zip(batch, namer.names(batch, k=1), strict=True):
            pairs[variable.role].append((names[0][0] if names else "", variable.name))
    return pairs


def _print(how: str, pairs: Pairs) -> None:
    print(f"| {how} | variables | top 1 | F1 |")
    print("|---|---|---|---|")
    for role in sorted(pairs, key=lambda role: -len(pairs[role])):
        _print_row(role, pairs[role])
    _print_row("all", [pair for own in pairs.values() for pair in own])


def _print_row(role: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Names are compared without the underscores around them, which are not predicted."""
    predicted, actual = ([name.strip("_") for name in names] for names in zip(*pairs, strict=True))
    right = interval(np.array(list(map(eq, predicted, actual)), np.float64))
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
    parser.add_argument("--checkpoint", help="name or folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
