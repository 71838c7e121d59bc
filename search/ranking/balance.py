"""The user's balance: how much words, meaning and structure count, at query time.

A fused vector is the sum of a text's share and a code's share, so that its cosine with a query is
the sum of two products. The balance weights these: `meaning` the text's, `structure` the code's.
The result is scaled to the range of the nearest texts' cosines (`search.ranking.scoring`), so that
a small share still decides when it stands alone. It counts as much as the greater of the two
weights. With even weights the sum is the cosine itself, and the ranking is the tuned one."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from search.query.filters import BadQuery, quoted

MINOR = 0.2
"""The weight of what is not preferred, so that it still breaks ties."""

_NUMBERS = re.compile(r"\d(?:\.\d{1,6})?(?:,\d(?:\.\d{1,6})?){2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Balance:
    """Weights from 0 to 1, which multiply the tuned ones."""

    words: float = 1.0
    meaning: float = 1.0
    structure: float = 1.0

    @property
    def of_vectors(self) -> float:
        """The weight of vectors as a whole."""
        return max(self.meaning, self.structure)

    @property
    def is_of_whole_vectors(self) -> bool:
        """Whether vectors are compared whole, or not at all."""
        return self.meaning == self.structure

    def similarity(self, cosine: float, code_cosine: float | None) -> float:
        """The weighted cosine of a text, given the code's share of it; None if that is unknown, and
        all of it counts as meaning."""
        code = code_cosine or 0.0
        return self.meaning * (cosine - code) + self.structure * code


EVEN = Balance()
PRESETS = {
    "even": EVEN,
    "words": Balance(words=1.0, meaning=MINOR, structure=MINOR),
    "meaning": Balance(words=MINOR, meaning=1.0, structure=0.0),
    "structure": Balance(words=MINOR, meaning=0.0, structure=1.0),
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
        f"Unknown balance {quoted(text)}. Use {', '.join(PRESETS)}, or three numbers from 0 to 1,"
        " not all 0, for words, meaning and structure: 1,0.5,0.",
        "balance",
    )
