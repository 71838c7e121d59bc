"""`manage.py search "TEXT"`: the search page's results, in the terminal. Sees everything, as an
administrator does."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.core.management import CommandError
from django.template.defaultfilters import pluralize

from codeindex.management import base, running_server
from codeindex.management.index import ADMINISTRATOR, existing_index
from search.candidates.branches import UnknownRepository
from search.candidates.path_rules import Order
from search.candidates.sql import SearchTimeout
from search.lines.request import Case, Mode, Words, is_regex
from search.query.filters import REPOSITORY, BadQuery, Field
from search.ranking.balance import PRESETS
from search.request import (
    DEFAULT_BALANCE,
    DEFAULT_RESULTS,
    MAX_RESULTS,
    Parameters,
)
from search.results import Group

FILTER_HELP = {
    Field.REPOSITORY: "repository, by its name or owner/name",
    Field.REVISION: "branch, or branches that match a pattern; by default each repository's first",
    Field.PATH: "path, or paths that match a pattern",
    Field.LANGUAGE: "language, by its name or a file extension",
    Field.KIND: "kind: function, method, class, constant, block, section, …",
    Field.LABEL: "label: implementation, test, example, benchmark, documentation, …",
    Field.AUTHOR: "author of the last change, by a part of the name",
}
"""Those with an option. `--after` goes on with lines, so that dates are written in the query."""


LINE_MODES = {
    Mode.EXACT: "find lines that contain TEXT",
    Mode.REGEX: "find lines that match TEXT, a regular expression of RE2",
}


ADDRESSES = {"permalink", "url"}
"""The members of an answer that a server writes with its name."""

HERE = "search.management.here"
"""Imported only if no server answers, since importing the engine takes as long as an answer."""

Json = Mapping[str, Any]
"""An answer, or a part of one, as the API writes it."""


class Command(base.Command):
    help = "Find definitions by description, question, name or code; or lines by their text."
    requires_system_checks = []  # they load every page, which takes longer than a server's answer

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("text", nargs="?", metavar="TEXT")
        source.add_argument(
            "--queries",
            metavar="FILE",
            dest="file",
            help="one query per line (- is the standard input)",
        )
        for field, what in FILTER_HELP.items():
            parser.add_argument(
                f"--{field}",
                action="append",
                default=[],
                metavar="VALUE",
                help=f"only this {what}; --{field}=-VALUE excludes it; can be repeated",
            )
        parser.add_argument(
            f"--{REPOSITORY}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"an alias of --{Field.REPOSITORY}, which cannot exclude",
        )
        parser.add_argument(
            "--limit",
            default=str(DEFAULT_RESULTS),
            metavar="N",
            help=f"number of results, up to {MAX_RESULTS} (default: {DEFAULT_RESULTS})",
        )
        parser.add_argument(
            "--order",
            default=Order.IMPLEMENTATIONS.value,
            help=f"{_alternatives(Order)}: whether tests, examples and the like rank lower",
        )
        parser.add_argument(
            "--group",
            default=Group.DEFINITION.value,
            help=f"{_alternatives(Group)}: what a result is",
        )
        parser.add_argument(
            "--balance",
            default=DEFAULT_BALANCE,
            help=f"{', '.join(PRESETS)}, or three numbers from 0 to 1 for words, meaning and"
            " structure: 1,0.5,0",
        )
        lines = parser.add_argument_group(
            "lines of any file", "TEXT between slashes is a regular expression, too"
        )
        how = lines.add_mutually_exclusive_group()
        for mode, what in LINE_MODES.items():
            how.add_argument(
                f"--{mode}", action="store_const", dest="mode", const=mode.value, help=what
            )
        lines.add_argument("--match-case", action="store_true", help="tell upper and lower case")
        lines.add_argument("--whole-words", action="store_true", help="match whole words only")
        lines.add_argument(
            "--after", default="", metavar="NEXT", help="go on where an answer said `next`"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON per query")

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._printed_notices: set[str] = set()

    def handle(self, *, text: str | None, file: str | None, **options: Any) -> None:
        try:
            if file is not None:
                with existing_index():
                    self._answer_each(file, options)
            elif options["mode"] or is_regex(text or ""):
                self._print_lines(_find_lines(text or "", options), as_json=options["json"])
            else:
                show = self._print_json if options["json"] else self._print_text
                show(_find(text or "", options))
        except (BadQuery, UnknownRepository, SearchTimeout, OSError) as error:
            raise CommandError(str(error)) from error

    def _answer_each(self, file: str, options: dict[str, Any]) -> None:
        """Prints a line of JSON for each line of the file, with the reason if it has no answer. A
        server would count each against a rate limit, so that none is asked."""
        for line in _lines(file):
            try:
                self._print_json(_find_here(_search_parameters(line, options)))
            except (BadQuery, SearchTimeout) as reason:
                self.stdout.write(_json(line, [], error=str(reason)))

    def _print_json(self, answer: Json) -> None:
        self._print_notices(answer)
        self.stdout.write(_json(answer["query"], answer["results"]))

    def _print_text(self, answer: Json) -> None:
        self._print_notices(answer)
        for number, result in enumerate(answer["results"], start=1):
            self.stdout.write(_result_text(number, result))
        if not answer["results"]:
            self.stdout.write("No results.")

    def _print_lines(self, answer: Json, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(answer))
            return
        for file in answer["files"]:
            self.stdout.write(_file_text(file))
        self.stdout.write(_count_text(answer))

    def _print_notices(self, answer: Json) -> None:
        """Each notice once, however many queries it applies to."""
        for notice in answer["notices"]:
            if notice not in self._printed_notices:
                self.stderr.write(notice)
                self._printed_notices.add(notice)


def _alternatives(choices: type[StrEnum]) -> str:
    return " or ".join(choices)


def _find(text: str, options: dict[str, Any]) -> Json:
    """From the server that runs beside the command, if there is one; else by the engine here."""
    parameters = _search_parameters(text, options)
    answer = running_server.ask("search", parameters)
    if answer is None:
        with existing_index():
            answer = _find_here(parameters)
    return dict(_with_paths(answer))


def _find_here(parameters: Parameters) -> Json:
    return dict(import_module(HERE).results(ADMINISTRATOR, parameters))


def _search_parameters(text: str, options: dict[str, Any]) -> Parameters:
    single = {name: [options[name]] for name in ("limit", "order", "group", "balance")}
    return {"q": [text], **single, **_filters(options)}


def _find_lines(text: str, options: dict[str, Any]) -> Json:
    single = {
        "mode": options["mode"] or Mode.TEXT,
        "case": Case.MATCH if options["match_case"] else Case.IGNORE,
        "word": Words.WHOLE if options["whole_words"] else Words.ANY,
        "limit": options["limit"],
        "after": options["after"],
    }
    values = {"q": [text], **{name: [str(value)] for name, value in single.items()}}
    parameters = {**values, **_filters(options)}
    answer = running_server.ask("lines", parameters)
    if answer is None:
        with existing_index():
            answer = import_module(HERE).lines(ADMINISTRATOR, parameters)
    return dict(_with_paths(answer))


def _with_paths(answer: Any) -> Any:
    """An answer with paths instead of the full addresses that a server writes."""
    if isinstance(answer, list):
        return [_with_paths(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    return {
        name: urlsplit(value)._replace(scheme="", netloc="").geturl()
        if name in ADDRESSES and isinstance(value, str)
        else _with_paths(value)
        for name, value in answer.items()
    }


def _filters(options: dict[str, Any]) -> dict[str, list[str]]:
    return {name: options[name] for name in (REPOSITORY, *map(str, FILTER_HELP))}


def _json(query: str, results: list[Any], **more: str) -> str:
    return json.dumps({"query": query, "results": results, **more})


def _lines(file: str) -> Iterator[str]:
    """Bytes that are not UTF-8 are kept as surrogates, which the search refuses."""
    with (
        sys.stdin
        if file == "-"
        else open(file, encoding="utf-8", errors="surrogateescape") as lines
    ):
        for line in lines:
            yield line.rstrip("\n")


def _result_text(number: int, result: Json) -> str:
    title = f"{number}. {result['path']}:{result['start_line']}  {result['qualified_name']}"
    details = f"   {result['kind']} in {result['repository']}, score {result['score']:.3f}"
    if result["lowered"]:
        details += f", ranked lower as {result['lowered']}"
    also = [
        f"   also {result['path']}:{other['start_line']}  {other['qualified_name']}"
        for other in result["also"]
    ]
    return "\n".join([title, details, *_lines_text(result), *also, ""])


def _lines_text(result: Json) -> Iterator[str]:
    """The lines that are shown, with an ellipsis where others are left out."""
    before = result["start_line"] - 1
    for line in result["lines"]:
        if line["line"] > before + 1:
            yield f"   {'…':>6} │"
        yield f"   {line['line']:>6} │ {line['text']}".rstrip()
        before = line["line"]
    if before < result["end_line"]:
        yield f"   {'…':>6} │"


def _file_text(file: Json) -> str:
    title = f"{file['path']}  in {file['repository']}"
    lines = [f"   {line['line']:>6} │ {line['text']}".rstrip() for line in file["lines"]]
    further = file["count"] - len(file["lines"])
    more = [f"   and {further:,} more"] if further else []
    return "\n".join([title, *lines, *more, ""])


def _count_text(answer: Json) -> str:
    least = "" if answer["exact"] else "At least "
    lines, files = answer["line_count"], answer["file_count"]
    counts = f"{least}{lines:,} line{pluralize(lines)} in {files:,} file{pluralize(files)}."
    return f"{counts} Go on with --after {answer['next']}" if answer["next"] else counts
