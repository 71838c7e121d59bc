"""Totals of many files, estimated from a sample of them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from more_itertools import map_reduce

SAMPLED = 200
"""About how many files are read, of all languages together."""

FEWEST = 5
"""Files that are read of each language at least, if it has as many."""

NINE_OF_TEN = 1.645
"""Nine of ten values lie within this many standard deviations of the mean."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the ends of an interval that holds the true one in nine of ten cases."""

    value: float
    low: float
    high: float

    def times(self, other: Estimate) -> Estimate:
        """The product. Its interval is a little too wide, since both ends are taken together."""
        return Estimate(self.value * other.value, self.low * other.low, self.high * other.high)

    def plus(self, other: Estimate) -> Estimate:
        return Estimate(self.value + other.value, self.low + other.low, self.high + other.high)

    def as_json(self) -> list[float]:
        return [round(self.value, 1), round(self.low, 1), round(self.high, 1)]


def exactly(value: float) -> Estimate:
    return Estimate(value, value, value)


@dataclass(frozen=True, slots=True)
class Sized(Generic[T]):
    """A file with its language and its bytes, by which it may be drawn."""

    file: T
    language: str
    size: int


def draw(files: Sequence[Sized[T]]) -> list[Sized[T]]:
    """The files to read. Each language gets a share of the sample as large as its share of all
    bytes. Files are drawn in proportion to their sizes, with repetition, and the same ones each
    time; a language that has few files is read whole."""
    generator, total = random.Random(0), sum(file.size for file in files)  # noqa: S311
    drawn = []
    for own in _by_language(files).values():
        share = sum(file.size for file in own) / max(1, total)
        count = max(FEWEST, round(SAMPLED * share))
        if count >= len(own):
            drawn += own
        else:
            drawn += generator.choices(own, [max(1, file.size) for file in own], k=count)
    return drawn


def total(
    files: Sequence[Sized[T]], drawn: Sequence[Sized[T]], measured: Mapping[T, float]
) -> Estimate:
    """What all files hold in total, by what was `measured` of those that were `drawn`: for each
    language, the mean ratio of measure to size, times all bytes (Hansen & Hurwitz 1943)."""
    samples, value, variance = _by_language(drawn), 0.0, 0.0
    for language, own in _by_language(files).items():
        sample = samples[language]
        if len(sample) >= len(own):
            value += sum(measured[file.file] for file in own)
            continue
        bytes_ = sum(file.size for file in own)
        ratios = [measured[file.file] / max(1, file.size) for file in sample]
        mean = sum(ratios) / len(ratios)
        value += mean * bytes_
        spread = sum((ratio - mean) ** 2 for ratio in ratios) / max(1, len(ratios) - 1)
        variance += bytes_**2 * spread / len(ratios)
    margin = NINE_OF_TEN * math.sqrt(variance)
    return Estimate(value, max(0.0, value - margin), value + margin)


def _by_language(files: Sequence[Sized[T]]) -> dict[str, list[Sized[T]]]:
    return dict(map_reduce(files, keyfunc=lambda file: file.language))
