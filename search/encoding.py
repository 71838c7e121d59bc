"""Vectors and predicted names by the encoder that this process searches with. The texts need not be
indexed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

from codeindex.models import Definition
from codeindex.spaces import encoders
from embeddings.code_encoder import DoubtfulVariable
from search.request import PastedCode

MOST_TEXTS = 20
"""Queries and definitions that are encoded at once."""

MOST_NAMES = 20

Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Encoding:
    """Vectors of unit length. Those with the same `fingerprint` can be compared by their cosine,
    queries with definitions too."""

    fingerprint: str
    name: str
    dimensions: int
    queries: Sequence[Vector]
    definitions: Sequence[Vector]


def encode(queries: Sequence[str], definitions: Sequence[PastedCode]) -> Encoding:
    """At most MOST_TEXTS together. Raises `EncoderUnavailable`."""
    encoder = encoders.searcher.encoder()
    vectors: list[Vector] = [()] * len(definitions)
    by_language = defaultdict[str, list[int]](list)
    for number, code in enumerate(definitions):
        by_language[code.language].append(number)
    for language, numbers in by_language.items():
        sources = [dedent(definitions[number].source) for number in numbers]
        rows = encoder.encode_definitions(sources, language).tolist()
        for number, row in zip(numbers, rows, strict=True):
            vectors[number] = row
    return Encoding(
        fingerprint=encoder.fingerprint,
        name=encoder.name,
        dimensions=encoder.dimensions,
        queries=encoder.encode_queries(queries).tolist() if queries else [],
        definitions=vectors,
    )


def predicted_names(code: PastedCode, limit: int) -> Sequence[tuple[str, float]]:
    """At most `limit` names for a definition, best first, with their expected F1 over subtokens;
    none in a language that the networks were not trained on. Raises `EncoderUnavailable`."""
    (names,) = encoders.searcher.encoder().predict_names(
        [dedent(code.source)], k=limit, language=code.language
    )
    return names


def doubtful_variables(definition: Definition) -> Sequence[DoubtfulVariable]:
    """The variables of a definition whose names disagree with their use. Raises
    `EncoderUnavailable`."""
    text = definition.text
    return encoders.searcher.encoder().doubtful_variables(text.body, text.language)
