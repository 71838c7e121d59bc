"""Files of indexed repositories as arguments: `owner/name@commit:path#L10-L40`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import click

_ADDRESS = re.compile(
    r"(?P<repo>[^:@]+)(?:@(?P<ref>[^:]+))?:(?P<path>.+?)"
    r"(?:[#:]L?(?P<first>[1-9]\d{0,8})(?:-L?(?P<last>[1-9]\d{0,8}))?)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Address:
    """A file, or some of its lines. `lines` is as the API takes it: `10-40`, `10` or nothing."""

    repo: str
    ref: str
    path: str
    lines: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Lines may also be written as `:10` or `:10-40`, as other tools print them. Raises
        click.UsageError."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise click.UsageError(f"{text} is no file, such as owner/name:src/a.py#L10-L40.")
        lines = "-".join(filter(None, (match["first"], match["last"])))
        return cls(match["repo"], match["ref"] or "", match["path"], lines)
