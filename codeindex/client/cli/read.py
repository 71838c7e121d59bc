"""`codeindex read`: a file of an indexed repository, or some of its lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from codeindex.client.answers import File
from codeindex.client.cli import output
from codeindex.client.cli.addresses import Address
from codeindex.client.cli.asking import Failed, asking
from codeindex.client.client import Client
from codeindex.client.terminal import harmless

_COMMIT_DIGITS = 12


@click.command()
@click.argument("address", metavar="OWNER/NAME:PATH")
@output.printing
@asking
def read(client: Client, address: str, as_json: bool, pager: bool) -> None:
    """Print a file of an indexed repository, or some of its lines.

    owner/name:src/a.py#L10-L40 are these lines of the commit that is indexed, and
    owner/name@BRANCH:src/a.py is the file on a branch, or at a commit. On a terminal lines have
    their numbers."""
    wanted = Address.parse(address)
    file = client.read(wanted.repo, wanted.path, ref=wanted.ref, lines=wanted.lines)
    if as_json:
        output.show_json([file.data])
        return
    if file.skipped:
        raise Failed(f"{file.path} is not indexed: {file.skipped}.")
    if sys.stdout.isatty():
        output.notify([f"{file.full_name} at {file.commit[:_COMMIT_DIGITS]}: {file.permalink}"])
        output.show(_numbered(file), pager=pager)
    else:
        output.show(map(harmless, file.content.split("\n")), pager=False)


def _numbered(file: File) -> Iterator[str]:
    width = len(str(file.end_line))
    for number, line in enumerate(file.content.split("\n"), start=file.start_line):
        yield f"{click.style(str(number).rjust(width), fg='green')}  {harmless(line)}"
