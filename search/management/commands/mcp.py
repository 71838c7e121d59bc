"""`manage.py mcp`: serves an agent on this machine. Sees everything, as an administrator does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from search.mcp import stdio


class Command(base.Command):
    help = (
        "Serve an agent on the standard input and output, by the Model Context Protocol, until the"
        " input ends."
    )

    def handle(self, **options: Any) -> None:
        with existing_index(), suppress(KeyboardInterrupt):
            stdio.serve(ADMINISTRATOR)
