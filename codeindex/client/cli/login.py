"""`codeindex login` and `codeindex logout`: servers and tokens in the configuration."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from codeindex.client import configuration
from codeindex.client.cli import output
from codeindex.client.configuration import Server, checked_url
from codeindex.client.terminal import harmless

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@click.command()
@click.argument("url", required=False)
@click.option("--name", help="what to call the server; defaults to its host")
@click.option(
    "--home",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="the state folder of a server of this machine, which is asked without a token",
)
@click.option("--browser/--no-browser", default=True, help="whether to open the account page")
def login(url: str | None, name: str | None, home: Path | None, browser: bool) -> None:
    """Sign in to a server, which becomes the default one.

    The token comes from your account's page. It is asked for without an echo or, if the standard
    input is no terminal, read from its first line."""
    if home is not None:
        server = Server(home=home.absolute())
    else:
        address = checked_url(url or click.prompt("Address of the server"))
        server = Server(address, _asked_token(address, browser))
    with server.client() as client:
        count = len(client.repositories())
    chosen = name or ("home" if home else urlsplit(server.url).hostname or "")
    if not re.fullmatch(r"[\w.-]+", chosen):
        raise click.UsageError(
            "A server's name has letters, digits, dots, hyphens and underscores."
        )
    file = configuration.store(chosen, server)
    click.echo(
        f"Signed in to {harmless(chosen)}, where you can see {count:,} repositories. ({file})"
    )


@click.command()
@click.argument("name")
def logout(name: str) -> None:
    """Forget a server and its token. The token stays valid until you revoke it on your account's
    page."""
    configuration.remove(name)
    click.echo(f"{harmless(name)} is forgotten.")


def _asked_token(address: str, browser: bool) -> str:
    parts = urlsplit(address)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        output.notify([f"{address} is not encrypted: others on the network can read the token."])
    if not sys.stdin.isatty():
        token = sys.stdin.readline().strip()
    else:
        page = f"{address}/account/"
        click.echo(f"Create a token at {page}")
        if browser and os.environ.get("DISPLAY", os.environ.get("WAYLAND_DISPLAY")):
            click.launch(page)
        token = str(click.prompt("Token", hide_input=True)).strip()
    if not re.fullmatch(r"[\x21-\x7e]{1,500}", token):
        raise click.UsageError("That is no token.")
    return token
