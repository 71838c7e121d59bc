"""The command `codeindex`. Its exit status is grep's: 0 if something was found or done, 1 if
nothing was found, 2 for an error. A check (`names --changed --fail`) ends with 1 if it fails."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from codeindex.client.cli.asking import Commands
from codeindex.client.cli.completion import completion
from codeindex.client.cli.grep import grep
from codeindex.client.cli.login import login, logout
from codeindex.client.cli.mcp import mcp
from codeindex.client.cli.names import names
from codeindex.client.cli.read import read
from codeindex.client.cli.repositories import index, status
from codeindex.client.cli.search import search
from codeindex.client.cli.similar import similar


def _version() -> str:
    try:
        return version("codeindex")
    except PackageNotFoundError:
        return "of a clone"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version(), message="codeindex %(version)s")
def main() -> None:
    """Find code on a codeindex server.

    The server is the one that --server or CODEINDEX_URL names, else the one that you signed in to
    with `codeindex login`, else the one that runs on this machine."""


for command in (search, grep, read, similar, names, index, status, mcp, login, logout, completion):
    main.add_command(command)
