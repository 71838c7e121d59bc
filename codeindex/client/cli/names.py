"""`codeindex names`: functions whose names disagree with their code, of a repository or of what has
changed in a work tree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import click

from codeindex.client.answers import CheckedNames, DoubtfulName
from codeindex.client.cli import changes, output, reports
from codeindex.client.cli.asking import Failed, asking
from codeindex.client.cli.changes import ChangedFile, TooLarge
from codeindex.client.client import Client
from codeindex.client.errors import TooManyRequests
from codeindex.client.terminal import harmless

FAILED = 1
"""The exit status of a check that has found something, with `--fail`."""

LONGEST_WAIT = 120
"""Seconds until the server's rate limit allows more."""

PAGE = 200
_NO_BASE = ""

Answer = TypeVar("Answer")


@click.command()
@click.argument("repository", metavar="[REPOSITORY]", required=False, default="")
@click.option(
    "--changed",
    "base",
    is_flag=False,
    flag_value=_NO_BASE,
    default=None,
    metavar="[BASE]",
    help="check the functions that changed here since the commit BASE; by default, since this"
    " branch left the default branch",
)
@click.option("--fail", is_flag=True, help="end with status 1 if --changed finds something")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "sarif", "github"]),
    default="text",
    show_default=True,
    help="sarif: for code scanning; github: annotations of a workflow",
)
@click.option("--folder", default="", help="of REPOSITORY: those below a folder")
@click.option("--lang", default="", metavar="NAME", help="of REPOSITORY: those in a language")
@click.option("--kind", type=click.Choice(["function", "method"]), help="of REPOSITORY")
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N",
    help="of REPOSITORY: how many",
)  # fmt: skip
@output.printing
@asking
def names(
    client: Client,
    repository: str,
    base: str | None,
    fail: bool,
    form: str,
    folder: str,
    lang: str,
    kind: str | None,
    limit: int,
    as_json: bool,
    pager: bool,
) -> None:
    """List functions whose names disagree with their code, with the names that the model suggests.

    REPOSITORY is a name, or owner/name. With --changed, the functions that changed in this work
    tree are sent to the server, which need not have indexed them. If you name REPOSITORY, names
    that are dismissed there are left out."""
    if base is not None:
        found = _changed(client, base, repository)
    elif repository:
        found = _listed(client, _id(client, repository), limit, folder, lang, kind or "")
    else:
        raise click.UsageError("Name a REPOSITORY, or check what has changed with --changed.")
    _show(found, form, as_json=as_json, pager=pager)
    if base is None and not found:
        click.get_current_context().exit(output.NOTHING_FOUND)
    if fail and found:
        click.get_current_context().exit(FAILED)


def _listed(
    client: Client, repository: str, limit: int, folder: str, language: str, kind: str
) -> Sequence[DoubtfulName]:
    """Up to `limit` names, from as many pages as they take."""
    found: list[DoubtfulName] = []
    cursor: str | None = None
    while len(found) < limit:
        page = client.doubtful_names(
            repository,
            folder=folder,
            language=language,
            kind=kind,
            limit=min(limit - len(found), PAGE),
            cursor=cursor,
        )
        found += page.names
        if not (cursor := page.next):
            break
    return found


def _id(client: Client, name: str) -> str:
    """Raises `Failed`."""
    named = [each for each in client.repositories() if name in (each.name, each.full_name)]
    if len(named) == 1:
        return named[0].id
    if named:
        possible = " or ".join(sorted(each.full_name for each in named))
        raise Failed(f"{name} is ambiguous. Name {possible}.")
    raise Failed(f"There is no repository {name} that you may see.")


def _changed(client: Client, base: str, repository: str) -> Sequence[DoubtfulName]:
    found: list[DoubtfulName] = []
    judged, notes = 0, dict[str, None]()
    for file in changes.changed_files(base):
        if isinstance(file, TooLarge):
            output.notify([f"{file} is too large and is not checked."])
            continue
        for checked in _checked(client, file, repository):
            found += checked.names
            judged += checked.judged
            if checked.judged and checked.note:
                notes[checked.note] = None
    output.notify([f"{judged} changed function{'' if judged == 1 else 's'} judged.", *notes])
    return found


def _checked(client: Client, file: ChangedFile, repository: str) -> Iterator[CheckedNames]:
    path = file.path.encode(errors="replace").decode()
    check = partial(client.check_names, path, file.content, file.lines, repo=repository)
    line: int | None = 1 if file.lines else None
    while line is not None:
        checked = _patiently(partial(check, from_line=line))
        yield checked
        line = checked.next_line


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers, after the wait that a rate limit asks for."""
    try:
        return ask()
    except TooManyRequests as error:
        if error.wait > LONGEST_WAIT:
            raise
        time.sleep(error.wait)
        return ask()


def _show(names: Sequence[DoubtfulName], form: str, *, as_json: bool, pager: bool) -> None:
    if as_json:
        output.show_json(each.data for each in names)
    elif form == "sarif":
        click.echo(reports.sarif(names))
    elif form == "github":
        output.show(reports.github(names), pager=False)
    else:
        output.show(map(_line, names), pager=pager)


def _line(name: DoubtfulName) -> str:
    suggested = ", ".join(harmless(each.name) for each in name.suggestions)
    own = click.style(harmless(name.name), bold=True)
    confidence = click.style(f"({name.confidence:.2f})", dim=True)
    return f"{output.place(name.path, name.start_line)}  {own} → {suggested} {confidence}"
