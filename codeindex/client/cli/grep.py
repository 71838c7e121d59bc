"""`codeindex grep`: lines of any file by a regular expression or exact text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from codeindex.client.answers import FileLines, LinesAnswer
from codeindex.client.cli import output
from codeindex.client.cli.asking import asking
from codeindex.client.cli.filters import filters
from codeindex.client.client import Client
from codeindex.client.terminal import harmless

MOST_FILES = 100
"""Of one request."""


@click.command()
@click.argument("pattern")
@click.option("-F", "--fixed", is_flag=True, help="PATTERN is exact text")
@click.option("-s", "--match-case", is_flag=True, help="tell upper and lower case")
@click.option("-w", "--whole-words", is_flag=True, help="match whole words only")
@filters("repo", "rev", "path", "lang", "label")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    metavar="N",
    help="number of files",
)
@click.option("--after", metavar="NEXT", help="go on where an earlier answer said so")
@output.printing
@asking
def grep(client: Client, limit: int, as_json: bool, pager: bool, **options: Any) -> None:
    """Find lines that match PATTERN, a regular expression of RE2.

    The first ten lines of each file are printed. On a terminal each repository has a heading;
    elsewhere each line begins with it."""
    request = _Request(client, limit, **options)
    if as_json:
        output.show_json(_rows(request.files()))
    else:
        with_heading = sys.stdout.isatty()
        output.show(_lines(request.files(), with_heading), pager=pager)
    if request.next:
        output.notify(
            [f"More files may match: raise --limit, or go on with --after {request.next}"]
        )
    if not request.found:
        click.get_current_context().exit(output.NOTHING_FOUND)


class _Request:
    """Asks for one page after another. `next` is where a further request goes on."""

    def __init__(
        self,
        client: Client,
        limit: int,
        *,
        pattern: str,
        fixed: bool,
        match_case: bool,
        whole_words: bool,
        after: str | None,
        **filters: tuple[str, ...],
    ) -> None:
        self.found = 0
        self.next = after
        self._client = client
        self._limit = limit
        self._query = pattern
        self._options: dict[str, Any] = {
            "mode": "exact" if fixed else "regex",
            "case": "match" if match_case else None,
            "word": "whole" if whole_words else None,
            **filters,
        }

    def files(self) -> Iterator[FileLines]:
        while True:
            answer = self._page()
            self.found += len(answer.files)
            self.next = answer.next
            yield from answer.files
            if self.next is None or self.found >= self._limit:
                return

    def _page(self) -> LinesAnswer:
        limit = min(MOST_FILES, self._limit - self.found)
        return self._client.lines(self._query, after=self.next, limit=limit, **self._options)


def _rows(files: Iterator[FileLines]) -> Iterator[dict[str, Any]]:
    for file in files:
        shared = {name: file.data[name] for name in file.data.keys() - {"lines", "count"}}
        for line in file.lines:
            yield {**shared, **line.data}


def _lines(files: Iterator[FileLines], with_heading: bool) -> Iterator[str]:
    repository = ""
    for file in files:
        if with_heading and file.full_name != repository:
            repository = file.full_name
            yield click.style(harmless(repository), bold=True)
        prefix = "" if with_heading else f"{harmless(file.full_name)}:"
        for line in file.lines:
            text = output.marked(line.text, line.matches)
            yield f"{prefix}{output.place(file.path, line.line)}:{text}"
        if file.count > len(file.lines):
            further = f"{file.count - len(file.lines):,} more lines"
            yield f"{prefix}{click.style(harmless(file.path), fg='magenta')}: {further}"
