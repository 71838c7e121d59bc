"""How far the versions of functions are apart in the space of vectors, over the history of a git
repository: `python -m benchmarks.evolution OLD NEW [--repository PATH]`.

A pair is a function that both commits have in the same file by the same qualified name, with
another text. Beside the distances of such pairs (1 less the cosine) it prints the distance of each
function to the nearest other one of its file: a function that is as far from what it was as from
its neighbour has become another one."""

from __future__ import annotations

import argparse
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from embeddings import load_encoder
from embeddings.code.definitions import extract
from embeddings.code.languages import Language, by_path
from embeddings.types import Kind, Matrix

PROJECT = Path(__file__).parents[1]
SHOWN = (10, 25, 50, 75, 90)
"""Percentiles."""

Texts = dict[str, str]
"""qualified name → text"""


def main() -> None:
    """Prints a line of percentiles for each kind of distance, and how many pairs are above each
    threshold."""
    options = _options()
    torch.set_num_threads(1)
    pairs = [*_changed(options.repository, options.old, options.new)]
    random.Random(0).shuffle(pairs)
    pairs = pairs[: options.functions]
    encoder = load_encoder(options.checkpoint, device="cpu")
    olds = encoder.encode_definitions([old for old, _, _ in pairs])
    news = encoder.encode_definitions([new for _, new, _ in pairs])
    moved = 1 - (olds * news).sum(axis=1)
    beside = np.array([_nearest(encoder.encode_definitions([new, *others]))
                       for _, new, others in pairs if others])  # fmt: skip
    print(f"{len(pairs)} functions that changed")
    _print("old to new", moved)
    _print("nearest in the file", beside)
    for threshold in (0.05, 0.1, 0.15, 0.2, 0.3):
        print(f"  above {threshold:.2f}: {100 * (moved >= threshold).mean():.0f}%")


def _changed(repository: Path, old: str, new: str) -> Iterator[tuple[str, str, list[str]]]:
    """The old and the new text of each pair, with some others of the new file."""
    for path in _git(repository, "diff", "--name-only", "--diff-filter=M", old, new).splitlines():
        if not path.endswith(".py"):
            continue
        before, after = (_functions(_git(repository, "show", f"{at}:{path}")) for at in (old, new))
        for name, text in after.items():
            if name in before and before[name] != text:
                others = [other for other in after.values() if other != text]
                yield before[name], text, others[:10]


def _functions(source: str) -> Texts:
    file_type = by_path("x.py")
    assert isinstance(file_type, Language)
    kinds = (Kind.FUNCTION, Kind.METHOD)
    return {
        d.qualified_name: d.text for d in extract(source, file_type).definitions if d.kind in kinds
    }


def _nearest(vectors: Matrix) -> float:
    """The distance of the first one to the nearest of the others."""
    return float(1 - (vectors[1:] @ vectors[0]).max())


def _print(name: str, distances: Matrix) -> None:
    values = np.percentile(distances, SHOWN)
    listed = "  ".join(f"p{at} {value:.3f}" for at, value in zip(SHOWN, values, strict=True))
    print(f"  {name:20} {listed}")


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", repository, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default="HEAD")
    parser.add_argument("--repository", type=Path, default=PROJECT)
    parser.add_argument("--checkpoint", default="default")
    parser.add_argument("--functions", type=int, default=200, metavar="N", help="at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
