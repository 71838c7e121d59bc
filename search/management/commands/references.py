"""`manage.py references NAME`: where definitions of a name are used, in the terminal. Sees
everything, as an administrator does."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from search.candidates.branches import UnknownRepository
from search.candidates.scopes import scope_for
from search.candidates.sql import SearchTimeout
from search.query.filters import BadQuery, Field, Filter
from search.references import finding
from search.references.excerpts import Excerpt
from search.references.finding import References
from search.references.requests import DEFAULT_REFERENCES, MAX_REFERENCES, parse_references
from search.references.targets import Target, targets_called
from search.web.rest.references_serializers import ReferencesSerializer


class Command(base.Command):
    help = "List where definitions of a name are used, by name, the likeliest uses first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="such as parse_date or Session.request")
        parser.add_argument(
            "--repo",
            action="append",
            default=[],
            metavar="VALUE",
            help="only definitions in this repository; can be repeated",
        )
        parser.add_argument(
            "--limit",
            default=str(DEFAULT_REFERENCES),
            metavar="N",
            help=f"references of each definition, up to {MAX_REFERENCES} (default:"
            f" {DEFAULT_REFERENCES})",
        )
        parser.add_argument(
            "--json", action="store_true", help="print one line of JSON per definition"
        )

    def handle(self, *, name: str, repo: list[str], limit: str, **options: Any) -> None:
        filters = [Filter(Field.REPOSITORY, value) for value in repo]
        try:
            with existing_index():
                targets = targets_called(name, scope_for(ADMINISTRATOR, filters))
                for target in targets:
                    self._show(target, limit, as_json=options["json"])
        except (BadQuery, UnknownRepository, SearchTimeout) as error:
            raise CommandError(str(error)) from error
        if not targets:
            raise CommandError(f"There is no definition called {name}.")

    def _show(self, target: Target, limit: str, *, as_json: bool) -> None:
        found = finding.find(parse_references(ADMINISTRATOR, target, {"limit": [limit]}))
        if as_json:
            self.stdout.write(json.dumps(ReferencesSerializer(found).data))
        else:
            self.stdout.write(_text(target, found))


def _text(target: Target, found: References) -> str:
    own = target.definition
    count = len(found.used.references)
    head = (
        f"{own.qualified_name}, {own.kind} in {target.file.branch.repository}"
        f" {target.file.path}:{own.start_line}: {count:,} references"
    )
    return "\n".join([head, *found.used.notices, *map(_line, found.excerpts), ""])


def _line(excerpt: Excerpt) -> str:
    reference = excerpt.reference
    place = f"{reference.file.repository_name} {reference.file.path}:{reference.line}"
    return f"  {reference.likelihood.value:16}  {place}  {excerpt.text.strip()}"
