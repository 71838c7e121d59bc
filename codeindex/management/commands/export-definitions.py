"""`manage.py export-definitions`: the live definitions, as JSON lines."""  # noqa: N999

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from django.core.management import CommandError
from tqdm import tqdm

from codeindex.management import base
from codeindex.management.base import Output
from codeindex.management.index import existing_index, repositories_called
from codeindex.spaces import exports


class Command(base.Command):
    help = (
        "Export the searchable definitions as JSON lines, each distinct text once. Fields: "
        "repository, path, kind, language, name, qualified_name, text, docstring, test."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repository",
            nargs="+",
            default=[],
            metavar="NAME",
            help="only these repositories (NAME or OWNER/NAME)",
        )
        parser.add_argument(
            "--output",
            type=Path,
            metavar="FILE",
            help="write to this file instead of standard output",
        )

    def handle(self, *, repository: list[str], output: Path | None, **_: Any) -> None:
        with existing_index(), self._opened(output) as lines:
            definitions = exports.definitions(repositories_called(repository))
            # A progress bar would mix with the lines where both go to a terminal.
            for definition in tqdm(
                definitions, unit=" definitions", disable=None if output else True
            ):
                lines.write(json.dumps(asdict(definition)) + "\n")

    @contextmanager
    def _opened(self, output: Path | None) -> Iterator[TextIO | Output]:
        if output is None:
            yield self.stdout
            return
        try:
            with output.open("w", encoding="utf-8") as file:
                yield file
        except OSError as error:
            raise CommandError(str(error)) from error
