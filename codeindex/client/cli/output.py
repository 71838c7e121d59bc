"""What commands print: text with colours on a terminal, through a pager if it is long, or JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

from codeindex.client.answers import Line
from codeindex.client.terminal import harmless

Command = TypeVar("Command", bound=Callable[..., Any])

NOTHING_FOUND = 1
"""The exit status."""

QUICK_LESS = "-FRX"
"""Options of less, unless LESS is set: short output is printed without it, and colours are kept."""


def printing(command: Command) -> Command:
    """Gives a command `--color`, `--pager` and `--json`; it gets `as_json` and `pager`."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="print an object of JSON a line"),
        click.option("--pager/--no-pager", default=True, help="whether long output is paged"),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            expose_value=False,
            callback=_set_color,
            help="auto: on a terminal, unless NO_COLOR is set",
        ),
    ):
        command = option(command)
    return command


def _set_color(context: click.Context, parameter: click.Parameter, value: str) -> None:
    never = value == "never" or (value == "auto" and bool(os.environ.get("NO_COLOR")))
    context.color = False if never else True if value == "always" else None


def show(lines: Iterable[str], *, pager: bool) -> None:
    """Prints lines, on a terminal through the pager."""
    if pager and sys.stdout.isatty():
        os.environ.setdefault("LESS", QUICK_LESS)
        click.echo_via_pager(f"{line}\n" for line in lines)
        return
    for line in lines:
        click.echo(line)


def show_json(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        click.echo(json.dumps(row))


def notify(notices: Iterable[str]) -> None:
    """Prints what is no result beside the results."""
    for notice in notices:
        click.secho(harmless(notice), dim=True, err=True)


def place(path: str, line: int) -> str:
    """In the form that terminals and editors open."""
    return f"{click.style(harmless(path), fg='magenta')}:{click.style(str(line), fg='green')}"


def numbered(lines: Sequence[Line], last: int, first: int, words: re.Pattern[str]) -> list[str]:
    """Lines of a definition with their numbers, and an ellipsis where others are left out."""
    width = len(str(last)) + 2
    shown, before = [], first - 1
    for line in lines:
        if line.number > before + 1:
            shown.append(f"{'…':>{width}} │")
        text = marked(line.text, [match.span() for match in words.finditer(line.text)])
        shown.append(f"{line.number:>{width}} │ {text}".rstrip())
        before = line.number
    return [*shown, f"{'…':>{width}} │"] if before < last else shown


def marked(text: str, spans: Iterable[Sequence[int]]) -> str:
    """A text with some of its parts highlighted. `spans` are in ascending order."""
    parts, end = [], 0
    for start, stop in spans:
        parts += [harmless(text[end:start]), _highlighted(text[start:stop])]
        end = stop
    return "".join([*parts, harmless(text[end:])])


def _highlighted(text: str) -> str:
    return click.style(harmless(text), fg="red", bold=True)
