"""How well names of variables are predicted, beside the most common name in each role: `python -m
benchmarks.variables FOLDER… --checkpoint CHECKPOINT`.

Each FOLDER holds the sources of one project. For the baseline, the names for each project in turn
are those of all others. What is printed is the share of variables with exactly the predicted name
(top 1) and the F1 over subtokens, by role, with bootstrap intervals over variables.

A swap exchanges the names of two parameters of a function wherever they occur. What is measured is
the area under the ROC curve of the doubt about the names of both after the swap against that before
it: the best predicted name's expected F1 less that of the given one."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, permutations
from operator import eq
from pathlib import Path

import numpy as np
from more_itertools import sliced

from embeddings import checkpoints, variable_namer
from embeddings.code.definitions import extract
from embeddings.code.languages import by_path
from embeddings.code.parsing import UnreadableSource
from embeddings.code.words import parts
from embeddings.evaluation.metrics import auc, interval, name_scores
from embeddings.naming.scopes import Role
from embeddings.naming.variable_network import VariableNetwork
from embeddings.naming.variables import Variable, most_common_names, variables
from embeddings.paths import CODE

BATCH = 512

Pairs = dict[Role, list[tuple[str, str]]]
"""role → predicted and true names."""


def main() -> None:
    options = _options()
    texts = {folder: _functions(folder) for folder in options.folders}
    projects = {
        folder: [each for text in own for each in variables(text)] for folder, own in texts.items()
    }
    _print("the most common name", _baseline(projects))
    if options.checkpoint:
        namer = variable_namer.load(checkpoints.load(options.checkpoint))
        assert namer is not None, f"{options.checkpoint} has no network for variables"
        network = namer.network
        _print("predicted", _predicted(network, list(chain.from_iterable(projects.values()))))
        pairs = [pair for own in texts.values() for pair in _swap_doubts(network, own)]
        print(f"AUC of {len(pairs):,} swapped names: {auc(*np.array(pairs).T):.3f}")


def _baseline(projects: Mapping[Path, Sequence[Variable]]) -> Pairs:
    pairs: Pairs = defaultdict(list)
    for folder, own in projects.items():
        others = (each for other in projects if other != folder for each in projects[other])
        names = most_common_names(others)
        for variable in own:
            pairs[variable.role].append((names.get(variable.role, ""), variable.name))
    return pairs


def _predicted(network: VariableNetwork, variables: Sequence[Variable]) -> Pairs:
    pairs: Pairs = defaultdict(list)
    for batch in sliced(variables, BATCH):
        for variable, names in zip(batch, network.names(batch, k=1), strict=True):
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


def _swap_doubts(network: VariableNetwork, texts: Sequence[str]) -> Iterator[tuple[float, float]]:
    """Of each function's first two parameters, the doubt about their names after a swap and before
    it."""
    for text in texts:
        both = [each for each in variables(text) if each.role == Role.PARAMETER][:2]
        if len(both) < 2 or set(parts(both[0].name)) & set(parts(both[1].name)):
            continue
        swapped = _renamed(text, {one.name: other for one, other in permutations(both)})
        after = {each.name: each for each in variables(swapped)}
        if all(each.name in after for each in both):
            yield from zip(
                _doubts(network, [after[each.name] for each in both]),
                _doubts(network, both),
                strict=True,
            )


def _renamed(text: str, variables: Mapping[str, Variable]) -> str:
    """The text with other names, the keys, for the occurrences of variables."""
    source, place, written = text.encode(), 0, list[bytes]()
    spans = [(span, name) for name, each in variables.items() for span in each.occurrences]
    for (start, end), name in sorted(spans):
        written += [source[place:start], name.encode()]
        place = end
    return b"".join([*written, source[place:]]).decode()


def _doubts(network: VariableNetwork, known: Sequence[Variable]) -> list[float]:
    own = network.expected_f1(known, [each.name for each in known])
    best = (names[0][1] if names else 0.0 for names in network.names(known, k=1))
    return [most - score for most, score in zip(best, own, strict=True)]


def _functions(folder: Path) -> list[str]:
    found: list[str] = []
    file_type = by_path("a.py")
    assert file_type is not None
    for path in sorted(folder.rglob("*.py")):
        try:
            definitions = extract(path.read_text(errors="replace"), file_type).definitions
        except UnreadableSource:
            continue
        found += [each.text for each in definitions if each.kind in CODE]
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.variables", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--checkpoint", help="name or folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
