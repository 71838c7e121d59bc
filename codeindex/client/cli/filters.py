"""The filters of a search as options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_HELP = {
    "repo": "only this repository, by its name or owner/name",
    "rev": "only this branch, or branches that match it with *; otherwise a repository's first one",
    "path": "only paths that contain this, or match it with *, ** or ?",
    "lang": "only this language, by its name or a file extension",
    "kind": "only this kind: function, method, class, constant, block, section, …",
    "label": "only files with this label: implementation, test, example, documentation, …",
}


def filters(*names: str) -> Callable[[Command], Command]:
    """Gives a command an option for each filter; it gets a tuple of its values."""

    def decorate(command: Command) -> Command:
        for name in reversed(names):
            command = click.option(
                f"--{name}",
                multiple=True,
                metavar="VALUE",
                help=f"{_HELP[name]}; --{name}=-VALUE excludes it; can be repeated",
            )(command)
        return command

    return decorate
