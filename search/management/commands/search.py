"""`manage.py search "TEXT"`: what the search page finds, in the terminal. Sees everything, as an
administrator does."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from search import engine
from search.balance import PRESETS
from search.candidates.path_rules import Order
from search.candidates.scopes import UnknownRepository
from search.candidates.sql import TookTooLong
from search.query.filters import PARAMETERS, BadQuery, Field
from search.request import DEFAULT_BALANCE, DEFAULT_RESULTS, MAX_RESULTS, parse_search
from search.results import Answer, Group, Result
from search.web.serializers import ResultSerializer

SHOWN_LINES = 6


class Command(base.Command):
    help = "Find definitions by description, question, name or code."

    def add_arguments(self, parser: ArgumentParser) -> None:
        asked = parser.add_mutually_exclusive_group(required=True)
        asked.add_argument("text", nargs="?", metavar="TEXT")
        asked.add_argument(
            "--queries",
            metavar="FILE",
            dest="file",
            help="one query a line (- is the standard input)",
        )
        _add_filters(parser)
        parser.add_argument(
            "--limit",
            default=str(DEFAULT_RESULTS),
            metavar="N",
            help=f"results, up to {MAX_RESULTS}; {DEFAULT_RESULTS} by default",
        )
        parser.add_argument(
            "--order",
            default=Order.IMPLEMENTATIONS.value,
            help=f"{_choices(Order)}: whether tests, examples and the like are ranked lower",
        )
        parser.add_argument(
            "--group",
            default=Group.DEFINITION.value,
            help=f"{_choices(Group)}: what a result is",
        )
        parser.add_argument(
            "--balance",
            default=DEFAULT_BALANCE,
            help=f"{', '.join(PRESETS)}, or three numbers from 0 to 1 for words, meaning and"
            " structure: 1,0.5,0",
        )
        parser.add_argument("--json", action="store_true", help="one line of JSON a query")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._said: set[str] = set()

    def handle(self, *, text: str | None, file: str | None, **options: Any) -> None:
        try:
            with existing_index():
                if file is not None:
                    self._answer_each(file, options)
                else:
                    show = self._as_json if options["json"] else self._as_text
                    show(_search(text or "", options))
        except (BadQuery, UnknownRepository, TookTooLong, OSError) as error:
            raise CommandError(str(error)) from error

    def _answer_each(self, file: str, options: dict[str, Any]) -> None:
        """A line of JSON for each line of the file; one that is not answered gets its reason."""
        for line in _lines(file):
            try:
                self._as_json(_search(line, options))
            except (BadQuery, TookTooLong) as reason:
                self.stdout.write(_json(line, [], error=str(reason)))

    def _as_json(self, answer: Answer) -> None:
        self._notify(answer)
        self.stdout.write(_json(answer.query, ResultSerializer(answer.results, many=True).data))

    def _as_text(self, answer: Answer) -> None:
        self._notify(answer)
        for number, result in enumerate(answer.results, start=1):
            self.stdout.write(_shown(number, result))
        if not answer.results:
            self.stdout.write("Nothing was found.")

    def _notify(self, answer: Answer) -> None:
        """Each notice once, however many queries it is true of."""
        for notice in answer.notices:
            if notice not in self._said:
                self.stderr.write(notice)
                self._said.add(notice)


def _add_filters(parser: ArgumentParser) -> None:
    """The same as in a query. A value that begins with `-` takes an equals sign: --path=-tests."""
    names = {
        Field.REPOSITORY: ("repository, by its name or owner/name", ["--repository"]),
        Field.PATH: ("path, or a pattern of paths", []),
        Field.LANGUAGE: ("language, or a file extension", []),
        Field.KIND: ("kind: function, method, class or module", []),
    }
    for field, (what, aliases) in names.items():
        parser.add_argument(
            f"--{field}",
            *aliases,
            action="append",
            default=[],
            metavar="VALUE",
            help=f"only this {what}; --{field}=-VALUE excludes it; may be repeated",
        )


def _choices(choices: type[StrEnum]) -> str:
    return " or ".join(choices)


def _search(text: str, options: dict[str, Any]) -> Answer:
    single = {name: [options[name]] for name in ("limit", "order", "group", "balance")}
    repeated = {field.value: options[field] for field in PARAMETERS}
    return engine.find(parse_search(ADMINISTRATOR, {"q": [text], **single, **repeated}))


def _json(query: str, results: list[Any], **more: str) -> str:
    return json.dumps({"query": query, "results": results, **more})


def _lines(file: str) -> Iterator[str]:
    """Bytes that are not UTF-8 are kept as they are, for the search to refuse."""
    with (
        sys.stdin
        if file == "-"
        else open(file, encoding="utf-8", errors="surrogateescape") as lines
    ):
        for line in lines:
            yield line.rstrip("\n")


def _shown(number: int, result: Result) -> str:
    place = result.found.place
    head = f"{number}. {place.path}:{place.start_line}  {place.qualified_name}"
    about = f"   {place.kind} in {place.repository}, score {result.score:.3f}"
    lines = result.found.lines[:SHOWN_LINES]
    more = ["…"] if len(result.found.lines) > SHOWN_LINES else []
    return "\n".join([head, about, *(f"   │ {line}".rstrip() for line in [*lines, *more]), ""])
