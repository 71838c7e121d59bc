"""`codeindex index` and `codeindex status`: repositories and their index runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import click

from codeindex.client.answers import Repository, Run
from codeindex.client.cli import output
from codeindex.client.cli.asking import Failed, asking
from codeindex.client.client import Client
from codeindex.client.errors import Unreachable
from codeindex.client.terminal import harmless

POLL_SECONDS = 1.0
_ERASE_REST = "\x1b[K"
"""Of a line of a terminal."""
UNREACHABLE_SECONDS = 60.0
"""How long a server that is being restarted is waited for."""


@click.command()
@click.argument("address", metavar="URL|PATH")
@click.option("--name", default="", help="defaults to the last part of the address")
@click.option("--branch", default="", help="defaults to the remote's default branch")
@click.option(
    "--branches",
    multiple=True,
    metavar="PATTERN",
    help="index branches that match, such as 'release/*', now and later; may be repeated",
)
@click.option(
    "--tags",
    multiple=True,
    metavar="PATTERN",
    help="index tags that match, such as 'v[0-9]*', now and later; may be repeated",
)
@click.option(
    "--newest",
    type=click.IntRange(1, 50),
    help="how many branches, and how many tags, that match are indexed  [default: 10]",
)
@click.option(
    "--visibility",
    type=click.Choice(["private", "internal", "public"]),
    default="private",
    show_default=True,
    help="who can find a new repository: you and its teams, everyone signed in, everyone",
)
@click.option(
    "--deploy-key",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="a private key for an ssh address",
)
@click.option("--wait", is_flag=True, help="wait until all of it is found, and show the progress")
@asking
def index(
    client: Client,
    address: str,
    name: str,
    branch: str,
    branches: tuple[str, ...],
    tags: tuple[str, ...],
    newest: int | None,
    visibility: str,
    deploy_key: TextIO | None,
    wait: bool,
) -> None:
    """Register a repository, or index it again.

    It is one that the server can fetch: a clone URL, or a PATH on the server's machine that its
    administrator allows. Ctrl-C ends the waiting, not the indexing."""
    url = str(Path(address).resolve()) if Path(address).is_dir() else address
    known = _known(client, url, name)
    if known is None:
        key = deploy_key.read() if deploy_key else ""
        known = client.register(
            url, name=name, branch=branch, visibility=visibility, deploy_key=key
        )
    else:
        client.index(known.id)
    if branches or tags or newest:
        client.index_matching(known.id, branches=branches, tags=tags, newest=newest)
    click.echo(f"{harmless(known.full_name)} is queued.")
    if wait:
        _watch(client, known.id)


@click.command()
@click.argument("name", metavar="[REPOSITORY]", required=False)
@output.printing
@asking
def status(client: Client, name: str | None, as_json: bool, pager: bool) -> None:
    """Show the repositories that you may see, and their latest index runs.

    REPOSITORY is a name, or owner/name."""
    repositories = client.repositories()
    if name is not None:
        repositories = [each for each in repositories if name in (each.name, each.full_name)]
    output.notify([f"Server: {client.url}"])
    if as_json:
        output.show_json(each.data for each in repositories)
    else:
        output.show(_table(repositories), pager=pager)
    if not repositories:
        output.notify(["No repository that you may see" + (f" is called {name}." if name else ".")])
        click.get_current_context().exit(output.NOTHING_FOUND)


def _known(client: Client, url: str, name: str) -> Repository | None:
    """The repository with this address, and name, if it is registered."""
    for each in client.repositories():
        if each.url == url and name in ("", each.name):
            return each
    return None


def _watch(client: Client, repository_id: str) -> None:
    """Shows the progress of the latest run until it is over. Raises `Failed` if the run has."""
    with _Progress() as progress:
        repository = _polled(client, repository_id)
        while (run := repository.latest_run) is None or not run.is_over:
            progress.show(run)
            time.sleep(POLL_SECONDS)
            repository = _polled(client, repository_id)
    if run.error or run.status != "published":
        raise Failed(f"{repository.full_name}: {run.error or run.status}")
    click.echo(
        f"{harmless(repository.full_name)} at {run.commit[:12]}: {run.definitions:,} definitions in"
        f" {run.files:,} files"
    )


def _polled(client: Client, repository_id: str) -> Repository:
    """The repository as it is now. A server that is being restarted is waited for."""
    deadline = time.monotonic() + UNREACHABLE_SECONDS
    while True:
        try:
            return client.repository(repository_id)
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


class _Progress:
    """One line on the standard error that is written over on a terminal, and elsewhere a line for
    each stage."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._shown = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._is_terminal and self._shown:
            click.echo(err=True)

    def show(self, run: Run | None) -> None:
        text = "queued" if run is None else _progress_text(run) if self._is_terminal else run.status
        if text == self._shown:
            return
        self._shown = text
        if self._is_terminal:
            click.echo(f"\r{text}{_ERASE_REST}", err=True, nl=False)
        else:
            click.echo(text, err=True)


def _progress_text(run: Run) -> str:
    progress = run.progress
    percent = "" if progress.percent is None else f" {progress.percent}%"
    left = "" if progress.seconds_left is None else f", {progress.seconds_left} s left"
    return f"{run.status}{percent}{left}"


def _table(repositories: Sequence[Repository]) -> Iterator[str]:
    width = max((len(each.full_name) for each in repositories), default=0)
    for each in repositories:
        name = click.style(harmless(each.full_name.ljust(width)), bold=True)
        yield f"{name}  {_state(each)}"


def _state(repository: Repository) -> str:
    run = repository.latest_run
    if run is None:
        return "not indexed yet"
    text = f"{_progress_text(run)}  {run.commit[:12]}  {repository.definitions:,} definitions"
    return harmless(f"{text}  {run.error}" if run.error else text)
