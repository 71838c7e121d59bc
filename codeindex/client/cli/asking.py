"""Shared by commands that ask a server: their options, and what their errors look like."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from codeindex.client import configuration
from codeindex.client.client import TIMEOUT_SECONDS
from codeindex.client.configuration import LOCAL, Misconfigured, configured_client
from codeindex.client.errors import ClientError
from codeindex.client.terminal import harmless

Command = TypeVar("Command", bound=Callable[..., Any])

ERROR_STATUS = 2


class Failed(click.ClickException):
    """An error that ends the command, in a sentence."""

    exit_code = ERROR_STATUS

    def show(self, file: Any = None) -> None:
        click.echo(f"codeindex: {harmless(self.message)}", file=file, err=True)


class Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ClientError, Misconfigured) as error:
            raise Failed(str(error)) from error


def asking(command: Command) -> Command:
    """Gives a command the options of a connection, and a `client` as its first argument."""

    @click.option(
        "--server",
        default="",
        metavar="NAME",
        shell_complete=_known_servers,
        help="the server to ask: a name from `codeindex login`, a URL, or `local`",
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=TIMEOUT_SECONDS,
        show_default=True,
        help="seconds to wait for a response",
    )
    @functools.wraps(command)
    def wrapper(server: str, timeout: float, **arguments: Any) -> Any:
        with configured_client(server, timeout=timeout) as client:
            return command(client, **arguments)

    return wrapper  # type: ignore[return-value]  # with two parameters more


def _known_servers(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    try:
        names = [*configuration.names(), LOCAL]
    except Misconfigured:
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
