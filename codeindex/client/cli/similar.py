"""`codeindex similar`: code that is similar to a definition, which need not be indexed."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from codeindex.client.answers import Place
from codeindex.client.cli import output
from codeindex.client.cli.addresses import Address
from codeindex.client.cli.asking import Failed, asking
from codeindex.client.cli.filters import filters
from codeindex.client.cli.search import query_words, result_lines
from codeindex.client.client import Client

_PLACE = re.compile(r"(?P<file>.+?):(?P<first>[1-9]\d{0,8})(?:-(?P<last>[1-9]\d{0,8}))?")
_CLOSING = re.compile(r"\s*([)}\]]|end\b)")
_LARGEST_FILE = 16 * 1024**2


@click.command()
@click.argument("place", metavar="FILE:LINE|OWNER/NAME:PATH#LINE|-")
@filters("repo")
@click.option("--lang", metavar="NAME", help="its language; by default by the file's extension")
@click.option(
    "--by",
    type=click.Choice(["both", "meaning", "structure"]),
    help="what is compared: what the text says, how the code is built, or both (the default)",
)
@click.option("-n", "--limit", type=int, metavar="N", help="number of results, up to 200")
@output.printing
@asking
def similar(
    client: Client, place: str, lang: str | None, as_json: bool, pager: bool, **options: object
) -> None:
    """Find code that is similar to a definition.

    FILE:10 is the definition that begins on line 10 of a file of yours: the lines below it that are
    indented more, and the one that closes it. FILE:10-40 are these lines, and - is the standard
    input. The server takes 2,000 characters. owner/name:src/a.py#L10 is the definition in which
    that line of an indexed repository is."""
    if _is_here(place):
        code, extension = _pasted(place)
        answer = client.similar(code, lang or extension or None, **options)  # type: ignore[arg-type]
    else:
        answer = client.similar_to(_definition_at(client, place), **options)  # type: ignore[arg-type]
    output.notify(answer.notices)
    if as_json:
        output.show_json(result.data for result in answer.results)
    else:
        nothing = query_words("")
        shown = [line for result in answer.results for line in [*result_lines(result, nothing), ""]]
        output.show(shown[:-1], pager=pager)
    if not answer.results:
        click.get_current_context().exit(output.NOTHING_FOUND)


def _is_here(place: str) -> bool:
    """Whether the place is on this machine, and not in a repository: `shop:src/a.py:10`."""
    match = _PLACE.fullmatch(place)
    if match is None:
        return place == "-"
    return ":" not in match["file"] or Path(match["file"]).is_file()


def _definition_at(client: Client, place: str) -> Place:
    """The innermost definition of an indexed repository around a line."""
    address = Address.parse(place)
    line = address.lines.partition("-")[0] or "1"
    file = client.read(address.repo, address.path, ref=address.ref, lines=line)
    if not file.definitions:
        raise Failed(f"{file.path} has no definition on line {line}.")
    return min(file.definitions, key=lambda each: each.end_line - each.start_line)


def _pasted(place: str) -> tuple[str, str]:
    """The code, and the file's extension."""
    if place == "-":
        return sys.stdin.read(), ""
    match = _PLACE.fullmatch(place)
    assert match is not None, "it is on this machine"
    file, first = Path(match["file"]), int(match["first"])
    lines = _lines_of(file)
    if first > len(lines):
        raise click.UsageError(f"{file} has {len(lines):,} lines.")
    last = int(match["last"]) if match["last"] else end_of_block(lines, first)
    return "\n".join(lines[first - 1 : last]), file.suffix.removeprefix(".")


def _lines_of(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as source:
            return source.read(_LARGEST_FILE).splitlines()
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from error


def end_of_block(lines: Sequence[str], first: int) -> int:
    """The last line of what begins on the line `first`; lines count from 1."""
    indent = _indent(lines[first - 1])
    last = first
    for number, line in enumerate(lines[first:], start=first + 1):
        if line.strip() and _indent(line) <= indent:
            return number if _indent(line) == indent and _CLOSING.match(line) else last
        if line.strip():
            last = number
    return last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
