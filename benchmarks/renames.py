"""Whether the model prefers the name that a function was given later, and whether it sees that
names are swapped: `python -m benchmarks.renames REPOSITORY… [--checkpoint NAME] [--commits N]`.

A REPOSITORY is a git repository with its history, bare or not. A Python function is renamed if a
commit changes its name and keeps its body: at least SAME of its tokens, names of functions left
out. Tests are left out, since their names describe scenarios, and so are mechanical renames: a
change of case, underscores, digits or an ending such as the plural's, the `a` before an
asynchronous function, and a change of words that the repository has had before. Both names are
compared by their expected F1, for the code before the commit with its name hidden; and, by the
language model alone, by the cosine between that code and the name's words as a query. Chance is
0.5.

A swap exchanges the names of two functions of one file at HEAD. What is measured is the area under
the ROC curve of the doubt about swapped names against that about the same functions' own names: by
the best predicted name's expected F1 less that of the given one, and by `disagreement.doubt`, which
users see."""

from __future__ import annotations

import argparse
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from embeddings import CodeEncoder, load_encoder
from embeddings.code.definitions import extract
from embeddings.code.languages import by_path
from embeddings.code.own_names import masked
from embeddings.code.parsing import UnreadableSource
from embeddings.code.words import parts
from embeddings.evaluation.metrics import auc
from embeddings.files import path_rules
from embeddings.naming.disagreement import doubt
from embeddings.paths import CODE
from embeddings.types import Definition

SAME = 0.9
"""The least share of tokens that both bodies have in common."""

FEWEST_TOKENS = 12
"""Of a body: shorter ones say nothing."""

MOST_FILES = 40
"""Of a commit: larger ones move code."""

SWAPS = 200
"""Of a repository."""

RESAMPLES = 500
AT_ONCE = 64

_DEFINED = re.compile(r"^([-+])\s*(?:async\s+)?def\s+(\w+)", re.MULTILINE)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_ENDINGS = re.compile(r"(?:s|es|ed|ing|er)+$")

Pair = tuple[float, float]


@dataclass(frozen=True)
class Rename:
    commit: str
    path: str
    earlier: str
    later: str
    text: str


@dataclass(frozen=True)
class Swap:
    """A function, its own name, and that of another one of its file."""

    text: str
    own: str
    other: str


@dataclass(frozen=True)
class Figures:
    """Of a repository: for each rename whether the later name is preferred (1, or 0.5 for a tie) by
    the model and by the language model alone; and for each swap the doubt about the other name and
    about the own one, as a difference and as it is shown."""

    renames: np.ndarray
    by_text: np.ndarray
    differences: Sequence[Pair]
    doubts: Sequence[Pair]


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    encoder = load_encoder(options.checkpoint, device=options.device)
    text = load_encoder(options.checkpoint, device=options.device, text_only=True)
    every = []
    print(
        "| repository | renames | later preferred | language model alone | swaps | AUC | as shown |"
    )
    print("|---|---|---|---|---|---|---|")
    for repository in options.repositories:
        renames = [*islice(_renames(repository, options.commits), options.renames)]
        swaps = _swaps(repository, random.Random(0))
        figures = _measure(encoder, text, renames, swaps)
        every.append(figures)
        _print(repository.parent.name if repository.name == "repo" else repository.name, figures)
        for each in renames[: options.list]:
            print(f"  {each.commit[:10]} {each.path}: {each.earlier} → {each.later}")
    _print_together(every)


def _renames(repository: Path, commits: int) -> Iterator[Rename]:
    """The newest first."""
    seen = set[tuple[frozenset[str], frozenset[str]]]()
    for commit, path in _candidates(repository, commits):
        before, after = (_functions(repository, f"{at}:{path}") for at in (f"{commit}^", commit))
        for earlier, later in _renamed(before, after):
            old, new = frozenset(parts(earlier.name)), frozenset(parts(later.name))
            change = (old - new, new - old)
            if change not in seen and not _is_mechanical(earlier.name, later.name):
                seen.add(change)
                yield Rename(commit, path, earlier.name, later.name, earlier.text)


