"""What every encoder of definitions can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.naming.disagreement import Thresholds
from embeddings.naming.scopes import Role
from embeddings.networks.explanations import Explanation
from embeddings.text.settings import EncoderUnavailable
from embeddings.types import Matrix

Names = list[list[tuple[str, float]]]

NAMES = 5


class NotFinite(ValueError):
    """Some vectors are not finite; `rows` has the indices of their texts."""

    def __init__(self, rows: list[int]) -> None:
        super().__init__(f"No finite vector for text(s) number {', '.join(map(str, rows))}.")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of n definitions (n, dimensions), rows of unit length, and for each its predicted
    names, best first, with their expected F1 over subtokens. `structure` is what the code added to
    the vectors (`FusionNetwork.structure`), None if unknown. `unread` is the number of tokens at
    the end of each text that the language model has not read."""

    vectors: Matrix
    names: Names
    structure: Matrix | None = None
    unread: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class DoubtfulVariable:
    """A variable or parameter whose name disagrees with its use. `suggestions` are the likely
    names, best first, each with its expected F1 over subtokens."""

    name: str
    role: Role
    suggestions: Sequence[tuple[str, float]]


class CodeEncoder(ABC):
    """Encodes definitions and descriptions into one vector space. `fingerprint` changes whenever
    the same text could get another vector, `draft_fingerprint` whenever it could get another draft;
    without drafts it is empty."""

    name: str
    fingerprint: str
    dimensions: int
    device: str = "cpu"
    draft_fingerprint: str = ""
    name_thresholds: Thresholds = Thresholds()

    @abstractmethod
    def encode(self, texts: Sequence[str], language: str = "python") -> Encoded:
        """Vectors and predicted names of n definitions. Every text gets a vector, even with syntax
        errors; in a language that code2vec was not trained on, from the text alone. Raises
        NotFinite."""

    def draft(self, texts: Sequence[str], language: str = "python") -> Encoded:
        """Vectors of n definitions in the same space, at once instead of after a reading by the
        language model, and names by the code half. `structure` is unknown. Raises NotFinite, and
        EncoderUnavailable if the encoder has no drafts."""
        raise EncoderUnavailable(f"The encoder {self.name} has no drafts.")

    @abstractmethod
    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """(n,) descriptions → (n, dimensions), rows of unit length."""

    @abstractmethod
    def predict_names(
        self, texts: Sequence[str], k: int = NAMES, language: str = "python"
    ) -> Names:
        """For each of n definitions at most k names, best first, with their expected F1 over
        subtokens; none in a language that code2vec was not trained on. A definition's own name is
        hidden from the prediction."""

    @abstractmethod
    def expected_f1(
        self, texts: Sequence[str], names: Sequence[str], language: str = "python"
    ) -> list[float]:
        """How well names fit n definitions, one for each: their expected F1 over subtokens, as that
        of predicted names; 0 in a language that code2vec was not trained on. A definition's own
        name is hidden."""

    def doubtful_variables(self, text: str, language: str = "python") -> list[DoubtfulVariable]:
        """The variables of a definition whose names disagree with their use, in the order in which
        they are bound; none without a network of variables' names, or in a language that it was not
        trained on."""
        return []

    @abstractmethod
    def explain(
        self, source: str, query: str | None = None, language: str = "python"
    ) -> Explanation:
        """The path-contexts of a definition with their attention and, given a query, what the text
        and the code add to their similarity: exactly for linear fusions, by Shapley values for
        attention (`explanations.Attribution`)."""

    @abstractmethod
    def encode_definitions(self, texts: Sequence[str], language: str = "python") -> Matrix:
        """(n,) definitions → (n, dimensions), rows of unit length. Raises NotFinite."""


def finite(vectors: Matrix) -> Matrix:
    """The same vectors (n, d). Raises NotFinite if some are not finite."""
    rows = np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist()
    if rows:
        raise NotFinite(rows)
    return vectors
