"""`manage.py search "TEXT"`: the search page's results, in the terminal. Sees everything, as an
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
from search.candidates.sql import SearchTimeout
from search.lines import finding
from search.lines.finding import FileLines, LineAnswer
from search.lines.request import Case, Mode, Words, is_regex, parse_lines
from search.query.filters import PARAMETERS, REPOSITORY, BadQuery, Field
from search.request import DEFAULT_BALANCE, DEFAULT_RESULTS, MAX_RESULTS, parse_search
from search.results import Answer, Group, Result
from search.web.line_serializers import LineAnswerSerializer
from search.web.serializers import ResultSerializer

FILTER_HELP = {
    Field.REPOSITORY: "repository, by its name or owner/name",
    Field.PATH: "path, or paths that match a pattern",
    Field.LANGUAGE: "language, by its name or a file extension",
    Field.KIND: "kind: function, method, class, constant, block, section, …",
}


LINE_MODES = {
    Mode.EXACT: "find lines that contain TEXT",
    Mode.REGEX: "find lines that match TEXT, a regular expression of RE2",
}


class Command(base.Command):
    help = "Find definitions by description, question, name or code; or lines by their text."

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
            with existing_index():
                if file is not None:
                    self._answer_each(file, options)
                elif options["mode"] or is_regex(text or ""):
                    self._print_lines(_find_lines(text or "", options), as_json=options["json"])
                else:
                    show = self._print_json if options["json"] else self._print_text
                    show(_search(text or "", options))
        except (BadQuery, UnknownRepository, SearchTimeout, OSError) as error:
            raise CommandError(str(error)) from error

    def _answer_each(self, file: str, options: dict[str, Any]) -> None:
        """Prints a line of JSON for each line of the file, with the reason if it has no answer."""
        for line in _lines(file):
            try:
                self._print_json(_search(line, options))
            except (BadQuery, SearchTimeout) as reason:
                self.stdout.write(_json(line, [], error=str(reason)))

    def _print_json(self, answer: Answer) -> None:
        self._print_notices(answer)
        results = ResultSerializer(answer.results, many=True).data
        self.stdout.write(_json(answer.query, list(results)))

    def _print_text(self, answer: Answer) -> None:
        self._print_notices(answer)
        for number, result in enumerate(answer.results, start=1):
            self.stdout.write(_result_text(number, result))
        if not answer.results:
            self.stdout.write("No results.")

    def _print_lines(self, answer: LineAnswer, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(LineAnswerSerializer(answer).data))
            return
        for file in answer.files:
            self.stdout.write(_file_text(file))
        self.stdout.write(_count_text(answer))

    def _print_notices(self, answer: Answer) -> None:
        """Each notice once, however many queries it applies to."""
        for notice in answer.notices:
            if notice not in self._printed_notices:
                self.stderr.write(notice)
                self._printed_notices.add(notice)


def _alternatives(choices: type[StrEnum]) -> str:
    return " or ".join(choices)


def _search(text: str, options: dict[str, Any]) -> Answer:
    single = {name: [options[name]] for name in ("limit", "order", "group", "balance")}
    return engine.find(parse_search(ADMINISTRATOR, {"q": [text], **single, **_filters(options)}))


def _find_lines(text: str, options: dict[str, Any]) -> LineAnswer:
    single = {
        "mode": options["mode"] or Mode.TEXT,
        "case": Case.MATCH if options["match_case"] else Case.IGNORE,
        "word": Words.WHOLE if options["whole_words"] else Words.ANY,
        "limit": options["limit"],
        "after": options["after"],
    }
    values = {"q": [text], **{name: [str(value)] for name, value in single.items()}}
    return finding.find(parse_lines(ADMINISTRATOR, {**values, **_filters(options)}))


def _filters(options: dict[str, Any]) -> dict[str, list[str]]:
    return {name: options[name] for name in (REPOSITORY, *map(str, PARAMETERS))}


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


def _result_text(number: int, result: Result) -> str:
    place = result.definition.place
    title = f"{number}. {place.path}:{place.start_line}  {place.qualified_name}"
    details = f"   {place.kind} in {place.repository}, score {result.score:.3f}"
    if result.lowered:
        details += f", ranked lower as {result.lowered}"
    also = [
        f"   also {other.path}:{other.start_line}  {other.qualified_name}" for other in result.also
    ]
    return "\n".join([title, details, *_lines_text(result), *also, ""])


def _lines_text(result: Result) -> Iterator[str]:
    """The lines that are shown, with an ellipsis where others are left out."""
    before = result.definition.place.start_line - 1
    for number, text in result.lines:
        if number > before + 1:
            yield f"   {'…':>6} │"
        yield f"   {number:>6} │ {text}".rstrip()
        before = number
    if before < result.definition.place.end_line:
        yield f"   {'…':>6} │"


def _file_text(file: FileLines) -> str:
    title = f"{file.path}  in {file.repository}"
    lines = [f"   {line.number:>6} │ {line.text}".rstrip() for line in file.lines]
    more = [f"   and {file.further:,} more"] if file.further else []
    return "\n".join([title, *lines, *more, ""])


def _count_text(answer: LineAnswer) -> str:
    least = "" if answer.exact else "At least "
    counts = f"{least}{answer.line_count:,} lines in {answer.file_count:,} files."
    return f"{counts} Go on with --after {answer.next.written()}" if answer.next else counts
