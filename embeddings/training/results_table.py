"""The tables of recorded measurements: a row for each encoder, with the means of its seeds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from embeddings.evaluation.metrics import Figure
from embeddings.training.measures import Record

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MEBIBYTE = 1 << 20


def write(records: Path, document: Path) -> int:
    """Writes the tables of all records in a folder between the document's markers; returns the
    number of records. Raises FileNotFoundError if there are none, ValueError if the document has no
    markers."""
    loaded = [Record.load(path) for path in sorted(records.glob("*.json"))]
    if not loaded:
        raise FileNotFoundError(f"There are no records in {records}.")
    before, mark, after = document.read_text().partition(BEGIN)
    _, end, after = after.partition(END)
    if not mark or not end:
        raise ValueError(f"{document} has no lines {BEGIN} and {END}.")
    document.write_text(f"{before}{BEGIN}\n\n{tables(loaded)}\n\n{END}{after}")
    return len(loaded)


def tables(records: Sequence[Record]) -> str:
    """Three Markdown tables: the figures, the differences between encoders, and the costs."""
    ordered = sorted(records, key=lambda record: (record.name, record.seed))
    groups = [[*group] for _, group in groupby(ordered, key=lambda record: record.name)]
    return "\n\n".join(filter(None, [_figures(groups), _gains(ordered), _costs(groups)]))


def _figures(groups: Sequence[Sequence[Record]]) -> str:
    columns = [*dict.fromkeys(name for group in groups for name in group[0].figures)]
    rows = [
        [f"{group[0].name}{_seeds(group)}", *(_cell(group, column) for column in columns)]
        for group in groups
    ]
    return _table(["encoder", *columns], rows)


def _gains(records: Sequence[Record]) -> str:
    """Differences on the same items, with paired bootstrap intervals."""
    compared = [
        (f"{record.name} less {other}", figures)
        for record in records
        for other, figures in record.gains.items()
    ]
    columns = [*dict.fromkeys(column for _, figures in compared for column in figures)]
    rows = [
        [name, *(str(figures.get(column, "–")) for column in columns)] for name, figures in compared
    ]
    return _table(["difference", *columns], rows) if rows else ""


def _costs(groups: Sequence[Sequence[Record]]) -> str:
    rows = [
        [
            group[0].name,
            group[0].kind,
            f"{np.mean([record.trained for record in group]) / 60:.0f} min",
            f"{np.mean([record.rate for record in group]):.0f}",
            f"{group[0].size / MEBIBYTE:.1f}",
            group[0].device,
        ]
        for group in groups
    ]
    head = ["encoder", "kind", "training", "definitions a second", "MiB", "device"]
    return _table(head, rows)


def _cell(group: Sequence[Record], column: str) -> str:
    figures = [record.figures[column] for record in group if column in record.figures]
    if not figures:
        return "–"
    if len(figures) == 1:
        return str(figures[0])
    values = [[figure.value, figure.low, figure.high] for figure in figures]
    spread = max(figure.value for figure in figures) - min(figure.value for figure in figures)
    return f"{Figure(*np.mean(values, axis=0).tolist())}, spread {spread:.3f}"


def _seeds(group: Sequence[Record]) -> str:
    return f", {len(group)} seeds" if len(group) > 1 else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _escaped(cell: str) -> str:
    return re.sub(r"\|", r"\\|", cell)
