"""The user's balance: how much words, meaning and structure count, at query time.

A fused vector is the sum of what a definition's text and its code add to it, so that its cosine
with a query is the sum of two products. The balance weights these: `meaning` the text's,
`structure` the code's. What comes of it is put on the scale that meaning has anyway (in
`search.scoring`: 1 for the nearest text, 0 for the DEPTHth), so that a half which is small beside
the other is not lost when it stands alone, and it counts as much as the greater of the two weights.
Balanced evenly, the sum is the cosine itself, and the ranking is the one whose weights were
tuned."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from search.query.filters import BadQuery

FAINT = 0.2
"""What is not preferred still decides between what is alike."""

_NUMBERS = re.compile(r"\d(?:\.\d{1,6})?(?:,\d(?:\.\d{1,6})?){2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Balance:
    """Weights from 0 to 1, beside those that were tuned."""

    words: float = 1.0
    meaning: float = 1.0
    structure: float = 1.0

    @property
    def of_vectors(self) -> float:
        """How much vectors count at all."""
        return max(self.meaning, self.structure)

    @property
    def is_of_whole_vectors(self) -> bool:
        """Vectors are compared as they are, or not at all."""
        return self.meaning == self.structure

    def similarity(self, cosine: float, by_code: float | None) -> float:
        """Of a text whose code adds `by_code` to its cosine with the query; None: not known, and
        all of it counts as meaning."""
        code = by_code or 0.0
        return self.meaning * (cosine - code) + self.structure * code


EVEN = Balance()
PRESETS = {
    "even": EVEN,
    "words": Balance(words=1.0, meaning=FAINT, structure=FAINT),
    "meaning": Balance(words=FAINT, meaning=1.0, structure=0.0),
    "structure": Balance(words=FAINT, meaning=0.0, structure=1.0),
}


def parse_balance(text: str) -> Balance:
    """A balance by its name, or by its three numbers. Raises `BadQuery`."""
    if text in PRESETS:
        return PRESETS[text]
    if _NUMBERS.fullmatch(text):
        weights = Balance(*map(float, text.split(",")))
        if 0 < max(astuple(weights)) <= 1:
            return weights
    raise BadQuery(
        f"Unknown balance “{text}”. Use {', '.join(PRESETS)}, or three numbers from 0 to 1, not all"
        " 0, for words, meaning and structure: 1,0.5,0.",
        "balance",
    )
