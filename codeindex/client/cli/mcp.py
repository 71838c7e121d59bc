"""`codeindex mcp`: lets an agent on this machine search a server."""

from __future__ import annotations

import sys
from threading import Lock

import click

from codeindex.client import agents
from codeindex.client.cli.asking import asking
from codeindex.client.client import Client


@click.command()
@asking
def mcp(client: Client) -> None:
    """Serve an agent on the standard input and output, by the Model Context Protocol.

    The agent sees what you may see on the server. In Claude Code:
    claude mcp add codeindex -- codeindex mcp"""
    writing = Lock()

    def write(line: str) -> None:
        with writing:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    agents.serve(client, sys.stdin, write)
