"""`codeindex search`: definitions by a description, a question, a name or code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import click

from codeindex.client.answers import Place, Result
from codeindex.client.cli import output
from codeindex.client.cli.asking import asking
from codeindex.client.cli.filters import filters
from codeindex.client.client import Client
from codeindex.client.terminal import harmless

MOST_RESULTS = 200
"""Of one request."""

_SHORTEST_WORD = 3
"""Of a query, to be highlighted in results."""


@click.command()
@click.argument("query", nargs=-1, required=True)
@filters("repo", "rev", "path", "lang", "kind", "label")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="number of results",
)
@click.option(
    "--order",
    type=click.Choice(["implementations", "plain"]),
    help="implementations: tests, examples, vendored code and the like rank lower",
)
@click.option("--group", type=click.Choice(["definition", "file"]), help="what a result is")
@click.option(
    "--balance",
    metavar="WHAT",
    help="what counts: even, words, meaning, structure, or three numbers from 0 to 1 (1,0.5,0)",
)
@output.printing
@asking
def search(
    client: Client,
    query: tuple[str, ...],
    limit: int,
    as_json: bool,
    pager: bool,
    **options: Any,
) -> None:
    """Find definitions by a description, a question, a name or code.

    QUERY may hold filters such as lang:python and -path:tests."""
    text = " ".join(query)
    results = _found(client, text, limit, options)
    if as_json:
        output.show_json(result.data for result in results)
    else:
        output.show(_lines(results, text), pager=pager)
    if not results:
        click.get_current_context().exit(output.NOTHING_FOUND)


def _found(client: Client, text: str, limit: int, options: dict[str, Any]) -> list[Result]:
    """Up to `limit` results, from as many pages as they take."""
    answer = client.search(text, limit=min(limit, MOST_RESULTS), **options)
    output.notify(answer.notices)
    results = [*answer.results]
    while answer.next and len(results) < limit:
        page = min(limit - len(results), MOST_RESULTS)
        answer = client.search(text, limit=page, cursor=answer.next, **options)
        results += answer.results
    return results


def _lines(results: Sequence[Result], query: str) -> Iterator[str]:
    words = query_words(query)
    for number, result in enumerate(results):
        if number:
            yield ""
        yield from result_lines(result, words)


def result_lines(result: Result, words: re.Pattern[str]) -> Iterator[str]:
    """A result's place and name, and the lines of it to be shown."""
    yield f"{output.place(result.path, result.start_line)}  {_name(result)}  {_details(result)}"
    yield from output.numbered(result.lines, result.end_line, result.start_line, words)
    for other in result.also:
        yield f"{output.place(result.path, other.start_line)}  {_name(other)}  {other.kind}"


def query_words(query: str) -> re.Pattern[str]:
    """Matches the query's words in a line; nothing, if it has none."""
    words = {word for word in re.findall(r"\w+", query) if len(word) >= _SHORTEST_WORD}
    any_word = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.compile(any_word or r"(?!)", re.IGNORECASE)


def _name(place: Place) -> str:
    return click.style(harmless(place.qualified_name), bold=True)


def _details(result: Result) -> str:
    lowered = result.lowered and f"ranked lower as {result.lowered}"
    score = result.closeness or f"{result.score:.3f}"
    parts = [f"{result.kind} in {result.full_name}", score, lowered]
    return click.style(harmless(", ".join(part for part in parts if part)), dim=True)
