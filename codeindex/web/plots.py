"""Plots as SVG, made on the server: coordinates for templates/codeindex/plots/*.html."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 10, 28
STEPS = 4
"""Lines of the grid, roughly."""

LABELS = 8
"""On the horizontal axis, at most."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle of a bar, or a point of a line, and what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What to draw: marks, polylines as their `points` by the number of their series, the lines of
    the grid with their labels, and the labels below."""

    marks: Sequence[Mark]
    lines: Sequence[tuple[int, str]]
    grid: Sequence[tuple[float, str]]
    labels: Sequence[tuple[float, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> Plot:
    """Bars that stand on each other: one for each label, with a part for each series."""
    totals = [sum(values) for values in zip(*(values for _, values in series), strict=True)]
    top, grid = _scale(max(totals, default=0))
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    marks = []
    for place, label in enumerate(labels):
        base = 0
        for number, (name, values) in enumerate(series, 1):
            value = values[place]
            if value:
                marks.append(
                    Mark(
                        round(LEFT + place * step + step * 0.1, 1),
                        _y(base + value, top),
                        round(step * 0.8, 1),
                        round(_y(base, top) - _y(base + value, top), 1),
                        number,
                        f"{label}: {value:,} {name}",
                    )
                )
            base += value
    centres = [LEFT + (place + 0.5) * step for place in range(len(labels))]
    return Plot(marks, [], grid, _thinned(centres, labels))


def lines(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> Plot:
    """A line for each series, with a point for each label; values are from 0 to 1."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(labels))
    centres = [LEFT + (place + 0.5) * step for place in range(len(labels))]
    marks, polylines = [], []
    for number, (name, values) in enumerate(series, 1):
        points = [(round(x, 1), _y(value, 1)) for x, value in zip(centres, values, strict=True)]
        polylines.append((number, " ".join(f"{x},{y}" for x, y in points)))
        marks += [
            Mark(x, y, 0, 0, number, f"{label}: {name} {value:.3f}")
            for (x, y), label, value in zip(points, labels, values, strict=True)
        ]
    grid = [(_y(part / STEPS, 1), f"{part / STEPS:.2f}") for part in range(STEPS + 1)]
    return Plot(marks, polylines, grid, _thinned(centres, labels))


def _scale(highest: int) -> tuple[float, list[tuple[float, str]]]:
    """The value at the top, and the lines of the grid: round numbers."""
    rough = max(highest, 1) / STEPS
    power = 10 ** math.floor(math.log10(rough))
    step = max(1, next(n * power for n in (1, 2, 5, 10) if n * power >= rough))
    count = math.ceil(max(highest, 1) / step)
    top = count * step
    return top, [(_y(number * step, top), f"{number * step:,.0f}") for number in range(count + 1)]


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)


def _thinned(places: Sequence[float], labels: Sequence[str]) -> list[tuple[float, str]]:
    every = max(1, math.ceil(len(labels) / LABELS))
    pairs = list(zip(places, labels, strict=True))
    return [(round(x, 1), label) for x, label in pairs[::every]]
