"""`manage.py costs`: what index runs cost, and what they reused."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.template.defaultfilters import filesizeformat, pluralize

from codeindex.management import base
from codeindex.management.index import existing_index
from codeindex.management.terminal import aligned
from codeindex.operations import ledger

HEAD = ("RUN", "REPOSITORY", "SECONDS", "READ", "ENCODED", "STORED", "REUSED")

MOST = 100_000
"""Days, or runs that are listed."""


class Command(base.Command):
    help = "List what index runs cost, and what they reused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=number, metavar="N", help="only the runs of the last N days"
        )
        parser.add_argument(
            "--limit", type=number, default=50, metavar="N", help="list the newest N runs"
        )
        parser.add_argument("--csv", action="store_true", help="print all runs as CSV")

    def handle(self, *, days: int | None, limit: int, csv: bool, **_: Any) -> None:
        with existing_index():
            if csv:
                for line in ledger.as_csv(ledger.entries(days)):
                    self.stdout.write(line, ending="")
            else:
                self._list(days, limit)

    def _list(self, days: int | None, limit: int) -> None:
        entries = list(ledger.entries(days, limit))
        for line in aligned([HEAD, *map(_row, entries)]):
            self.stdout.write(line)
        total = ledger.totals(entries)
        self.stdout.write(
            f"{total.runs:,} run{pluralize(total.runs)}: {total.seconds:,.0f} s,"
            f" {total.definitions_read:,} definitions read, {total.texts_encoded:,} texts encoded,"
            f" {_size(total.stored_bytes)} stored."
            f" Reused: {total.definitions_reused:,} definitions and the vectors of"
            f" {total.texts_reused:,} texts, which saved about {total.seconds_saved:,.0f} s."
        )


def number(text: str) -> int:
    """Named for argparse, which tells it to whoever gives none."""
    if not 1 <= int(text) <= MOST:
        raise ArgumentTypeError(f"give a number from 1 to {MOST:,}")
    return int(text)


def _row(entry: ledger.Entry) -> tuple[str, ...]:
    return (
        str(entry.run),
        entry.repository + (f"@{entry.branch}" if entry.branch else ""),
        f"{entry.seconds:,.1f}",
        f"{entry.definitions_read:,}",
        f"{entry.texts_encoded:,}",
        _size(entry.stored_bytes),
        f"{entry.texts_reused:,}",
    )


def _size(bytes_: int) -> str:
    return filesizeformat(bytes_).replace("\xa0", " ")
