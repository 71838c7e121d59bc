"""Whether a name disagrees with the code that it names, by the names predicted from the code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from embeddings.code.words import parts

CONFIG, FORMAT = "config.json", 1
"""The file of a namer's folder that holds its thresholds, and the version of that folder."""

_SHORTEST = 3
"""Letters of a word that may be part of another: `def` of `definition`, `read` of `aread`."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Expected F1 of predicted names. From `sure` the best one is taken for sure; the words of
    those from `likely` speak for a name. A checkpoint has its own; with these about one function in
    a hundred disagrees (docs/results/definitions.md)."""

    sure: float = 0.6
    likely: float = 0.3

    @classmethod
    def load(cls, folder: Path) -> Thresholds | None:
        """Those of the namer in a folder; None if there is none of this version."""
        path = folder / CONFIG
        config = json.loads(path.read_text()) if path.is_file() else {}
        return cls(**config["thresholds"]) if config.get("format") == FORMAT else None

    def save(self, folder: Path) -> None:
        config = {"format": FORMAT, "thresholds": asdict(self)}
        (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")


DEFAULT = Thresholds()


def doubt(
    name: str, predicted: Sequence[tuple[str, float]], thresholds: Thresholds = DEFAULT
) -> float:
    """How sure another name is than `name`: the highest expected F1 of the `predicted` names, each
    with its own; 0 if that is not sure, or if a likely one shares a word with `name`. Words are
    alike if one is part of the other. Names that Python and other languages prescribe, `__init__`,
    are never in doubt."""
    own = parts(name)
    if not own or not predicted or name.startswith("__"):
        return 0.0
    best = max(score for _, score in predicted)
    if best < thresholds.sure:
        return 0.0
    others = {word for other, _ in likely(predicted, thresholds) for word in parts(other)}
    is_alike = any(_are_alike(word, other) for word in own for other in others)
    return 0.0 if is_alike else best


def variable_doubt(
    name: str, predicted: Sequence[tuple[str, float]], thresholds: Thresholds = DEFAULT
) -> float:
    """As `doubt`, of a variable, whose name may also abbreviate a likely one: `i` stands for
    `index`, `ctx` for `context`."""
    others = [word for other, _ in likely(predicted, thresholds) for word in parts(other)]
    if any(_abbreviates(word, other) for word in parts(name) for other in others):
        return 0.0
    return doubt(name, predicted, thresholds)


def disagrees(
    name: str, predicted: Sequence[tuple[str, float]], thresholds: Thresholds = DEFAULT
) -> bool:
    return doubt(name, predicted, thresholds) > 0


def likely(
    predicted: Sequence[tuple[str, float]], thresholds: Thresholds = DEFAULT
) -> list[tuple[str, float]]:
    """The predicted names that are likely, best first."""
    found = [each for each in predicted if each[1] >= thresholds.likely]
    return sorted(found, key=lambda each: -each[1])


def _are_alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return shorter == longer or (len(shorter) >= _SHORTEST and shorter in longer)


def _abbreviates(short: str, word: str) -> bool:
    """Whether both begin with the same letter and `word` has the letters of `short` in order."""
    letters = iter(word)
    return short[0] == word[0] and all(letter in letters for letter in short)
