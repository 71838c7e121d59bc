"""Whether a name disagrees with the code that it names, by the names predicted from the code."""

from __future__ import annotations

from collections.abc import Sequence

from embeddings.code.words import parts

SURE = 0.6
"""The expected F1 from which the best prediction is taken for sure. About one function in a hundred
disagrees then (docs/results/definitions.md)."""

LIKELY = 0.3
"""The expected F1 of predicted names whose words speak for a name."""

_SHORTEST = 3
"""Letters of a word that may be part of another: `def` of `definition`, `read` of `aread`."""


def disagrees(name: str, predicted: Sequence[tuple[str, float]]) -> bool:
    """Whether the `predicted` names, each with its expected F1, are sure, and none of the likely
    ones shares a word with `name`. Words are alike if one is part of the other. Names that Python
    and other languages prescribe, `__init__`, never disagree."""
    own = parts(name)
    if not own or not predicted or name.startswith("__"):
        return False
    if max(score for _, score in predicted) < SURE:
        return False
    others = {word for other, score in predicted if score >= LIKELY for word in parts(other)}
    return not any(_are_alike(word, other) for word in own for other in others)


def _are_alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return shorter == longer or (len(shorter) >= _SHORTEST and shorter in longer)
