"""`codeindex completion`: scripts that let a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_CODEINDEX_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands and options in a shell.

    \b
    bash:  codeindex completion bash > ~/.local/share/bash-completion/completions/codeindex
    zsh:   codeindex completion zsh > "${fpath[1]}/_codeindex"
    fish:  codeindex completion fish > ~/.config/fish/completions/codeindex.fish"""
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root().command
    click.echo(kind(root, {}, "codeindex", VARIABLE).source())
