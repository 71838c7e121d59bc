"""`manage.py costs`: what index runs cost, and what the addressing of content has spared them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.template.defaultfilters import filesizeformat, pluralize

from codeindex.management import base
from codeindex.management.index import existing_index
from codeindex.operations import ledger

HEAD = ("RUN", "REPOSITORY", "SECONDS", "READ", "ENCODED", "STORED", "SPARED")


class Command(base.Command):
    help = "List what index runs cost, and what was stored already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, help="only the runs of the last days")
        parser.add_argument("--limit", type=int, default=50, help="how many runs are listed")
        parser.add_argument("--csv", action="store_true", help="print all of them as CSV")

    def handle(self, *, days: int | None, limit: int, csv: bool, **_: Any) -> None:
        with existing_index():
            if csv:
                for line in ledger.as_csv(ledger.entries(days)):
                    self.stdout.write(line, ending="")
            else:
                self._list(days, limit)

    def _list(self, days: int | None, limit: int) -> None:
        entries = list(ledger.entries(days, limit))
        rows = [HEAD, *map(_row, entries)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        total = ledger.totals(entries)
        self.stdout.write(
            f"{total.runs:,} run{pluralize(total.runs)}: {total.seconds:,.0f} s,"
            f" {total.definitions_read:,} definitions read, {total.texts_encoded:,} texts encoded,"
            f" {_size(total.stored_bytes)} stored."
            f" Stored already: {total.spared_definitions:,} definitions and {total.spared_texts:,}"
            f" vectors of changed files, about {total.spared_seconds:,.0f} s of work."
        )


def _row(entry: ledger.Entry) -> tuple[str, ...]:
    return (
        str(entry.run),
        entry.repository + (f"@{entry.branch}" if entry.branch else ""),
        f"{entry.seconds:,.1f}",
        f"{entry.definitions_read:,}",
        f"{entry.texts_encoded:,}",
        _size(entry.stored_bytes),
        f"{entry.spared_texts:,}",
    )


def _size(bytes_: int) -> str:
    return filesizeformat(bytes_).replace("\xa0", " ")