def _candidates(repository: Path, commits: int) -> Iterator[tuple[str, str]]:
    """Commits and files in which the name of a function goes and another name comes."""
    log = _git(
        repository, "log", f"--max-count={commits}", "--no-merges", "--unified=0", "--no-color",
        "--no-ext-diff", "--diff-filter=M", "--format=%x00%H", "--", "*.py",
    )  # fmt: skip
    for entry in log.split("\0")[1:]:
        commit, _, patch = entry.partition("\n")
        files = patch.split("\ndiff --git ")[1:]
        for file in files if len(files) <= MOST_FILES else ():
            gone, come = (
                {name for found, name in _DEFINED.findall(file) if found == sign} for sign in "-+"
            )
            path = re.search(r"^\+\+\+ b/(.+)$", file, re.MULTILINE)
            if path and _is_product(path[1]) and gone - come and come - gone:
                yield commit, path[1]


def _is_product(path: str) -> bool:
    return path_rules.classify(path) is None


def _renamed(
    before: Sequence[Definition], after: Sequence[Definition]
) -> Iterator[tuple[Definition, Definition]]:
    """Functions whose name only one side has, each with the one that it resembles most."""
    olds, news = (
        [each for each in own if each.name not in {one.name for one in others}]
        for own, others in ((before, after), (after, before))
    )
    names = {each.name for each in (*olds, *news)}
    left = {each: _body(each, names) for each in news}
    for old in olds:
        body = _body(old, names)
        best = max(left, key=lambda new: _likeness(body, left[new]), default=None)
        if best is None or body.total() < FEWEST_TOKENS:
            continue
        if _likeness(body, left[best]) >= SAME:
            del left[best]
            yield old, best


def _body(function: Definition, names: set[str]) -> Counter[str]:
    return Counter(token for token in _TOKEN.findall(function.text) if token not in names)


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The Jaccard index of two bags of tokens."""
    return (one & other).total() / max(1, (one | other).total())


def _is_mechanical(earlier: str, later: str) -> bool:
    if earlier.startswith("__") or later.startswith("__"):
        return True
    bare = earlier.strip("_"), later.strip("_")
    if bare[0] == f"a{bare[1]}" or bare[1] == f"a{bare[0]}":
        return True
    old, new = (
        sorted(_ENDINGS.sub("", part) for part in parts(name) if not part.isdigit())
        for name in (earlier, later)
    )
    return not old or not new or old == new


def _swaps(repository: Path, generator: random.Random) -> list[Swap]:
    """Of functions of one file whose names have no word in common."""
    files = _git(repository, "ls-tree", "-r", "--name-only", "HEAD").splitlines()
    sources = [file for file in files if file.endswith(".py") and _is_product(file)]
    generator.shuffle(sources)
    found: list[Swap] = []
    for path in sources:
        functions = [
            each
            for each in _functions(repository, f"HEAD:{path}")
            if not each.name.startswith("__") and _body(each, set()).total() >= FEWEST_TOKENS
        ]
        generator.shuffle(functions)
        for one, other in zip(functions[::2], functions[1::2], strict=False):
            if not set(parts(one.name)) & set(parts(other.name)):
                found += [
                    Swap(one.text, one.name, other.name), Swap(other.text, other.name, one.name),
                ]  # fmt: skip
        if len(found) >= SWAPS:
            break
    return found[:SWAPS]


def _functions(repository: Path, file: str) -> list[Definition]:
    file_type = by_path("a.py")
    assert file_type is not None
    try:
        found = extract(_git(repository, "show", file), file_type).definitions
    except (UnreadableSource, subprocess.CalledProcessError):
        return []
    return [each for each in found if each.kind in CODE]


def _measure(
    encoder: CodeEncoder, text: CodeEncoder, renames: Sequence[Rename], swaps: Sequence[Swap]
) -> Figures:
    texts = [each.text for each in renames]
    names = [each.earlier for each in renames], [each.later for each in renames]
    earlier, later = (_in_parts(encoder.expected_f1, texts, own) for own in names)
    hidden = text.encode_definitions([masked(each) for each in texts]) if texts else None
    by_text = [
        (hidden * text.encode_queries([" ".join(parts(name)) for name in own])).sum(axis=1)
        if hidden is not None
        else np.zeros(0)
        for own in names
    ]
    bodies = [each.text for each in swaps]
    own, other = [each.own for each in swaps], [each.other for each in swaps]
    right, wrong = (_in_parts(encoder.expected_f1, bodies, own) for own in (own, other))
    predicted = [
        name
        for start in range(0, len(bodies), AT_ONCE)
        for name in encoder.predict_names(bodies[start : start + AT_ONCE])
    ]
    best = np.array([max((score for _, score in names), default=0.0) for names in predicted])
    shown = [
        (doubt(swap.other, names, encoder.name_thresholds),
         doubt(swap.own, names, encoder.name_thresholds))
        for swap, names in zip(swaps, predicted, strict=True)
    ]  # fmt: skip
    return Figures(
        _preferred(later, earlier),
        _preferred(by_text[1], by_text[0]),
        list(zip(best - wrong, best - right, strict=True)),
        shown,
    )


def _in_parts(
    judge: Callable[[Sequence[str], Sequence[str]], list[float]],
    texts: Sequence[str],
    names: Sequence[str],
) -> np.ndarray:
    starts = range(0, len(texts), AT_ONCE)
    judged = (judge(texts[at : at + AT_ONCE], names[at : at + AT_ONCE]) for at in starts)
    return np.array([score for part in judged for score in part])


def _preferred(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (np.sign(one - other) + 1) / 2


def _auc(pairs: Sequence[Pair]) -> float:
    """Of swapped names against own ones, of any function."""
    return auc(*np.array(pairs).T) if len(pairs) else float("nan")


def _print(name: str, figures: Figures) -> None:
    shares = (
        f"{own.mean():.3f}" if len(own) else "–" for own in (figures.renames, figures.by_text)
    )
    print(
        f"| {name} | {len(figures.renames)} | {' | '.join(shares)} | {len(figures.differences)} |"
        f" {_auc(figures.differences):.3f} | {_auc(figures.doubts):.3f} |"
    )


def _print_together(every: Sequence[Figures]) -> None:
    """The figures of all together, with intervals by resampling repositories, and then within."""
    generator = np.random.default_rng(0)
    measures: dict[str, tuple[Callable[[Figures], Sequence], Callable[[Sequence], float]]] = {
        "later preferred": (lambda each: each.renames, _mean),
        "later preferred, language model alone": (lambda each: each.by_text, _mean),
        "AUC of swaps": (lambda each: each.differences, _auc),
        "AUC of swaps, as shown": (lambda each: each.doubts, _auc),
    }
    for name, (of, measure) in measures.items():
        own = [np.array(of(each)) for each in every if len(of(each))]
        if not own:
            continue
        resamples = [
            measure(np.concatenate([_resampled(own[row], generator) for row in chosen]))
            for chosen in generator.integers(len(own), size=(RESAMPLES, len(own)))
        ]
        low, high = np.percentile(resamples, [2.5, 97.5])
        whole = np.concatenate(own)
        print(f"{name}: {measure(whole):.3f} ({low:.3f}–{high:.3f}) of {len(whole):,}")


def _resampled(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return values[generator.integers(len(values), size=len(values))]


def _mean(values: Sequence) -> float:
    return float(np.mean(values))


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, check=True
    ).stdout.decode(errors="replace")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.renames", description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--commits", type=int, default=2_000, help="of each, the newest")
    parser.add_argument("--renames", type=int, default=300, help="of each, at most")
    parser.add_argument("--list", type=int, default=0, help="print so many renames of each")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


if __name__ == "__main__":
    main()
